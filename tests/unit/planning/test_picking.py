from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from respool.model.conditions import Conditions
from respool.model.findings import Finding, Severity
from respool.model.inventory import EXPUNGED, StoredMailbox
from respool.model.names import parse_internal_name
from respool.model.state import UidSet
from respool.planning.picking import only, record_mask
from tests.unit.targets.spool.plans import rows_of, stored

GUIDS = tuple(f"{each:040x}" for each in (1, 2, 3))
THEN = datetime(2024, 11, 19, 12, tzinfo=UTC)


def mailbox(name: str = "b.loc!user.jdoe.Sent") -> StoredMailbox:
    made = rows_of(3)
    made["guid"] = [np.void(bytes.fromhex(each)) for each in GUIDS]
    made["guid"][2] = np.void(bytes(20))
    made["internaldate"] = [int(THEN.timestamp()) + each for each in (-1, 0, 1)]
    made["size"] = [10, 20, 30]
    made["system_flags"] = [1 << 4, EXPUNGED, 0]
    made["last_updated"] = int(THEN.timestamp())
    made["user_flags"][1, 1] = 1 << 2
    keywords = (*[None] * 34, "$Forwarded")
    return stored(made, name=parse_internal_name(name), keywords=keywords)


@pytest.mark.parametrize(
    ("asked", "uids"),
    [
        ({}, [1, 2, 3]),
        ({"uids": UidSet.parse("2:9")}, [2, 3]),
        ({"guids": GUIDS[:1]}, [1, 3]),
        ({"since": THEN}, [2, 3]),
        ({"before": THEN}, [1]),
        ({"larger": 20}, [3]),
        ({"flags": ("\\seen",)}, [1]),
        ({"flags": ("$FORWARDED",)}, [2]),
        ({"flags": ("$Unknown",)}, []),
        ({"deleted_since": THEN}, [2]),
        ({"deleted_since": THEN.replace(hour=13)}, []),
        ({"folders": ("Sent",)}, [1, 2, 3]),
        ({"folders": ("INBOX", "Se*n")}, []),
        ({"since": THEN, "larger": 20}, [3]),
        ({"sender": "is not the index's to say"}, [1, 2, 3]),
    ],
    ids=str,
)
def test_the_index_speaks_for_itself(asked: Mapping[str, Any], uids: list[int]) -> None:
    """
    A record without a GUID may be that of any message, until its file was asked.
    """
    box = mailbox()
    assert box.records["uid"][record_mask(Conditions(**asked), box)].tolist() == uids


def test_what_was_still_there_is_deleted_with_its_folder() -> None:
    """
    The folder went at 12:09:36; message 2 had been expunged at noon.
    """
    box = mailbox("b.loc!DELETED.user.jdoe.Old.673C8000")
    since = {hour: Conditions(deleted_since=THEN.replace(minute=hour)) for hour in (0, 5, 10)}
    masks = {hour: record_mask(asked, box).tolist() for hour, asked in since.items()}
    assert masks == {0: [True] * 3, 5: [True, False, True], 10: [False] * 3}


def finding(uid: int | None, code: str, severity: Severity) -> Finding:
    return Finding(severity=severity, code=code, subject="x", text="y", uid=uid)


def test_of_a_mailbox_only_what_was_picked_is_left_with_what_is_said_of_it() -> None:
    said = (
        finding(1, "message-file-missing", Severity.LOSS),
        finding(2, "message-file-missing", Severity.LOSS),
        finding(None, "message-file-missing", Severity.LOSS),
        finding(None, "message-files-not-compared", Severity.NOTE),
    )
    box = replace(mailbox(), findings=said)
    found = only(box, UidSet.of([2]), is_exact=True)
    assert found.records["uid"].tolist() == [2]
    assert found.findings == (said[1], said[3])
    assert only(box, UidSet.of([2]), is_exact=False).findings == said[1:]
