"""State directories as earlier versions left them: kept as text, with places to fill in.

``@BACKUP@`` is where the backup lies, ``@SERVER@`` the server's name; ``@LOGIN1@`` and
``@ACCOUNT1@`` are the account of run 1 and the uniqueid of its INBOX; ``@ID0@`` and
``@UIDVALIDITY0@`` are what the server said of the mailbox that step 0 of run 2 created.
Lines become longer or shorter by that, so their places in the file and the digest of the
plan are worked out anew.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from respool.app.settings import Settings
from respool.app.state import prepare_state

PLAN_3: Final = Path(__file__).resolve().parents[1] / "golden" / "journals" / "plan-3"
RUNS: Final = (1, 2)  # killed before its first mailbox was noted; done and proven
PLACE: Final = "line_offset = ?, line_length = ? WHERE run = ? AND number = ?"
PLACES: Final = re.compile(r"@[A-Z]+[0-9]*@")


def keep_sample(settings: Settings, values: Mapping[str, str], sample: Path = PLAN_3) -> None:
    """Make the state directory of ``settings`` as the sample's version left it.

    ``values`` are by the names of places; places of which it has none are filled with
    their own name.
    """
    state = prepare_state(settings)
    digests = {number: _keep_plan(state, number, values, sample) for number in RUNS}
    script = filled((sample / "journal.sql").read_text("utf-8"), values)
    with closing(sqlite3.connect(state / "journal.db")) as database:
        database.executescript(script)
        for number, digest in digests.items():
            database.execute("UPDATE run SET plan_digest = ? WHERE id = ?", (digest, number))
            lines = (state / "runs" / str(number) / "plan.jsonl").read_bytes().splitlines(True)
            at = len(lines[0])
            for step, line in enumerate(lines[1:-1]):
                place = (at, len(line), number, step)
                database.execute(f"UPDATE step SET {PLACE}", place)
                at += len(line)
        database.commit()


def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` with its places filled in."""
    return PLACES.sub(lambda place: values.get(place[0].strip("@"), place[0].strip("@")), text)


def _keep_plan(state: Path, number: int, values: Mapping[str, str], sample: Path) -> str:
    text = filled((sample / f"plan-{number}.jsonl").read_text("ascii"), values)
    *lines, tail = text.splitlines()
    digest = hashlib.sha256("".join(lines).encode("ascii")).hexdigest()
    ended = json.dumps({**json.loads(tail), "digest": digest}, separators=(",", ":"))
    directory = state / "runs" / str(number)
    directory.mkdir(mode=0o700)
    (directory / "plan.jsonl").write_text("\n".join((*lines, ended, "")), "ascii")
    return digest
