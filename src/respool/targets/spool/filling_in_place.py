"""Putting messages into a live mailbox that has never held one, as the server itself would.

Deliveries go on meanwhile. So the message files wait under names of ours; then, with the
index locked as every process of the server locks it, it is looked whether it is still
empty, the files get their names, and the records are written into it, in the server's own
version, as an append is.

Source: imap/mailbox.c, ``mailbox_lock_index`` and ``mailbox_commit`` (fcntl on
``cyrus.index``); imap/append.c.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from respool.cyrus.header import header_crc
from respool.cyrus.index import Index, parse_index, render_index
from respool.cyrus.spool_paths import uid_of_file
from respool.errors import FormatError, StepFailed
from respool.model.inventory import ARCHIVED, Rows
from respool.runs.actor import Note, RunRecord
from respool.system.cyrus_server import CyrusServer
from respool.system.durable import TEMPORARY_PREFIX, flush_directory, write_durably
from respool.system.locks import record_locked
from respool.targets.spool.index_records import FreshIndex, IndexDraft, index_header
from respool.targets.spool.index_writing import (
    Lane,
    MailboxFiles,
    copied_messages,
    header_with,
    lay,
)


def write(lane: Lane, server: CyrusServer, record: RunRecord) -> Note:
    """Give the copied files their names and write their records, if nothing came between.

    Done twice it is the same as once.

    Raises:
        StepFailed: mail has arrived meanwhile (then nothing of ours is left there), or
            the mailbox cannot be written.
    """
    files = MailboxFiles.of(lane.directories, server.configuration.meta_kinds)
    try:
        with record_locked(files.index) as index:
            return _write(lane, files, index, server, record)
    except (OSError, OverflowError) as error:
        raise StepFailed(
            f"the index of {lane.step.lane} cannot be written", why=str(error)
        ) from error


def _write(
    lane: Lane, files: MailboxFiles, descriptor: int, server: CyrusServer, record: RunRecord
) -> Note:
    present = _index(files.index, descriptor)
    fresh = FreshIndex(version=present.version, header=present.header)
    if present.header.last_uid or len(present.records):
        if _has_ours(present, lane, record):
            return {"records": len(present.records)}
        _clear(lane)
        raise StepFailed(
            f"mail has arrived in {lane.step.lane} while it was to be filled",
            why=f"its last UID is {present.header.last_uid}; nothing was put into it",
            hint="restore this folder into a new one: leave --in-place out",
            can_be_tried_again=False,
        )
    draft = IndexDraft(fresh, keeps_archive=lane.step.keeps_archive)
    lay(draft, files.cache, lane, server, record)
    rows = draft.rows()
    _name_files(lane, rows)
    header = header_with(files.header, tuple(draft.keywords))
    write_durably(files.header, header, owner=server.owner)
    head = index_header(rows, fresh, header_file_crc=header_crc(header))
    _put(descriptor, render_index(present.version, head, rows), present.header.start_offset)
    return {"records": len(rows), "keywords": list(draft.keywords), "cached": draft.cached}


def _index(file: Path, descriptor: int) -> Index:
    """The index behind the lock, which must still be the one in the directory."""
    status = os.fstat(descriptor)
    there = file.stat(follow_symlinks=False)
    if (there.st_dev, there.st_ino) != (status.st_dev, status.st_ino):
        raise StepFailed(f"{file} was replaced while it was waited for")
    try:
        return parse_index(os.pread(descriptor, status.st_size, 0))
    except FormatError as error:
        raise StepFailed(f"{file} cannot be read", why=error.what) from error


def _has_ours(present: Index, lane: Lane, record: RunRecord) -> bool:
    """Whether a former attempt came to its end: our messages are the first ones there."""
    ours = [
        (message.uid, message.guid)
        for messages in copied_messages(lane.step.lane, record)
        for message in messages
    ]
    found = present.records[: len(ours)]
    guids = [row["guid"].tobytes().hex() for row in found]
    return list(zip(found["uid"].tolist(), guids, strict=True)) == ours


def _directories(lane: Lane) -> Iterator[Path]:
    for directory in (lane.directories.data, lane.directories.archive):
        if directory is not None and directory.is_dir():
            yield directory


def _waiting(directory: Path) -> Mapping[str, str]:
    """Name that each of our copies has while it waits → name of its message file."""
    names = {each.name: each.name.removeprefix(TEMPORARY_PREFIX) for each in directory.iterdir()}
    return {now: then for now, then in names.items() if now != then and uid_of_file(then)}


def _name_files(lane: Lane, rows: Rows) -> None:
    """Every copy gets the name of its message; what a former attempt named stays.

    Copies that another run left waiting, of messages that are none of ours, go.
    """
    archive, data = lane.directories.archive, lane.directories.data
    is_archived = ((rows["system_flags"] & ARCHIVED) != 0).tolist()
    homes = {
        f"{uid}.": archive if archived and archive is not None else data
        for uid, archived in zip(rows["uid"].tolist(), is_archived, strict=True)
    }
    for directory in _directories(lane):
        for now, then in _waiting(directory).items():
            if homes.get(then) == directory:
                (directory / now).rename(directory / then)
            else:
                (directory / now).unlink()
        flush_directory(directory)
    for name, directory in homes.items():
        if not (directory / name).is_file():
            raise StepFailed(f"the copy {name} of a message is not in {directory}")


def _clear(lane: Lane) -> None:
    for directory in _directories(lane):
        for name in _waiting(directory):
            with contextlib.suppress(OSError):
                (directory / name).unlink()


def _put(descriptor: int, octets: bytes, header_size: int) -> None:
    """Records first, header last: until the header says so there are none."""
    _pwrite(descriptor, octets[header_size:], header_size)
    os.fsync(descriptor)
    _pwrite(descriptor, octets[:header_size], 0)
    os.fsync(descriptor)


def _pwrite(descriptor: int, octets: bytes, offset: int) -> None:
    view = memoryview(octets)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
