"""Messages of an export that are stretches of mbox files."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from respool.backups.export_source import Kept, Stood, Where
from respool.backups.known_names import KnownNames
from respool.errors import BackupFileMissing
from respool.exports.mboxrd import SEPARATOR, Unquoting, parse_separator_line
from respool.system.file_octets import FileOctets
from respool.system.read_only import EntryKind, ReadOnlyTree
from respool.system.unlinked_file import unlinked_file

_PIECE_OCTETS: Final = 1 << 18
_LINE_OCTETS: Final = 200
_ENDING: Final = ".mbox"
_KEPT_FILES: Final = 8


class MboxStore:
    """Messages in mbox files, each by its offset and length; see `MessageStore`."""

    def __init__(self, tree: ReadOnlyTree) -> None:
        self._tree = tree
        self._guard = threading.Lock()
        self._files: OrderedDict[str, tuple[FileOctets, int]] = OrderedDict()

    def stat(self, where: Where) -> Stood | None:
        """As much as the file has of it, and the time of the file."""
        if where.offset is None or where.length is None:
            return None
        try:
            octets, mtime_ns = self._file(where.file)
        except BackupFileMissing:
            return None
        lacks = max(0, where.offset + where.length - len(octets))
        if lacks >= where.length:
            return None
        expected = where.length if where.size_bytes is None else where.size_bytes
        return Stood(size_bytes=max(0, expected - lacks), mtime_ns=mtime_ns)

    def open(self, where: Where) -> int:
        """The message as it was, in a file without a name."""
        return unlinked_file(self._pieces(where))

    def kept(self, where: Where) -> Kept:
        """The date that the line before it says."""
        if where.offset is None:
            return Kept()
        octets, _ = self._file(where.file)
        line, end, _ = octets[where.offset : where.offset + _LINE_OCTETS].partition(b"\n")
        return Kept(internaldate=parse_separator_line(line + end))

    def name_of(self, where: Where) -> str:
        """The name of its file."""
        return where.file

    def others(self, known: KnownNames) -> Iterator[str]:
        """Mbox files in any directory that no message stands in, and those that are longer.

        ``known`` has their names, and how far the last message in each reaches.
        """
        pending = [PurePosixPath()]
        while pending:
            directory = pending.pop()
            for name, is_directory in self._tree.names(directory):
                file = str(directory / name)
                if is_directory:
                    pending.append(directory / name)
                elif name.endswith(_ENDING):
                    size = len(self._file(file)[0])
                    if size and file not in known:
                        yield file
                    elif size and f"{file}\0{size}" not in known:
                        yield f"{file}: octets besides its messages"

    def _pieces(self, where: Where) -> Iterator[bytes]:
        if where.offset is None or where.length is None:
            raise _not_there(where)
        octets, _ = self._file(where.file)
        at, end = where.offset, min(where.offset + where.length, len(octets))
        left = where.length if where.size_bytes is None else where.size_bytes
        unquoting = Unquoting()
        is_before = True
        while at < end and left > 0:
            piece = octets[at : min(at + _PIECE_OCTETS, end)]
            at += len(piece)
            if is_before:
                separator, _, piece = piece.partition(b"\n")
                if not separator.startswith(SEPARATOR):
                    raise _not_there(where)
                is_before = False
            message = unquoting.take(piece)[:left]
            left -= len(message)
            yield message
        yield unquoting.end()[:left]

    def _file(self, name: str) -> tuple[FileOctets, int]:
        """An mbox file, and its time; a few are kept open."""
        with self._guard:
            held = self._files.get(name)
            if held is None:
                entry = self._tree.stat(name)
                if entry is None or entry.kind is not EntryKind.FILE:
                    raise BackupFileMissing(f'there is no "{name}" in the export')
                while len(self._files) >= _KEPT_FILES:
                    self._files.popitem(last=False)
                held = self._files[name] = (self._tree.octets_of(name), entry.mtime_ns)
            return held


def _not_there(where: Where) -> BackupFileMissing:
    return BackupFileMissing(
        f'"{where.file}" has no message where the manifest says',
        why=f"none begins at octet {where.offset}",
        hint="something wrote to the file after the export was made; take another copy of it",
    )
