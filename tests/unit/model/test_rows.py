"""Counts and order of many messages at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from respool.model.inventory import (
    EXPUNGED,
    FILE,
    IN_DATA,
    RECORD,
    MailboxPlace,
    Rows,
    StoredMailbox,
)
from respool.model.messages import PartitionName
from respool.model.names import MailboxName
from respool.model.rows import (
    Counts,
    counts_of,
    has_uid,
    in_uid_order,
    parts_in_uid_order,
    without_repeats,
)
from respool.model.state import Annotation, MailboxState, UidSet

SEEN = 1 << 4


def records(*rows: tuple[int, int]) -> Rows:
    made: Rows = np.zeros(len(rows), dtype=RECORD)
    made["uid"] = [uid for uid, _ in rows]
    made["system_flags"] = [flags for _, flags in rows]
    made["size"] = 10
    made["place"] = IN_DATA
    return made


def files(*uids: int) -> Rows:
    made: Rows = np.zeros(len(uids), dtype=FILE)
    made["uid"], made["size"], made["place"] = uids, 7, IN_DATA
    return made


def mailbox(rows: Rows, orphans: Rows) -> StoredMailbox:
    return StoredMailbox(
        name=MailboxName(domain=None, parts=("user", "a")),
        place=MailboxPlace(partition=PartitionName("default")),
        has_index=True,
        index_version=17,
        uniqueid=None,
        uidvalidity=None,
        last_uid=9,
        highestmodseq=None,
        shared_seen=False,
        quota_root=None,
        acl={},
        keywords=(),
        records=rows,
        orphans=orphans,
    )


STATE = MailboxState(
    seen_by={"b": UidSet.parse("1:3,9"), "a": UidSet.parse("4")},
    on_messages=tuple(
        Annotation(entry="/comment", userid=userid, value=b"x", uid=uid)
        for userid, uid in (("", 1), ("b", 1), ("", 2), ("", 4))
    ),
)
WHOLE = mailbox(records((1, SEEN), (3, 0), (4, SEEN | EXPUNGED), (9, 0)), files(5))


def test_readers_have_seen_what_is_still_there() -> None:
    assert counts_of(WHOLE, STATE) == Counts(
        messages=3, unseen=2, expunged=1, size_bytes=30, seen_by={"a": 0, "b": 3}, annotated=1
    )


def test_without_an_index_files_are_counted() -> None:
    broken = replace(WHOLE, has_index=False, records=records(), orphans=files(1, 2))

    assert counts_of(broken, STATE) == Counts(
        messages=2,
        unseen=None,
        expunged=None,
        size_bytes=14,
        seen_by={"a": 0, "b": 2},
        annotated=2,
    )


@pytest.mark.parametrize("orphans", [(), (2,), (2, 12)])
def test_messages_come_in_the_order_of_their_uids(orphans: tuple[int, ...]) -> None:
    found = list(in_uid_order(WHOLE.records, files(*orphans), STATE))

    uids = [int(row["uid"]) for _, row, _ in found]
    assert uids == sorted([1, 3, 4, 9, *orphans])
    assert [int(row["uid"]) for is_orphan, row, _ in found if is_orphan] == list(orphans)
    assert dict(zip(uids, (readers for *_, readers in found), strict=True))[4] == ("a",)
    assert dict(zip(uids, (readers for *_, readers in found), strict=True))[9] == ("b",)


@pytest.mark.parametrize(
    ("count", "orphans"),
    [
        (0, ()),
        (0, (1, 2)),
        (3, ()),
        (3, (1, 4, 9, 9)),
        (16_390, (32_769, 32_770, 32_771)),
        (32_768, (65_535, 65_536, 65_537)),
    ],
)
def test_parts_follow_each_other_in_the_order_of_uids(
    count: int, orphans: tuple[int, ...]
) -> None:
    """The UIDs of records are even: the second part begins with 32,770."""
    rows: Rows = np.zeros(count, dtype=RECORD)
    rows["uid"] = np.arange(1, count + 1) * 2
    chosen = rows["uid"] != 4

    found = [
        (is_orphan, int(row["uid"]))
        for part in parts_in_uid_order(rows, chosen, files(*orphans))
        for is_orphan, row, _ in in_uid_order(*part, STATE)
    ]

    records_alone = [(uid, False) for uid in rows["uid"][chosen].tolist()]
    wanted = sorted([*records_alone, *((uid, True) for uid in orphans)])
    assert found == [(is_orphan, uid) for uid, is_orphan in wanted]


@pytest.mark.parametrize("uid", [0, 1, 2, 5, (1 << 32) - 1])
def test_a_uid_is_looked_for_among_others_that_ascend(uid: int) -> None:
    for others in ((), (1, 5), (5, (1 << 32) - 1)):
        assert has_uid(np.array(others, dtype=np.uint32), uid) == (uid in others)


@pytest.mark.parametrize("uids", [(), (7,), (7, 7, 7), (0, 1, 1, 5, (1 << 32) - 1, (1 << 32) - 1)])
def test_uids_that_ascend_come_once_each(uids: tuple[int, ...]) -> None:
    once = without_repeats(np.array(uids, dtype=np.uint32))

    assert once.dtype == np.uint32
    assert once.tolist() == sorted(set(uids))
