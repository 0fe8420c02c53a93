"""Is there room on every file system that a restore writes to? Values in, reasons out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from respool.model.checks import Check, Mark
from respool.model.rooms import FreeRoom
from respool.planning.load import Load
from respool.targets.spool.survey import SpoolSurvey

_MIB: Final = 1 << 20
_LEAST_FREE: Final = 20  # a twentieth of a file system stays free for new mail,
_MOST_FREE_OCTETS: Final = 256 * _MIB  # or this, whichever is smaller;
_MOST_FREE_INODES: Final = 1000  # the same of its inodes
_ENTRY_OCTETS: Final = 32  # one name in a directory, seen on ext4 and xfs
# A record of the index (112), one of the cache (840 in the golden spools, twice that in
# larger mail), and both again, since reconstruct writes them beside the old ones.
_META_OCTETS: Final = 4096
_FILES_OF_A_MAILBOX: Final = 8
_RECORD_OCTETS: Final = 4096  # of mailboxes.db, with what a commit writes beside it
_CONVERSATION_OCTETS: Final = 1024  # 450 on 3.6.1
_INDEXED_SHARE: Final = 2  # Squat took 37 % of plain text on 3.6.1
_STATE_OCTETS: Final = 512  # plan, journal and receipts: 90 for each of 2,000 messages
_STATE_LEAST: Final = _MIB
_STATE_FILES: Final = 16
_SHARING: Final = frozenset({"bcachefs", "btrfs", "xfs", "zfs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Need:
    """``is_of_mail``: new mail of all accounts needs that room as well."""

    room: FreeRoom
    size_bytes: int
    files: int
    is_of_mail: bool = True


def room_reasons(survey: SpoolSurvey, load: Load) -> tuple[str, ...]:
    """Why the file systems do not allow it; what shares one room counts together.

    Where nothing is added nothing has to stay free: a run that has only to prove what it
    restored may end on a disk that is full.
    """
    every = tuple(_needs(survey, load))
    obstacles = [need.room.obstacle for need in every if need.room.obstacle is not None]
    needs = [need for need in every if need.size_bytes or need.files]
    pools = dict.fromkeys(need.room.pool for need in needs)
    return (
        *(f"nothing can be written: {each}" for each in dict.fromkeys(obstacles)),
        *(
            reason
            for pool in pools
            for reason in _lacking([need for need in needs if need.room.pool == pool])
        ),
    )


def room_check(what: str, room: FreeRoom) -> Check:
    """How one place stands before anything is known of what will be added."""
    if room.obstacle is not None:
        return Check(what=what, mark=Mark.BAD, found=room.obstacle, hint="nothing can be written")
    files = "" if room.inodes is None else f" and room for {room.inodes} files"
    found = f"{room.directory}: {room.size_bytes // _MIB} MiB free{files}"
    is_full = room.size_bytes <= _kept_octets(room) or (
        room.inodes is not None and room.inodes <= _kept_inodes(room)
    )
    if is_full:
        hint = "so much stays free for new mail: nothing can be restored there"
        return Check(what=what, mark=Mark.NOTE, found=found, hint=hint)
    return Check(what=what, mark=Mark.OK, found=found)


def _kept_octets(room: FreeRoom) -> int:
    return min(room.total_bytes // _LEAST_FREE, _MOST_FREE_OCTETS)


def _kept_inodes(room: FreeRoom) -> int:
    return min((room.total_inodes or 0) // _LEAST_FREE, _MOST_FREE_INODES)


def _needs(survey: SpoolSurvey, load: Load) -> Iterator[_Need]:
    """What each place takes."""
    yield _of_messages(
        survey.data_room,
        load.messages - load.archived,
        load.size_bytes - load.archived_bytes,
        load,
    )
    meta = survey.meta_room
    yield _Need(
        room=meta,
        size_bytes=load.messages * _META_OCTETS
        + load.mailboxes * _FILES_OF_A_MAILBOX * meta.block_bytes,
        files=load.mailboxes * (_FILES_OF_A_MAILBOX + 1),
    )
    if survey.archive_room is not None and load.archived:
        yield _of_messages(survey.archive_room, load.archived, load.archived_bytes, load)
    if survey.databases_room is not None:
        conversations = load.messages * _CONVERSATION_OCTETS if survey.has_conversations else 0
        size_bytes = load.mailboxes * _RECORD_OCTETS + conversations
        yield _Need(room=survey.databases_room, size_bytes=size_bytes, files=0)
    if survey.search_room is not None:
        size_bytes = load.size_bytes // _INDEXED_SHARE
        yield _Need(room=survey.search_room, size_bytes=size_bytes, files=load.mailboxes)
    if survey.state_room is not None:
        yield _Need(
            room=survey.state_room,
            size_bytes=_STATE_LEAST + load.messages * _STATE_OCTETS,
            files=_STATE_FILES,
            is_of_mail=False,
        )


def _of_messages(room: FreeRoom, messages: int, size_bytes: int, load: Load) -> _Need:
    """Each file takes whole blocks: half a block more than its size at an average, never
    less than one. Each new mailbox takes a directory of its own.
    """
    half_more = size_bytes + messages * room.block_bytes // 2
    files = max(half_more, messages * room.block_bytes)
    return _Need(
        room=room,
        size_bytes=files + messages * _ENTRY_OCTETS + load.mailboxes * room.block_bytes,
        files=messages + load.mailboxes,
    )


def _lacking(needs: Sequence[_Need]) -> Iterator[str]:
    """For needs of one room."""
    room = needs[0].room
    is_of_mail = any(need.is_of_mail for need in needs)
    kept = _kept_octets(room) if is_of_mail else 0
    wanted = sum(need.size_bytes for need in needs)
    where = _named(needs)
    if wanted + kept > room.size_bytes:
        yield (
            f"no space: {where} {room.size_bytes // _MIB} MiB free,"
            f" {-(-wanted // _MIB)} MiB are needed{_staying(-(-kept // _MIB), 'MiB')}"
            f"{_in_full(room)}"
        )
    yield from _lacking_inodes(needs, where, is_of_mail=is_of_mail)


def _lacking_inodes(needs: Sequence[_Need], where: str, *, is_of_mail: bool) -> Iterator[str]:
    room = needs[0].room
    if room.inodes is None:
        return
    kept = _kept_inodes(room) if is_of_mail else 0
    files = sum(need.files for need in needs)
    if files + kept > room.inodes:
        yield (
            f"no space: {where} room for {room.inodes} more files,"
            f" {files} are needed{_staying(kept, 'files')}"
        )


def _named(needs: Sequence[_Need]) -> str:
    places = tuple(dict.fromkeys(need.room.directory for need in needs))
    return f"{', '.join(places)} {'have' if len(places) > 1 else 'has'}"


def _staying(kept: int, what: str) -> str:
    return f" and {kept} {what} stay free for new mail" if kept else ""


def _in_full(room: FreeRoom) -> str:
    """Copies may share their octets with the backup, and be parted from it by any change."""
    if room.kind not in _SHARING:
        return ""
    return f" (asked for in full, though copies on {room.kind} may take less)"
