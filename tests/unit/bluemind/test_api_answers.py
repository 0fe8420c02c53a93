from __future__ import annotations

import json
from typing import Any

import pytest

from respool.bluemind import api_answers
from respool.bluemind.api_answers import RepairEntry, TaskState
from respool.errors import FormatError
from respool.model.accounts import AccountKind


def item(**value: object) -> dict[str, Any]:
    return {"uid": "4F2A", "value": {"name": "jdoe", "type": "user", **value}}


def test_a_mailbox_has_its_main_address_first_and_those_of_all_aliases_without_a_domain() -> None:
    mailbox = api_answers.mailbox_of(
        item(
            emails=[
                {"address": "j.doe@b.loc", "allAliases": True, "isDefault": False},
                {"address": "john@b.loc", "allAliases": False, "isDefault": True},
            ],
            quota=5120,
            dataLocation="bm-master",
        )
    )

    assert mailbox is not None
    assert mailbox.kind is AccountKind.USER
    assert mailbox.emails == ("john@b.loc", "j.doe")
    assert (mailbox.quota_kib, mailbox.data_location) == (5120, "bm-master")


@pytest.mark.parametrize("answer", [{"quota": 9}, {"used": None}, {"used": "7"}, [], None])
def test_what_is_used_is_never_taken_for_nothing(answer: object) -> None:
    """It would fit below any limit, and a limit below what is used lets no mail in."""
    with pytest.raises(FormatError):
        api_answers.quota_of(answer)
    assert api_answers.quota_of({"used": 0, "quota": 0}) == (0, None)


@pytest.mark.parametrize("quota", [None, 0])
def test_no_quota_is_null_or_0(quota: int | None) -> None:
    mailbox = api_answers.mailbox_of(item(quota=quota))

    assert mailbox is not None
    assert mailbox.quota_kib is None


def test_who_was_not_found_is_nobody() -> None:
    assert api_answers.mailbox_of(None) is None
    assert api_answers.domain_of(None) is None


def test_a_domain_is_called_by_its_default_alias_first_and_that_of_bluemind_is_left_out() -> None:
    listed = [
        {"uid": "global.virt", "value": {"name": "global.virt", "aliases": []}},
        {
            "uid": "17a2.internal",
            "value": {"name": "17a2.internal", "defaultAlias": "b.loc", "aliases": ["b.loc"]},
        },
    ]

    (domain,) = api_answers.domains_of(listed)

    assert domain.uid == "17a2.internal"
    assert domain.names == ("b.loc", "17a2.internal")


def test_the_entries_of_a_repair_are_in_a_string() -> None:
    result = json.dumps({"entries": [{"id": "mailboxAcls", "state": "KO", "message": "no"}]})

    entries = api_answers.repair_entries(result)

    assert entries == (RepairEntry(operation="mailboxAcls", state="KO", message="no"),)


@pytest.mark.parametrize("result", [None, "", "done", "[]", "{}", '{"entries": 3}'])
def test_a_result_may_say_nothing_of_repairs(result: str | None) -> None:
    assert api_answers.repair_entries(result) is None


def test_a_task_has_ended_well_or_in_error() -> None:
    running = api_answers.task_of({"state": "InProgress", "steps": 10, "progress": 3})
    ended = api_answers.task_of({"state": "InError", "steps": 10, "progress": 10, "result": "x"})

    assert not running.has_ended
    assert ended.has_ended
    assert ended.state is TaskState.IN_ERROR


@pytest.mark.parametrize("answer", [[], {}, "text", {"uid": 3}, {"uid": "x", "value": []}, 7])
def test_what_is_no_answer_is_said_without_its_values(answer: object) -> None:
    with pytest.raises(FormatError) as caught:
        api_answers.mailbox_of(answer)

    assert "7" not in str(caught.value.why).partition("found")[2]


def test_a_key_in_a_strange_answer_is_not_told() -> None:
    with pytest.raises(FormatError) as caught:
        api_answers.task_id_of({"authKey": "s3cret"})

    assert "s3cret" not in f"{caught.value} {caught.value.why}"
