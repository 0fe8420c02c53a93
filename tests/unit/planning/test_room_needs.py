"""Room for several plans together."""

from __future__ import annotations

from dataclasses import replace

from respool.planning.room_needs import RoomNeed, why_no_room
from tests.unit.targets.spool.plans import ROOM

MIB = 1 << 20


def need(size_mib: int, *, free: int = 100, pool: str = "1") -> RoomNeed:
    room = replace(
        ROOM, pool=pool, directory=f"/{pool}", size_bytes=free * MIB, total_bytes=0, inodes=None
    )
    return RoomNeed(room=room, size_bytes=size_mib * MIB, files=1)


def test_what_fits_one_by_one_may_not_fit_together() -> None:
    assert why_no_room([need(60)]) == ()
    assert why_no_room([need(60), need(60, pool="2")]) == ()
    assert why_no_room([need(60), need(60)]) == (
        "no space: /1 has 100 MiB free, 120 MiB are needed",
    )


def test_what_was_least_free_counts() -> None:
    assert why_no_room([need(40), need(40, free=70)]) == (
        "no space: /1 has 70 MiB free, 80 MiB are needed",
    )
