"""What the core says of its work is noted as one line, and what is left is a command by itself."""

from __future__ import annotations

import json
import shlex

from respool.finishing.steps import Repair
from respool.finishing.telling import Telling
from respool.planning.step import ACCOUNT_LANE
from tests.unit.finishing.scripted_core import ScriptedCore, status

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
