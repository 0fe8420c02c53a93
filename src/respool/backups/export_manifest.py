"""An export by its ``manifest.json``: which messages it has, and where each stands.

The manifest is read through once, for its digest and for where the lines of each folder
stand in it; a folder's lines are read when the folder is asked for. None is held: a million
messages take no more than their columns.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from respool.backups.export_source import ExportFacts, Where
from respool.backups.export_tables import ExportedMessage, FolderTable, table_of
from respool.errors import BackupFileMissing, FormatError
from respool.exports.manifest import (
    MANIFEST_FILE,
    ManifestReader,
    ReadLine,
    entry_of,
    folder_of,
)
from respool.exports.manifest_entry import ManifestEntry
from respool.model.findings import Finding, Severity
from respool.system.file_octets import FileOctets

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE_OCTETS: Final = 1 << 18
_PREFIX_OCTETS: Final = 4096
_SPAN: Final = 3  # numbers of a span: where it begins, where it ends, how many lines it has


class ManifestSource:
    """An export that has a manifest; see `ExportSource`."""

    def __init__(self, octets: FileOctets) -> None:
        """Read a manifest through.

        Raises:
            FormatError: it is none, or of a version that is not known.
            BackupUnreadable: the disk does not give it.
        """
        self._octets = octets
        self._spans: dict[str, array[int]] = {}
        findings: list[Finding] = []
        reader = ManifestReader(manifest_lines(octets))
        try:
            self._note_spans(reader)
        except FormatError as error:
            findings.append(_damaged(error))
        head = reader.head
        self._folders = tuple(dict.fromkeys((*head.folders, *self._spans)))
        self._facts = ExportFacts(
            form=head.form,
            account=head.account,
            label=head.generation,
            taken_at=head.taken_at or head.made_at,
            is_about=head.taken_at is None,
            software=head.software,
            findings=tuple(findings),
        )

    @property
    def facts(self) -> ExportFacts:
        """Of whom and of when it is."""
        return self._facts

    @property
    def folders(self) -> tuple[str, ...]:
        """Its folders, in the order of the manifest."""
        return self._folders

    def table(self, folder: str) -> FolderTable:
        """The messages of a folder; those that were lost when it was exported are none."""
        spans = self._spans.get(folder, array("q"))
        return table_of(self._messages(folder), sum(spans[2::_SPAN]))

    def where(self, folder: str, at: int, length: int) -> Where:
        """Where a message stands, by where its line stands in the manifest."""
        try:
            entry = entry_of(bytes(self._octets[at : at + length]))
        except FormatError as error:
            raise BackupFileMissing(
                f'"{MANIFEST_FILE}" does not say any more where a message of {folder} is',
                why=error.what,
            ) from error
        return where_of(entry)

    def _note_spans(self, reader: ManifestReader) -> None:
        last_start, folder = b"", ""
        for offset, line in reader.lines():
            start = line[:_PREFIX_OCTETS].partition(b'", "uid": ')[0]
            if start != last_start:
                folder, last_start = folder_of(line), start
            spans = self._spans.setdefault(folder, array("q"))
            end = offset + len(line)
            if spans and offset - spans[-2] <= len(b",\n"):
                spans[-2] = end
                spans[-1] += 1
            else:
                spans.extend((offset, end, 1))

    def _messages(self, folder: str) -> Iterator[ExportedMessage]:
        for offset, line in self._lines(folder):
            try:
                entry = entry_of(line)
            except FormatError:
                continue  # the digest said so
            if entry.file is not None:
                yield ExportedMessage(
                    uid=entry.uid,
                    internaldate=entry.internaldate,
                    size_bytes=entry.size_bytes,
                    flags=entry.flags,
                    guid=entry.guid,
                    at=offset,
                    length=len(line),
                )

    def _lines(self, folder: str) -> Iterator[tuple[int, bytes]]:
        """The lines of a folder, and where each stands."""
        spans = self._spans.get(folder, array("q"))
        for number in range(0, len(spans), _SPAN):
            at, end = spans[number], spans[number + 1]
            rest = b""
            for start in range(at, end, _PIECE_OCTETS):
                *lines, rest = (
                    rest + self._octets[start : min(start + _PIECE_OCTETS, end)]
                ).split(b"\n")
                for line in lines:
                    yield at, line.rstrip(b",")
                    at += len(line) + 1
            if rest:
                yield at, rest.rstrip(b",")


def manifest_lines(octets: FileOctets) -> ReadLine:
    """The lines of a manifest, for a reader of it."""
    return io.BufferedReader(_Raw(octets), _PIECE_OCTETS).readline


def where_of(entry: ManifestEntry) -> Where:
    """Where the message of an entry stands.

    Raises:
        BackupFileMissing: it was lost when the export was made.
    """
    if entry.file is None:
        raise BackupFileMissing(f"message {entry.uid} is not in the export", why=entry.lost)
    return Where(
        file=entry.file, offset=entry.offset, length=entry.length, size_bytes=entry.size_bytes
    )


class _Raw(io.RawIOBase):
    """Octets of a file as a stream."""

    def __init__(self, octets: FileOctets) -> None:
        super().__init__()
        self._octets = octets
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, room: WriteableBuffer, /) -> int:
        view = memoryview(room).cast("B")
        piece = self._octets[self._at : self._at + len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _damaged(error: FormatError) -> Finding:
    text = f"{error.what} ({error.why})" if error.why else error.what
    return Finding(
        severity=Severity.LOSS,
        code="manifest-damaged",
        subject=MANIFEST_FILE,
        text=f"{text}; what it says may be wrong, and messages may be missing from it",
        file=PurePosixPath(MANIFEST_FILE),
    )
