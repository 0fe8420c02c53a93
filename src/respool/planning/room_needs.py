"""What plans take of file systems, and whether it is there. Values in, reasons out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from respool.model.dataclasses import dataclass
from respool.model.rooms import FreeRoom

_MIB: Final = 1 << 20
_LEAST_FREE: Final = 20  # a twentieth of a file system stays free for new mail,
_MOST_FREE_OCTETS: Final = 256 * _MIB  # or this, whichever is smaller;
_MOST_FREE_INODES: Final = 1000  # the same of its inodes
_SHARING: Final = frozenset({"bcachefs", "btrfs", "xfs", "zfs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomNeed:
    """What is taken of one room; ``is_of_mail``: new mail of all accounts needs it as well.

    ``remark`` is said beside the octets where they are too many.
    """

    room: FreeRoom
    size_bytes: int
    files: int
    is_of_mail: bool = True
    remark: str = ""


def why_no_room(needs: Iterable[RoomNeed]) -> tuple[str, ...]:
    """Why the file systems do not allow it; what shares one room counts together.

    Where nothing is added nothing has to stay free: a run that has only to prove what it
    restored may end on a disk that is full.
    """
    every = tuple(needs)
    obstacles = [need.room.obstacle for need in every if need.room.obstacle is not None]
    taking = [need for need in every if need.size_bytes or need.files]
    pools: dict[str, list[RoomNeed]] = {}
    for need in taking:
        pools.setdefault(need.room.pool, []).append(need)
    return (
        *(f"nothing can be written: {each}" for each in dict.fromkeys(obstacles)),
        *(reason for pool in pools.values() for reason in _lacking(pool)),
    )


def kept_octets(room: FreeRoom) -> int:
    """How much of a room stays free for new mail."""
    return min(room.total_bytes // _LEAST_FREE, _MOST_FREE_OCTETS)


def kept_inodes(room: FreeRoom) -> int:
    """The same, in files."""
    return min((room.total_inodes or 0) // _LEAST_FREE, _MOST_FREE_INODES)


def _lacking(needs: Sequence[RoomNeed]) -> Iterator[str]:
    """For needs of one room, by what had the least of it whenever it was looked at."""
    room = min((need.room for need in needs), key=lambda each: each.size_bytes)
    is_of_mail = any(need.is_of_mail for need in needs)
    kept = kept_octets(room) if is_of_mail else 0
    wanted = sum(need.size_bytes for need in needs)
    where = _named(needs)
    if wanted + kept > room.size_bytes:
        remarks = (need.remark for need in needs if need.remark)
        yield (
            f"no space: {where} {room.size_bytes // _MIB} MiB free,"
            f" {-(-wanted // _MIB)} MiB are needed{_staying(-(-kept // _MIB), 'MiB')}"
            f"{next(remarks, _in_full(room))}"
        )
    yield from _lacking_inodes(needs, where, is_of_mail=is_of_mail)


def _lacking_inodes(needs: Sequence[RoomNeed], where: str, *, is_of_mail: bool) -> Iterator[str]:
    rooms = [need.room for need in needs if need.room.inodes is not None]
    if not rooms:
        return
    room = min(rooms, key=lambda each: each.inodes or 0)
    kept = kept_inodes(room) if is_of_mail else 0
    files = sum(need.files for need in needs)
    if files + kept > (room.inodes or 0):
        yield (
            f"no space: {where} room for {room.inodes} more files,"
            f" {files} are needed{_staying(kept, 'files')}"
        )


def _named(needs: Sequence[RoomNeed]) -> str:
    places = tuple(dict.fromkeys(need.room.directory for need in needs))
    return f"{', '.join(places)} {'have' if len(places) > 1 else 'has'}"


def _staying(kept: int, what: str) -> str:
    return f" and {kept} {what} stay free for new mail" if kept else ""


def _in_full(room: FreeRoom) -> str:
    """Copies may share their octets with the backup, and be parted from it by any change."""
    if room.kind not in _SHARING:
        return ""
    return f" (asked for in full, though copies on {room.kind} may take less)"
