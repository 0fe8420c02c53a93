"""The caches of one mailbox: which may be used, and what their records say of the messages."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath
from typing import Final

from respool.backups.source import SourceMailbox, open_message, tree_at
from respool.cyrus.cache import (
    Buffer,
    cached_structure,
    parse_cache_envelope,
    plausible_cache_record,
    sound_cache_record,
)
from respool.cyrus.cache_head import cache_generation
from respool.cyrus.cached_envelope import CachedEnvelope
from respool.cyrus.cached_structure import structure_has_attachment
from respool.cyrus.message_headers import (
    READ_SIZE,
    HeaderFields,
    fields_of_envelope,
    parse_message_headers,
)
from respool.cyrus.spool_paths import CACHE_FILE
from respool.errors import BackupError, FormatError
from respool.model.dataclasses import dataclass
from respool.model.inventory import ARCHIVED, NOWHERE, Rows
from respool.system.read_only import EntryKind

_CHUNK: Final = 4096
_COLUMNS: Final = ("cache_offset", "cache_crc", "header_size", "size", "system_flags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a cache record says of one message."""

    envelope: CachedEnvelope
    has_attachment: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxCaches:
    """The caches beside the data and in the archive, as memory; None: not to be used."""

    data: Buffer | None
    archive: Buffer | None

    def fields_of(self, rows: Rows) -> Iterator[HeaderFields | None]:
        """For each RECORD row what its cache record says, or None: ask the message file."""
        return map(_fields, self._records_of(rows))

    def described(self, rows: Rows) -> Iterator[Described | None]:
        """As `fields_of`, with what its cache record says of attachments."""
        return map(_described, self._records_of(rows))

    def _records_of(self, rows: Rows) -> Iterator[memoryview | None]:
        """A view of each, which nothing here keeps: the caches can be let go of after any."""
        for start in range(0, len(rows), _CHUNK):
            chunk = rows[start : start + _CHUNK]
            columns = (chunk[name].tolist() for name in _COLUMNS)
            for offset, crc, header_size, size, flags in zip(*columns, strict=True):
                cache = self.archive if flags & ARCHIVED else self.data
                if cache is None:
                    yield None
                elif crc:
                    yield sound_cache_record(cache, offset, crc)
                else:  # before index version 12, and where the writer computed none
                    yield plausible_cache_record(cache, offset, header_size, size)


@contextmanager
def caches_of(source: SourceMailbox, generation: int | None) -> Iterator[MailboxCaches]:
    """The caches that go with an index of this generation. Let go of views before the end.

    A cache of another generation, one that is missing and one that cannot be read are
    not used: nothing is in it that is not in the message files.
    """
    with ExitStack() as stack:
        caches: list[Buffer | None] = []
        for is_archived in (False, True):
            try:
                octets = stack.enter_context(mapped_cache(source, is_archived=is_archived))
            except BackupError:
                octets = None
            caches.append(octets if _generation(octets) == generation else None)
        yield MailboxCaches(data=caches[0], archive=caches[1])


@contextmanager
def mapped_cache(
    source: SourceMailbox, *, is_archived: bool = False
) -> Iterator[mmap.mmap | bytes | None]:
    """The mailbox's ``cyrus.cache`` as memory, or None. Let go of views before the end.

    Archived messages have theirs beside the archived files.
    """
    place = source.place
    for directory in (place.archive,) if is_archived else (place.meta, place.data):
        if directory is not None and _has_cache(source, directory):
            with tree_at(source.spool).mapped(directory / CACHE_FILE) as octets:
                yield octets
            return
    yield None


def _has_cache(source: SourceMailbox, directory: PurePosixPath) -> bool:
    try:
        entry = tree_at(source.spool).stat(directory / CACHE_FILE)
    except BackupError:
        return False
    return entry is not None and entry.kind is EntryKind.FILE


def _generation(octets: Buffer | None) -> int | None:
    if octets is None:
        return None
    try:
        return cache_generation(octets)
    except FormatError:
        return None


def fields_of_file(
    source: SourceMailbox, uid: int, place: int, *, is_first_kept: bool = False
) -> HeaderFields | None:
    """The fields of a message file's header; None where it cannot be read.

    ``place`` is IN_DATA, IN_ARCHIVE, or NOWHERE for no file.
    """
    if place == NOWHERE:
        return None
    try:
        with open_message(source, uid, place) as file:
            return parse_message_headers(file.read(READ_SIZE), is_first_kept=is_first_kept)
    except (BackupError, OSError):
        return None


def _described(record: memoryview | None) -> Described | None:
    envelope = _envelope(record)
    if record is None or envelope is None:
        return None
    structure = cached_structure(record)
    return Described(envelope=envelope, has_attachment=structure_has_attachment(structure))


def _fields(record: memoryview | None) -> HeaderFields | None:
    envelope = _envelope(record)
    return None if envelope is None else fields_of_envelope(envelope)


def _envelope(record: memoryview | None) -> CachedEnvelope | None:
    if record is None:
        return None
    try:
        return parse_cache_envelope(record)
    except FormatError:
        return None
