"""Laying out the index of what was copied, group by group, with the backup's cache records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from respool.backups.caches import caches_of
from respool.backups.planned_messages import source_mailbox
from respool.backups.source import look_up_index
from respool.errors import BackupError
from respool.model.dataclasses import dataclass
from respool.planning.step import MessageStep, PlannedMessage
from respool.runs.actor import RunRecord
from respool.system.cyrus_server import CyrusServer, MailboxDirectories
from respool.system.durable import replacing
from respool.system.ownership import Ownership
from respool.targets.spool.index_records import IndexDraft, SourceCache
from respool.targets.spool.recipes import recipe_for
from respool.targets.spool.steps import WriteIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One mailbox of the run: its step, where it lies, whose, and what the server gave it."""

    step: WriteIndex
    directories: MailboxDirectories
    ownership: Ownership
    uidvalidity: int
    is_adopted: bool


def lay(
    draft: IndexDraft, cache_file: Path, lane: Lane, server: CyrusServer, record: RunRecord
) -> None:
    """Lay out the messages of a lane that were copied, with the backup's cache records.

    The cache is of the generation of the fresh index. Where the recipe of the server's
    version does not carry any, the cache that it made is left alone.
    """
    if not recipe_for(server.version).carries_cache:
        lay_into(draft, None, lane, record)
        return
    mode, owner = lane.ownership.file_mode, lane.ownership.owner
    with replacing(cache_file, mode=mode, owner=owner) as cache:
        lay_into(draft, cache, lane, record)


def lay_into(
    draft: IndexDraft,
    cache: BinaryIO | None,
    lane: Lane,
    record: RunRecord,
    on_group: Callable[[], None] = lambda: None,
) -> None:
    """As `lay`, with what the cache is written to; None where none is carried.

    ``on_group`` is called after each group that was laid out.
    """
    with _source(lane) if cache is not None else nullcontext() as source:
        if cache is not None:
            cache.write(draft.cache_start)
        for messages in copied_messages(lane.step.lane, record):
            for octets in draft.add(messages, source):
                if cache is not None:
                    cache.write(octets)
            on_group()


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
                else message._replace(guid=guids.get(str(message.uid)))
                for message in step.messages
                if str(message.uid) not in lost
            ]


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
