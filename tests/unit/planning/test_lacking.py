"""What a live account lacks of a backup, and what it has already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from respool.model.findings import Finding, Severity
from respool.model.inventory import StoredMailbox
from respool.model.state import UidSet
from respool.planning.chosen import ChosenMailbox
from respool.planning.lacking import (
    Compared,
    copies_but,
    held_against_live,
    live_names,
    there_by_now,
)
from respool.planning.request import RestoreRequest
from tests.unit.planning.plans import REQUEST
from tests.unit.targets.spool.plans import chosen, rows_of, stored

IN_PLACE = replace(REQUEST, is_in_place=True)
ONLY_MISSING = replace(IN_PLACE, is_only_missing=True)


def live(path: str, *guids: int, **more: Any) -> StoredMailbox:  # noqa: ANN401 - of a mailbox
    """A live folder with a message of each GUID."""
    rows = rows_of(len(guids), guid=[np.void(bytes([each]) * 20) for each in guids])
    return stored(rows, name=chosen(path).mailbox.name, **more)


def backup(path: str, *guids: int, **more: Any) -> ChosenMailbox:  # noqa: ANN401 - of a mailbox
    rows = rows_of(len(guids), guid=[np.void(bytes([each]) * 20) for each in guids])
    return chosen(path, rows, **more)


def compared(
    request: RestoreRequest, folders: list[ChosenMailbox], present: list[StoredMailbox]
) -> Compared:
    return held_against_live(request, folders, [each.mailbox.name for each in folders], present)


def there(
    request: RestoreRequest, folders: list[ChosenMailbox], present: list[StoredMailbox]
) -> list[list[bool]]:
    return [each.is_there().tolist() for each in compared(request, folders, present).chosen]


def test_in_place_a_folder_is_given_what_it_does_not_have_itself() -> None:
    folders = [backup("a", 1, 2), backup("b", 3)]
    present = [live("a", 1), live("x", 2, 3)]

    assert there(IN_PLACE, folders, present) == [[True, False], [False]]


def test_only_what_no_folder_has_is_missing() -> None:
    folders = [backup("a", 1, 2, 4), backup("b", 3)]
    present = [live("a", 1), live("x", 2, 3)]

    assert there(ONLY_MISSING, folders, present) == [[True, True, False], [True]]


def test_what_was_there_twice_and_is_there_once_is_missing_once() -> None:
    (mask,) = there(ONLY_MISSING, [backup("a", 1, 1)], [live("x", 1)])

    assert sorted(mask) == [False, True]


def test_a_message_without_a_guid_speaks_against_it() -> None:
    found = compared(ONLY_MISSING, [backup("a", 0, 1)], [])

    assert len(found.reasons) == 1
    assert found.reasons[0].startswith("a: of 1 messages the backup has no GUID")


def test_an_archived_message_is_there_where_its_stub_still_is() -> None:
    """
    Of the same folder, by its UID: the octets of the stub are others.
    """
    folder = replace(backup("a", 1, 2), joined=frozenset({1}))

    assert there(ONLY_MISSING, [folder], [live("a", 8, 9)]) == [[True, False]]
    assert there(ONLY_MISSING, [folder], [live("a", 8, 9, uniqueid="other")]) == [[False, False]]


@pytest.mark.parametrize(
    ("present", "renames", "expected"),
    [
        ([live("New", uniqueid="id")], {}, {"Old": "New"}),
        ([live("New", uniqueid="id"), live("Old", uniqueid="other")], {}, {}),
        ([live("New", uniqueid="other")], {}, {}),
        ([live("New", uniqueid="id")], {"Old": "Mine"}, {"Old": "Mine"}),
        ([live("INBOX", uniqueid="id")], {}, {}),
    ],
    ids=["renamed", "made anew", "gone", "said otherwise", "never INBOX"],
)
def test_a_folder_is_called_what_it_is_called_now(
    present: list[StoredMailbox], renames: dict[str, str], expected: dict[str, str]
) -> None:
    asked = replace(ONLY_MISSING, renames=renames)

    request, findings = live_names(asked, [backup("Old", 1, uniqueid="id")], present)

    assert dict(request.renames) == expected
    assert [each.code for each in findings] == ["folder-renamed"] * (expected == {"Old": "New"})


def test_only_missing_is_refused_where_anything_live_cannot_be_read() -> None:
    gone = Finding(severity=Severity.LOSS, code="live-folder-unread", subject="x", text="no disk")

    def reasons(request: RestoreRequest) -> tuple[str, ...]:
        folder = backup("a", 1)
        names = [folder.mailbox.name]
        return held_against_live(request, [folder], names, [live("a", 1)], [gone]).reasons

    assert "x of the live account cannot be read" in reasons(ONLY_MISSING)[0]
    assert "no disk" in reasons(ONLY_MISSING)[0]
    assert reasons(IN_PLACE) == ()


def test_where_the_list_of_mailboxes_is_damaged_no_folder_is_held_as_empty() -> None:
    """What it does not name may be there all the same, and would be there twice."""
    lost = Finding(
        severity=Severity.LOSS,
        code="live-list-damaged",
        subject="mailboxes.db",
        text="cut",
    )
    folder = backup("a", 1)

    def reasons(*present: StoredMailbox) -> tuple[str, ...]:
        names = [folder.mailbox.name]
        return held_against_live(IN_PLACE, [folder], names, present, [lost]).reasons

    assert reasons(live("a", 1)) == ()
    assert "mailboxes.db of the live account cannot be read" in reasons(live("b", 1))[0]


def test_what_a_plan_adds_and_live_has_by_now_is_told_by_its_uids_not_by_counts() -> None:
    folder = replace(backup("a", 1, 2), there=np.array([False, True]))
    there = {"a": folder, "b": folder}

    assert list(there_by_now(there, {"a": UidSet.of([1])})) == []
    assert list(there_by_now(there, {"a": UidSet.of([2]), "c": UidSet.of([2])})) == [
        "a: 1 of the messages are there by now"
    ]


def test_a_live_copy_answers_the_copy_that_was_nearest_also_where_that_is_not_restored() -> None:
    """
    As find tells it: INBOX lacks what the live account has in the other folder alone.
    """
    chosen, other = backup("a", 1), backup("b", 1)
    names = [chosen.mailbox.name]

    def found(*beside: ChosenMailbox) -> list[bool]:
        compared = held_against_live(
            *(ONLY_MISSING, [chosen], names, [live("b", 1)]),
            beside=lambda: [copies_but(each.mailbox, None) for each in beside],
        )
        return list(compared.chosen[0].is_there())

    assert found() == [True]
    assert found(other) == [False]


def test_what_is_restored_of_a_folder_is_not_beside_it() -> None:
    box = backup("a", 1, 2).mailbox
    part = replace(box, records=box.records[:1])

    assert copies_but(box, part).asked.tolist() == [False, True]
    assert copies_but(box, None).asked.tolist() == [True, True]
