"""What the core says of its work is noted as one line, and what is left is a command by itself."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from respool.errors import BluemindFault, RespoolError, StepFailed
from respool.finishing.steps import ConsolidateIndex, Repair
from respool.finishing.telling import Telling
from respool.planning.step import ACCOUNT_LANE
from tests.unit.finishing.scripted_core import ScriptedCore, fault, status

AT = "/directory/b.loc/U1/mgmt/_maintenance"
WORDS = "evil \x1b[31m\r\nLEFT  do (this)"
STEP = Repair(
    lane=ACCOUNT_LANE, domain="b.loc", entry="U1", operation="mailboxQuota", address="jdoe@b.loc"
)


def test_a_repair_that_fails_leaves_a_line_of_the_core_s_words_and_then_the_bare_command() -> None:
    entries = [{"id": "mailboxQuota", "state": "KO", "message": WORDS}]
    ended = status("Success", 1.0, json.dumps({"entries": entries}))
    core = ScriptedCore(
        answers={
            f"GET {AT}": [[{"identifier": "mailboxQuota"}]],
            f"POST {AT}/repair": [{"id": "7"}],
            "GET /tasks/7": [ended],
        }
    )

    note = Telling(asking=core.asking).tell(STEP)

    said, command = note["left_to_do"]
    assert "evil" in said
    assert said.isprintable()
    assert all(each.isprintable() for each in note["failed"])
    assert shlex.split(command) == command.split()


def refusing(code: str, **box: Any) -> ScriptedCore:  # noqa: ANN401 - JSON
    """A core that repairs nothing; ``box`` is what it has of the mailbox."""
    return ScriptedCore(
        answers={
            f"GET {AT}": [[{"identifier": "mailboxQuota"}]],
            f"POST {AT}/repair": [fault(code, "no repair of U1@b.loc")],
            "GET /mailboxes/b.loc/U1/complete": [
                {"uid": "U1", "value": {"name": "jdoe", "type": "user", **box}}
            ],
        }
    )


@pytest.mark.parametrize("code", ["INVALID_PARAMETER", "UNKNOWN"])
def test_a_repair_of_what_is_suspended_is_left_whatever_the_core_calls_its_refusal(
    code: str,
) -> None:
    telling = Telling(asking=refusing(code, archived=True).asking)

    note, why = telling.tell(STEP), telling.tell_again(STEP)

    unsuspend, command = note["left_to_do"]
    assert "Unsuspend; then:" in unsuspend
    assert command == "bm-cli maintenance repair --ops mailboxQuota jdoe@b.loc"
    assert why is not None
    assert why.endswith("jdoe@b.loc is suspended; once it is not, undo this again")


@pytest.mark.parametrize(
    ("code", "error"), [("INVALID_PARAMETER", BluemindFault), ("UNKNOWN", StepFailed)]
)
def test_of_what_is_not_suspended_a_refusal_stops_the_run(
    code: str, error: type[RespoolError]
) -> None:
    telling = Telling(asking=refusing(code).asking)

    with pytest.raises(error):
        telling.tell(STEP)
    with pytest.raises(error):
        telling.tell_again(STEP)


@pytest.mark.parametrize("is_there", [True, False])
def test_what_fails_when_bluemind_is_told_that_folders_are_gone_is_left_while_the_entry_is_there(
    *, is_there: bool
) -> None:
    """A task for an entry that is gone fails as well: nothing is left of that."""
    core = ScriptedCore(
        answers={
            f"GET {AT}": [[{"identifier": "mailboxQuota"}]],
            f"POST {AT}/repair": [{"id": "7"}],
            "GET /tasks/7": [status("InError", 1.0, json.dumps({"entries": []}))],
            "POST /mgmt/mailbox/b.loc/U1/_consolidate": [{"id": "8"}],
            "GET /tasks/8": [status("InError")],
            "GET /tasks/8/_currentLogs": [[]],
            "GET /mailboxes/b.loc/U1/complete": [{"uid": "U1", "value": {}} if is_there else None],
        }
    )
    index = ConsolidateIndex(lane=ACCOUNT_LANE, domain="b.loc", entry="U1", address="jdoe@b.loc")
    telling = Telling(asking=core.asking)

    ends = ("--ops mailboxQuota jdoe@b.loc", "consolidateIndex jdoe@b.loc")
    said = [str(telling.tell_again(STEP)), str(telling.tell_again(index))]
    assert [each.endswith(end) for each, end in zip(said, ends, strict=True)] == [is_there] * 2
    assert is_there or said == ["None", "None"]


@pytest.mark.parametrize("was_offered", [True, False])
def test_a_repair_that_is_not_offered_any_more_is_left_to_look_at(*, was_offered: bool) -> None:
    core = ScriptedCore(answers={f"GET {AT}": [[]]})

    note = Telling(asking=core.asking, was_offered=was_offered).tell(STEP)

    assert note["skipped"] == "this BlueMind has no such repair"
    assert len(note["left_to_do"]) == was_offered
