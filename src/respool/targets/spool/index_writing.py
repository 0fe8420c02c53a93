"""Writing the index of a filled mailbox: records, flag names, and the source's cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from respool.backups.caches import caches_of
from respool.backups.planned_messages import source_mailbox
from respool.backups.source import look_up_index
from respool.cyrus.header import header_crc, with_keywords
from respool.cyrus.index import Index, IndexHeader, index_pieces, parse_index
from respool.errors import BackupError, FormatError, StepFailed
from respool.planning.step import MessageStep, PlannedMessage
from respool.runs.actor import Note, RunRecord
from respool.system.cyrus_server import CyrusServer, MailboxDirectories
from respool.system.durable import replacing, write_durably
from respool.system.locks import record_locked
from respool.system.ownership import Ownership
from respool.targets.spool.index_records import (
    INDEX_VERSION,
    FreshIndex,
    IndexDraft,
    SourceCache,
)
from respool.targets.spool.live_files import NO_UIDS, files_in, message_directories
from respool.targets.spool.naming_files import homes_of, name_files
from respool.targets.spool.present_index import has_only, is_empty, present_index
from respool.targets.spool.recipes import recipe_for
from respool.targets.spool.steps import WriteIndex

_HEADER_FILE = "cyrus.header"
_INDEX_FILE = "cyrus.index"
_CACHE_FILE = "cyrus.cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One mailbox of the run: its step, where it lies, whose, and what the server gave it."""

    step: WriteIndex
    directories: MailboxDirectories
    ownership: Ownership
    uidvalidity: int
    is_adopted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxFiles:
    """The cyrus.* files of a live mailbox, each where the server's settings put it."""

    header: Path
    index: Path
    cache: Path

    @classmethod
    def of(cls, directories: MailboxDirectories, meta_kinds: frozenset[str]) -> MailboxFiles:
        """Those of a mailbox in ``directories``."""

        def place(kind: str, name: str) -> Path:
            return (directories.meta if kind in meta_kinds else directories.data) / name

        return cls(
            header=place("header", _HEADER_FILE),
            index=place("index", _INDEX_FILE),
            cache=place("cache", _CACHE_FILE),
        )


def write(lane: Lane, server: CyrusServer, record: RunRecord) -> Note:
    """Message names, cache, header and index of what was copied into a new mailbox.

    In that order, with the fresh index locked as every process of the server locks it:
    until the new one is there the mailbox is empty. Done twice it is the same as once.

    Raises:
        StepFailed: the fresh mailbox is not as the server made it, somebody put mail into
            it, or it cannot be written.
    """
    files = MailboxFiles.of(lane.directories, server.configuration.meta_kinds)
    try:
        fresh = fresh_index(files.index, lane.uidvalidity)
        with record_locked(files.index) as descriptor:
            if fresh.version is not None:
                _check_ours_alone(present_index(files.index, descriptor), lane, record)
            return _write(lane, files, fresh, server, record)
    except (OSError, OverflowError) as error:
        raise StepFailed(
            f"the index of {lane.step.lane} cannot be written", why=str(error)
        ) from error


def _write(
    lane: Lane, files: MailboxFiles, fresh: FreshIndex, server: CyrusServer, record: RunRecord
) -> Note:
    draft = IndexDraft(fresh, keeps_archive=lane.step.keeps_archive)
    lay(draft, files.cache, lane, server, record)
    homes = homes_of(lane.directories, draft)
    foreign = sum(
        len(files_in(directory).besides(homes.get(directory, NO_UIDS)))
        for directory in message_directories(lane.directories)
    )
    if foreign:
        raise _used(lane, f"{foreign} message files lie there that are not of this run")
    name_files(lane.directories, homes)
    header = header_with(files.header, tuple(draft.keywords))
    head = draft.header(header_file_crc=header_crc(header))
    mode, owner = lane.ownership.file_mode, lane.ownership.owner
    write_durably(files.header, header, mode=mode, owner=owner)
    version = _version_for(fresh, server, is_cached=draft.cached == draft.count)
    with replacing(files.index, mode=mode, owner=owner) as stream:
        stream.writelines(index_pieces(version, head, draft.count, draft.blocks()))
    return {
        "records": draft.count,
        "keywords": list(draft.keywords),
        "cached": draft.cached,
        "is_newest": version == fresh.version,
    }


