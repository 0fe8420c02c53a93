"""mbox files without a manifest: of any mail program, or an export whose manifest is gone.

Each file ``NAME.mbox`` is a folder. Dates are those of the lines between messages, flags those
of the messages' own headers; messages are numbered in the order of the file.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.backups.export_source import ExportFacts, Where
from respool.backups.export_tables import ExportedMessage, FolderTable, table_of
from respool.errors import BackupError, BackupFileMissing
from respool.exports.manifest import MANIFEST_FILE
from respool.exports.mbox_scan import beginnings, begins_as_mbox, flags_of
from respool.exports.mboxrd import SEPARATOR, Unquoting, parse_separator_line
from respool.system.file_octets import FileOctets
from respool.system.read_only import ReadOnlyTree

ENDING: Final = ".mbox"
_PIECE_OCTETS: Final = 1 << 20
_HEADER_OCTETS: Final = 1 << 16
_MOST_DIRECTORIES: Final = 1000
_KEPT: Final = 2
_PAGES: Final = frozenset({"index.html", MANIFEST_FILE})  # of an export
_MOST: Final = 2**32 - 1


def mbox_files_in(tree: ReadOnlyTree) -> dict[str, str]:
    """The file of each folder, by its path inside the account.

    None at all where anything else lies there: it is somebody's directory then, or a backup.
    """
    found: dict[str, str] = {}
    pending = [PurePosixPath()]
    for _ in range(_MOST_DIRECTORIES):
        if not pending:
            return found
        directory = pending.pop()
        for name, is_directory in sorted(tree.names(directory)):
            path = directory / name
            if is_directory and (found or directory.parts or _has_mbox(tree)):
                pending.append(path)
            elif not is_directory and name.endswith(ENDING) and _is_mbox(tree, path):
                found[str(path).removesuffix(ENDING)] = str(path)
            elif is_directory or str(path) not in _PAGES:
                return {}
    return {}


class MboxSource:
    """mbox files by what stands in them; see `ExportSource`."""

    def __init__(self, tree: ReadOnlyTree, files: dict[str, str], facts: ExportFacts) -> None:
        """``files`` are those of the folders, in ``tree``."""
        self._tree = tree
        self._files = files
        self._facts = facts
        self._places: dict[str, tuple[NDArray[np.uint64], NDArray[np.int64]]] = {}
        self._guard = threading.Lock()

    @property
    def facts(self) -> ExportFacts:
        """Of whom they are, as far as their place tells."""
        return self._facts

    @property
    def folders(self) -> tuple[str, ...]:
        """Its folders."""
        return tuple(self._files)

    def table(self, folder: str) -> FolderTable:
        """The messages of a file, in its order; it is read twice."""
        octets = self._tree.octets_of(self._files[folder])
        starts = list(beginnings(_pieces(octets, 0, len(octets))))
        table = table_of(_messages(octets, starts), len(starts))
        with self._guard:
            while len(self._places) >= _KEPT:
                self._places.pop(next(iter(self._places)))
            self._places[folder] = table.rows["at"].copy(), table.rows["size"].copy()
        return table

    def where(self, folder: str, at: int, length: int) -> Where:
        """The stretch that begins at ``at``."""
        places = self._places.get(folder)
        while places is None:
            self.table(folder)
            places = self._places.get(folder)
        starts, sizes = places
        number = int(np.searchsorted(starts, np.uint64(at)))
        if number >= len(starts) or int(starts[number]) != at:
            raise BackupFileMissing(f"a message of {folder} is not there any more")
        size_bytes = int(sizes[number])
        return Where(file=self._files[folder], offset=at, length=length, size_bytes=size_bytes)


def _messages(octets: FileOctets, starts: list[int]) -> Iterator[ExportedMessage]:
    for number, (start, end) in enumerate(pairwise([*starts, len(octets)])):
        head = octets[start : min(end, start + _HEADER_OCTETS)]
        line, mark, header = head.partition(b"\n")
        size_bytes = sum(map(len, _unquoted(octets, start, end))) - len(line + mark)
        yield ExportedMessage(
            uid=number + 1,
            internaldate=parse_separator_line(line + mark) or 0,
            size_bytes=max(0, size_bytes - _blank_octets(octets, end)),
            flags=flags_of(header),
            guid=None,
            at=start,
            length=min(end - start, _MOST),
        )


def _unquoted(octets: FileOctets, start: int, end: int) -> Iterator[bytes]:
    """As it was, behind the line that no quoting is in."""
    yield octets[start : min(end, start + len(SEPARATOR))]
    unquoting = Unquoting()
    unquoting.take(b"-")  # in the middle of a line
    for piece in _pieces(octets, start + len(SEPARATOR), end):
        yield unquoting.take(piece)
    yield unquoting.end()


def _blank_octets(octets: FileOctets, end: int) -> int:
    """How long the empty line before ``end`` is, which is none of the message's."""
    last = octets[max(0, end - 4) : end]
    if last.endswith(b"\n\r\n"):
        return 2
    return 1 if last.endswith(b"\n\n") else 0


def _pieces(octets: FileOctets, at: int, end: int) -> Iterator[bytes]:
    for start in range(at, end, _PIECE_OCTETS):
        yield octets[start : min(start + _PIECE_OCTETS, end)]


def _has_mbox(tree: ReadOnlyTree) -> bool:
    return any(
        name.endswith(ENDING) and not is_directory and _is_mbox(tree, PurePosixPath(name))
        for name, is_directory in tree.names()
    )


def _is_mbox(tree: ReadOnlyTree, path: PurePosixPath) -> bool:
    with suppress(BackupError):
        return begins_as_mbox(tree.read(path, len(SEPARATOR)))
    return False
