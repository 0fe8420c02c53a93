"""Putting messages into a live mailbox that has never held one, as the server itself would.

Deliveries go on meanwhile. So the message files wait under names of ours, and the index is
laid out beside. Then, with the live index locked as every process of the server locks it,
it is looked whether it is still empty and nothing else lies there; the files get their
names, and the records are written into it, in the server's own version, as an append is.

Source: imap/mailbox.c, ``mailbox_lock_index`` and ``mailbox_commit`` (fcntl on
``cyrus.index``); imap/append.c.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np

from respool.cyrus.header import header_crc
from respool.cyrus.index import Index, index_pieces
from respool.errors import StepFailed
from respool.model.dataclasses import dataclass
from respool.model.findings import Severity
from respool.model.rows import is_among
from respool.runs.actor import Note, RunRecord
from respool.system.cyrus_server import CyrusServer, MailboxDirectories
from respool.system.durable import TEMPORARY_PREFIX, flush_directory, write_durably
from respool.system.locks import record_locked
from respool.targets.spool.index_records import FreshIndex, IndexDraft
from respool.targets.spool.index_writing import MailboxFiles, fresh_index, header_with
from respool.targets.spool.laying_out import Lane, copied_messages, lay
from respool.targets.spool.live_files import (
    Uids,
    file_name,
    files_in,
    foreign_files,
    forget_unfinished,
    message_directories,
    note_unfinished,
    one_by_one,
    unfinished_files,
    waiting_name,
)
from respool.targets.spool.naming_files import homes_of, name_files
from respool.targets.spool.present_index import begins_with, is_empty, present_index
from respool.targets.spool.recipes import recipe_for


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filling:
    """One mailbox, its files, and what is to be written into them."""

    lane: Lane
    server: CyrusServer
    files: MailboxFiles
    waiting_cache: Path
    draft: IndexDraft


def write(lane: Lane, server: CyrusServer, record: RunRecord) -> Note:
    """Give the copied files their names and write their records, if nothing came between.

    Done twice it is the same as once.

    Raises:
        StepFailed: mail has arrived meanwhile, or lies there unknown to the index (then
            nothing of ours is left there), or the mailbox cannot be written.
    """
    files = MailboxFiles.of(lane.directories, server.configuration.meta_kinds)
    try:
        # Laid out before the lock: no delivery waits for the backup to be read.
        fresh = fresh_index(files.index, lane.uidvalidity)
        draft = IndexDraft(fresh, keeps_archive=lane.step.keeps_archive)
        waiting_cache = _waiting_cache(files)
        lay(draft, waiting_cache, lane, server, record)
        filling = _Filling(
            lane=lane,
            server=server,
            files=files,
            waiting_cache=waiting_cache,
            draft=draft,
        )
        with record_locked(files.index) as index:
            return _fill(filling, index, record)
    except (OSError, OverflowError) as error:
        raise StepFailed(
            f"the index of {lane.step.lane} cannot be written", why=str(error)
        ) from error


def clear_up(
    directories: MailboxDirectories, server: CyrusServer, *, even_if_empty: bool = False
) -> bool:
    """Remove what a run that was cut off left in a mailbox that got mail of its own since.

    While it is empty all stays, and the next run in place takes it up, but ``even_if_empty``.

    Raises:
        StepFailed, OSError: its index cannot be locked or read; nothing was removed.
    """
    files = MailboxFiles.of(directories, server.configuration.meta_kinds)
    with record_locked(files.index) as descriptor:
        present = present_index(files.index, descriptor)
        if not even_if_empty and is_empty(present):
            return False
        _clear(directories, _waiting_cache(files), kept=_known(present))
        return True


def _waiting_cache(files: MailboxFiles) -> Path:
    return files.cache.with_name(f"{TEMPORARY_PREFIX}{files.cache.name}")


def _fill(filling: _Filling, descriptor: int, record: RunRecord) -> Note:
    lane, draft = filling.lane, filling.draft
    present = present_index(filling.files.index, descriptor)
    if not is_empty(present):
        is_ours = begins_with(
            present, chain.from_iterable(copied_messages(lane.step.lane, record))
        )
        _clear(lane.directories, filling.waiting_cache, kept=_known(present))
        if is_ours:
            return {"records": draft.count, "keywords": list(draft.keywords), "cached": None}
        raise _not_empty(lane, f"its last UID is {present.header.last_uid}")
    foreign = foreign_files(lane.directories)
    if len(foreign):
        _clear(lane.directories, filling.waiting_cache, kept=foreign.uids)
        raise _not_empty(lane, f"{len(foreign)} message files lie there that no index knows")
    homes = homes_of(lane.directories, draft)
    note_unfinished(lane.directories, np.union1d(draft.uids(), unfinished_files(lane.directories)))
    name_files(lane.directories, homes)
    for directory in message_directories(lane.directories):
        flush_directory(directory)
    if recipe_for(filling.server.version).carries_cache:
        filling.waiting_cache.rename(filling.files.cache)
    header = header_with(filling.files.header, tuple(draft.keywords))
    now = FreshIndex(version=present.version, header=present.header)
    head = draft.header(header_file_crc=header_crc(header), fresh=now)
    pieces = index_pieces(present.version, head, draft.count, draft.blocks())
    start = next(pieces)
    # Records first: until the header speaks of them there are none. The file cyrus.header
    # and the CRC of it change one right after the other: 2.4 takes no index where they differ.
    _pwrite(descriptor, pieces, len(start))
    os.fsync(descriptor)
    write_durably(
        filling.files.header,
        header,
        mode=lane.ownership.file_mode,
        owner=lane.ownership.owner,
    )
    _pwrite(descriptor, [start], 0)
    os.fsync(descriptor)
    forget_unfinished(lane.directories)
    return {"records": draft.count, "keywords": list(draft.keywords), "cached": draft.cached}


def _not_empty(lane: Lane, why: str) -> StepFailed:
    return StepFailed(
        f"mail has arrived in {lane.step.lane} while it was to be filled",
        why=f"{why}; nothing was put into it",
        hint="restore this folder into a new one: leave --in-place out",
        can_be_tried_again=False,
    )


def _known(present: Index) -> Uids:
    """UIDs of the message files that an index speaks of.

    Raises:
        StepFailed: it is damaged; a record that cannot be read may be of any file.
    """
    if any(each.severity is not Severity.NOTE for each in present.findings):
        raise StepFailed(
            "the live index is damaged; nothing beside it is removed",
            why="; ".join(each.text for each in present.findings),
            can_be_tried_again=False,
        )
    return np.ascontiguousarray(present.records["uid"])


def _clear(directories: MailboxDirectories, waiting_cache: Path, *, kept: Uids) -> None:
    """Remove all that is ours and that no index speaks of; ``kept`` are not ours."""
    unfinished = unfinished_files(directories)
    unfinished = unfinished[~is_among(unfinished, kept)]
    for directory in message_directories(directories):
        there = files_in(directory)
        ours = there.uids[is_among(there.uids, unfinished)]
        for name in (
            *map(waiting_name, one_by_one(there.waiting)),
            *map(file_name, one_by_one(ours)),
        ):
            with contextlib.suppress(OSError):
                (directory / name).unlink()
    for directory in {waiting_cache.parent, directories.meta, directories.data}:
        for pattern in (f"{TEMPORARY_PREFIX}cyrus.*", f"{TEMPORARY_PREFIX}{TEMPORARY_PREFIX}*"):
            for half in directory.glob(pattern):  # a write that was cut off has left it
                with contextlib.suppress(OSError):
                    half.unlink()
    forget_unfinished(directories)


def _pwrite(descriptor: int, pieces: Iterable[bytes], offset: int) -> None:
    for octets in pieces:
        view = memoryview(octets)
        while view:
            written = os.pwrite(descriptor, view, offset)
            view, offset = view[written:], offset + written
