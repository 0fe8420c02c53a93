"""Is there room on every file system that a restore writes to? Values in, reasons out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from respool.model.checks import Check, Mark
from respool.model.rooms import FreeRoom
from respool.planning.load import Load
from respool.planning.room_needs import RoomNeed, kept_inodes, kept_octets, why_no_room
from respool.targets.spool.survey import SpoolSurvey

_MIB: Final = 1 << 20
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


def room_reasons(survey: SpoolSurvey, load: Load) -> tuple[str, ...]:
    """Why the file systems do not allow it; what shares one room counts together.

    Where nothing is added nothing has to stay free: a run that has only to prove what it
    restored may end on a disk that is full.
    """
    return why_no_room(needs_of(survey, load))


def room_check(what: str, room: FreeRoom) -> Check:
    """How one place stands before anything is known of what will be added."""
    if room.obstacle is not None:
        return Check(what=what, mark=Mark.BAD, found=room.obstacle, hint="nothing can be written")
    files = "" if room.inodes is None else f" and room for {room.inodes} files"
    found = f"{room.directory}: {room.size_bytes // _MIB} MiB free{files}"
    is_full = room.size_bytes <= kept_octets(room) or (
        room.inodes is not None and room.inodes <= kept_inodes(room)
    )
    if is_full:
        hint = "so much stays free for new mail: nothing can be restored there"
        return Check(what=what, mark=Mark.NOTE, found=found, hint=hint)
    return Check(what=what, mark=Mark.OK, found=found)


def needs_of(survey: SpoolSurvey, load: Load) -> tuple[RoomNeed, ...]:
    """What each place takes."""
    return tuple(_needs(survey, load))


def _needs(survey: SpoolSurvey, load: Load) -> Iterator[RoomNeed]:
    yield _of_messages(
        survey.data_room,
        load.messages - load.archived,
        load.size_bytes - load.archived_bytes,
        load,
    )
    meta = survey.meta_room
    yield RoomNeed(
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
        yield RoomNeed(room=survey.databases_room, size_bytes=size_bytes, files=0)
    if survey.search_room is not None:
        size_bytes = load.size_bytes // _INDEXED_SHARE
        yield RoomNeed(room=survey.search_room, size_bytes=size_bytes, files=load.mailboxes)
    if survey.state_room is not None:
        yield RoomNeed(
            room=survey.state_room,
            size_bytes=_STATE_LEAST + load.messages * _STATE_OCTETS,
            files=_STATE_FILES,
            is_of_mail=False,
        )


def _of_messages(room: FreeRoom, messages: int, size_bytes: int, load: Load) -> RoomNeed:
    """Each file takes whole blocks: half a block more than its size at an average, never
    less than one. Each new mailbox takes a directory of its own.
    """
    half_more = size_bytes + messages * room.block_bytes // 2
    files = max(half_more, messages * room.block_bytes)
    return RoomNeed(
        room=room,
        size_bytes=files + messages * _ENTRY_OCTETS + load.mailboxes * room.block_bytes,
        files=messages + load.mailboxes,
    )
