from __future__ import annotations

import pytest

from respool.bluemind import api_requests
from respool.bluemind.families import Family


def test_ids_are_escaped_in_paths() -> None:
    asked = api_requests.repair_operations("b.loc", "4F/2A@!")

    assert asked.path == "/directory/b.loc/4F%2F2A%40%21/mgmt/_maintenance"


def test_a_repair_is_a_list_until_4_8_and_a_config_since() -> None:
    ids = ["mailboxAcls", "mailboxQuota"]

    before = api_requests.repair(Family.BM4, "b.loc", "4F2A", ids)
    since = api_requests.repair(Family.BM49, "b.loc", "4F2A", ids)

    assert before.body == ids
    assert since.body == {
        "opIdentifiers": ids,
        "dry": False,
        "logToCoreLog": False,
        "verbose": False,
    }


def test_a_repair_without_operations_is_never_asked_for() -> None:
    with pytest.raises(ValueError, match="all repairs"):
        api_requests.repair(Family.BM4, "b.loc", "4F2A", [])


def test_only_what_changes_nothing_may_be_sent_again() -> None:
    assert api_requests.domains().is_reading
    assert not api_requests.session_as("jdoe@b.loc").is_reading
    assert api_requests.directory_search("b.loc", {}).is_reading