def _version_for(fresh: FreshIndex, server: CyrusServer, *, is_cached: bool) -> int:
    """The version that the server itself has just made, which it need not convert.

    Only where all messages have a cache record: converting is what makes the others
    without an error in the mail log (seen on 3.6.1). What has no table is converted, too.
    """
    is_right = is_cached and recipe_for(server.version).carries_cache
    return fresh.version if is_right and fresh.version is not None else INDEX_VERSION


def _check_ours_alone(present: Index, lane: Lane, record: RunRecord) -> None:
    """Nobody else's message is in the index: it is empty, or has what we wrote or named.

    A run may have been cut off while it gave names, and an administrator's ``reconstruct``
    may have found some of them.
    """
    ours = chain.from_iterable(copied_messages(lane.step.lane, record))
    if not (is_empty(present) or has_only(present, ours)):
        raise _used(lane, f"its last UID is {present.header.last_uid}")


def _used(lane: Lane, why: str) -> StepFailed:
    return StepFailed(
        f"somebody put mail into {lane.step.lane} while it was being filled",
        why=f"{why}; it was left as it is",
        hint="look who did; take the run back, which leaves that mail, and restore again",
        can_be_tried_again=False,
    )


def lay(
    draft: IndexDraft, cache_file: Path, lane: Lane, server: CyrusServer, record: RunRecord
) -> None:
    """Lay out the messages of a lane that were copied, with the backup's cache records.

    The cache is of the generation of the fresh index. Where the recipe of the server's
    version does not carry any, the cache that it made is left alone.
    """
    if not recipe_for(server.version).carries_cache:
        for messages in copied_messages(lane.step.lane, record):
            for _ in draft.add(messages, None):
                pass
        return
    with _new_cache(cache_file, lane) as cache, _source(lane) as source:
        cache.write(draft.cache_start)
        for messages in copied_messages(lane.step.lane, record):
            for octets in draft.add(messages, source):
                cache.write(octets)


def _new_cache(file: Path, lane: Lane) -> AbstractContextManager[BinaryIO]:
    return replacing(file, mode=lane.ownership.file_mode, owner=lane.ownership.owner)


def copied_messages(lane: str, record: RunRecord) -> Iterator[list[PlannedMessage]]:
    """The messages that were copied, group by group, in UID order, each with its guid."""
    for number, step in record.steps_of_lane(lane):
        if isinstance(step, MessageStep):
            receipt = record.receipt(number) or {}
            lost: Mapping[str, str] = receipt.get("lost", {})
            guids: Mapping[str, str] = receipt.get("guids", {})
            yield [
                message
                if message.guid is not None
                else replace(message, guid=guids.get(str(message.uid)))
                for message in step.messages
                if str(message.uid) not in lost
            ]


def fresh_index(file: Path, uidvalidity: int) -> FreshIndex:
    """The empty index that the server made; what it chose is kept.

    ``uidvalidity`` is what it told, for an index of a version that has no table.

    Raises:
        StepFailed: it made none.
    """
    try:
        index = parse_index(file.read_bytes())
    except OSError as error:
        raise StepFailed(f"the server made no {file}", why=str(error)) from error
    except FormatError:
        return FreshIndex(version=None, header=IndexHeader(uidvalidity=uidvalidity))
    return FreshIndex(version=index.version, header=index.header)


def header_with(file: Path, keywords: tuple[str, ...]) -> bytes:
    """The octets of a live header, with other names of user flags.

    Raises:
        StepFailed: there is none, or the names do not fit.
    """
    try:
        return with_keywords(file.read_bytes(), keywords)
    except OSError as error:
        raise StepFailed(f"the server made no {file}", why=str(error)) from error
    except (FormatError, ValueError) as error:
        raise StepFailed(f"the flag names do not fit into {file}", why=str(error)) from error


@contextmanager
def _source(lane: Lane) -> Iterator[SourceCache | None]:
    """Index and caches of the source, while they are read; None where they cannot be."""
    source = source_mailbox(lane.step.source, lane.step.lane)
    with ExitStack() as stack:
        found: SourceCache | None = None
        try:
            index = look_up_index(source)
            if index is not None:
                caches = stack.enter_context(caches_of(source, index.header.generation))
                found = SourceCache(
                    records=index.records, data=caches.data, archive=caches.archive
                )
        except BackupError:
            found = None
        yield found
