"""Writing the fresh index of a filled mailbox: records, flag names, and the source's cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from respool.backups.source import mapped_cache, read_index
from respool.cyrus.header import header_crc, with_keywords
from respool.cyrus.index import parse_index, render_index
from respool.errors import BackupError, FormatError, StepFailed
from respool.planning.step import MessageStep, PlannedMessage
from respool.runs.actor import Note, RunRecord
from respool.system.cyrus_server import CyrusServer, MailboxDirectories
from respool.system.durable import replacing, write_durably
from respool.targets.spool.copying import source_mailbox
from respool.targets.spool.index_records import (
    CACHE_START,
    INDEX_VERSION,
    FreshIndex,
    IndexDraft,
    SourceCache,
    cache_form_of,
    index_header,
)
from respool.targets.spool.steps import WriteIndex

_HEADER_FILE = "cyrus.header"
_INDEX_FILE = "cyrus.index"
_CACHE_FILE = "cyrus.cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One mailbox of the run: its step, where it lies, and what the server gave it."""

    step: WriteIndex
    directories: MailboxDirectories
    uidvalidity: int


def write(lane: Lane, server: CyrusServer, record: RunRecord) -> Note:
    """Index, cache and header of the messages that were copied.

    Order: cache, header, index. Until the index is there the mailbox is empty.

    Raises:
        StepFailed: the files of the fresh mailbox are not as the server makes them.
    """
    files = _Files.of(lane.directories, server.configuration.meta_kinds)
    fresh = _fresh_index(files.index, lane.uidvalidity)
    draft = IndexDraft(fresh)
    try:
        with (
            replacing(files.cache, owner=server.owner) as cache,
            _source(lane, server.version) as source,
        ):
            cache.write(CACHE_START)
            for messages in _copied_messages(lane.step.lane, record):
                for octets in draft.add(messages, source):
                    cache.write(octets)
        header = _header_with(files.header, tuple(draft.keywords))
        rows = draft.rows()
        index = render_index(INDEX_VERSION, index_header(rows, fresh, header_crc(header)), rows)
        write_durably(files.header, header, owner=server.owner)
        write_durably(files.index, index, owner=server.owner)
    except (OSError, OverflowError) as error:
        raise StepFailed(
            f"the index of {lane.step.lane} cannot be written", why=str(error)
        ) from error
    return {
        "records": len(rows),
        "keywords": list(draft.keywords),
        "cached": draft.cached,
        "is_cache_whole": draft.in_own_form == len(rows),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    header: Path
    index: Path
    cache: Path

    @classmethod
    def of(cls, directories: MailboxDirectories, meta_kinds: frozenset[str]) -> _Files:
        def place(kind: str, name: str) -> Path:
            return (directories.meta if kind in meta_kinds else directories.data) / name

        return cls(
            header=place("header", _HEADER_FILE),
            index=place("index", _INDEX_FILE),
            cache=place("cache", _CACHE_FILE),
        )


def _copied_messages(lane: str, record: RunRecord) -> Iterator[list[PlannedMessage]]:
    """The messages that were copied, group by group, in UID order."""
    for number, step in record.steps_of_lane(lane):
        if isinstance(step, MessageStep):
            lost: Mapping[str, str] = (record.receipt(number) or {}).get("lost", {})
            yield [message for message in step.messages if str(message.uid) not in lost]


def _fresh_index(file: Path, uidvalidity: int) -> FreshIndex:
    """Options and modseq of the index that the server made; its own are kept."""
    try:
        header = parse_index(file.read_bytes()).header
    except OSError as error:
        raise StepFailed(f"the server made no {file}", why=str(error)) from error
    except FormatError:
        return FreshIndex(uidvalidity=uidvalidity, options=None, highestmodseq=0)
    return FreshIndex(
        uidvalidity=uidvalidity,
        options=header.options,
        highestmodseq=header.highestmodseq or 0,
    )


def _header_with(file: Path, keywords: tuple[str, ...]) -> bytes:
    try:
        return with_keywords(file.read_bytes(), keywords)
    except OSError as error:
        raise StepFailed(f"the server made no {file}", why=str(error)) from error
    except (FormatError, ValueError) as error:
        raise StepFailed(f"the flag names do not fit into {file}", why=str(error)) from error


@contextmanager
def _source(lane: Lane, version: tuple[int, int, int]) -> Iterator[SourceCache | None]:
    """Index and caches of the source, while they are read; None where they cannot be."""
    source = source_mailbox(lane.step.source, lane.step.lane)
    with ExitStack() as stack:
        found: SourceCache | None = None
        try:
            index = read_index(source)
            if index is not None:
                found = SourceCache(
                    records=index.records,
                    data=stack.enter_context(mapped_cache(source)),
                    archive=stack.enter_context(mapped_cache(source, is_archived=True)),
                    own_form=cache_form_of(version),
                )
        except BackupError:
            found = None
        yield found
