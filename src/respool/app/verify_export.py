"""Reading an export again and holding it against its manifest; no backup is needed."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from respool.app.export_report import ExportDifference, ExportReport
from respool.backups.export_manifest import manifest_lines, where_of
from respool.backups.export_places import WrittenExport, written_export
from respool.backups.export_source import MessageStore, Where
from respool.backups.known_names import KnownNames
from respool.errors import BackupError, BackupNotFound, FormatError
from respool.exports.manifest import ManifestReader
from respool.exports.manifest_entry import ManifestEntry
from respool.model.dataclasses import dataclass
from respool.model.json_text import as_utc_text
from respool.model.messages import at_utc

_ROOM_OCTETS: Final = 256 << 10
_COARSE_SECONDS: Final = 1  # of a file system or a zip that keeps every second one only


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportProgress:
    """How far a proof is: ``messages`` of ``expected`` were read, with ``octets``."""

    messages: int
    expected: int
    octets: int


Told: TypeAlias = Callable[[ExportProgress], None]


def verify_export(path: Path, on_progress: Told = lambda _progress: None) -> ExportReport:
    """What an export holds, read anew: SHA-256, size, flags and date of each message.

    Whatever differs, is missing, or is there besides, is in the report. Nothing is held but
    what is told, however many messages there are.

    Raises:
        BackupNotFound: nothing is there, or nothing with a manifest.
        BackupUnreadable: it may not be looked at.
        FormatError: the manifest is damaged in its head, or of a version that is not known.
    """
    begun = time.monotonic()
    export = _opened(path)
    reader = ManifestReader(manifest_lines(export.manifest))
    report = ExportReport(place=str(export.place), head=reader.head)
    try:
        known = _Known(export.store)
        room = memoryview(bytearray(_ROOM_OCTETS))
        for entry in _entries(reader, report):
            known.add(entry)
            report.note(list(_differences(export.store, entry, report, room)))
            on_progress(
                ExportProgress(
                    messages=report.read, expected=reader.head.messages, octets=report.octets
                )
            )
        for name in export.store.others(known.names()):
            report.note_added(name)
    except (FormatError, BackupError) as error:
        report.damage = f"{error.what}: {error.why}" if error.why else error.what
    report.seconds = time.monotonic() - begun
    return report


def _opened(path: Path) -> WrittenExport:
    place = PurePosixPath(path.resolve())
    export = written_export(place)
    if export is None:
        raise BackupNotFound(
            f'"{place}" holds no export with a manifest',
            why="looked for manifest.json in it",
            hint="name the directory, or the zip file, that the mail was written to",
        )
    return export


def _entries(reader: ManifestReader, report: ExportReport) -> Iterator[ManifestEntry]:
    """The messages that ought to be there; those that the backup had lost are counted."""
    for placed in reader.entries():
        if placed.entry.file is None:
            report.lost += 1
        else:
            yield placed.entry


def _differences(
    store: MessageStore, entry: ManifestEntry, report: ExportReport, room: memoryview
) -> Iterator[ExportDifference]:
    """All that is not as the manifest says about one message."""

    def differs(aspect: str, expected: object, found: object) -> ExportDifference:
        return ExportDifference(
            folder=entry.folder,
            uid=entry.uid,
            file=entry.file or "",
            aspect=aspect,
            expected=str(expected),
            found=str(found),
        )

    where = where_of(entry)
    try:
        if store.stat(where) is None:
            yield differs("missing", "a message", "nothing")
            return
        size_bytes, sha256 = _read(store, where, room)
        kept = store.kept(where)
    except BackupError as error:
        yield differs("unreadable", "a message", error.why or error.what)
        return
    report.octets += size_bytes
    if size_bytes != entry.size_bytes:
        yield differs("size", entry.size_bytes, size_bytes)
    elif sha256 != entry.sha256:
        yield differs("octets", f"SHA-256 {entry.sha256}", f"SHA-256 {sha256}")
    if kept.flags is not None:
        wanted = {each for each in entry.flags if each[:1] == "\\" or each in kept.keywords}
        if wanted != kept.flags:
            yield differs("flags", _words(wanted), _words(kept.flags))
    late = 0 if kept.internaldate is None else entry.internaldate - kept.internaldate
    if kept.internaldate is not None and not 0 <= late <= _COARSE_SECONDS:
        found = as_utc_text(at_utc(kept.internaldate))
        yield differs("date", as_utc_text(at_utc(entry.internaldate)), found)


def _read(store: MessageStore, where: Where, room: memoryview) -> tuple[int, str]:
    """How many octets a message has there, and their SHA-256; ``room`` is written over.

    Raises:
        BackupError: it cannot be read.
    """
    digest = hashlib.sha256()
    size_bytes = 0
    descriptor = store.open(where)
    try:
        while count := os.readv(descriptor, (room,)):
            digest.update(room[:count])
            size_bytes += count
    except OSError as error:
        why = error.strerror or str(error)
        raise BackupError(f'"{where.file}" cannot be read', why=why) from error
    finally:
        os.close(descriptor)
    return size_bytes, digest.hexdigest()


class _Known:
    """Names of what the manifest says is there, and how far it accounts for each mbox file."""

    def __init__(self, store: MessageStore) -> None:
        self._store = store
        self._names = KnownNames()
        self._ends: dict[str, int | None] = {}

    def add(self, entry: ManifestEntry) -> None:
        """One message."""
        where = where_of(entry)
        if where.offset is None or where.length is None:
            self._names.add(self._store.name_of(where))
            return
        end = self._ends.get(where.file, 0)
        self._ends[where.file] = where.offset + where.length if end == where.offset else None

    def names(self) -> KnownNames:
        """All of them."""
        for file, end in self._ends.items():
            self._names.add(file)
            if end is not None:
                self._names.add(f"{file}\0{end}")
        return self._names


def _words(flags: set[str] | frozenset[str]) -> str:
    return " ".join(sorted(flags)) or "none"
