"""What ``manifest.json`` of an export lists of each folder, as one digest each."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, NamedTuple, Protocol, cast

from respool.errors import FormatError
from respool.exports.manifest import MANIFEST_FILE, ManifestReader
from respool.exports.manifest_entry import ManifestEntry
from respool.exports.manifest_head import ExportForm
from respool.model.dataclasses import dataclass
from respool.system.read_only import ReadOnlyTree
from respool.verification.exported_files import Group
from respool.verification.exported_zip import MemberStream, opened_zip


class _Digest(Protocol):
    def update(self, octets: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class RowsBlock(NamedTuple):
    """What is said of some messages of a folder."""

    messages: int
    octets: bytes


def rows_block(group: Group, *, has_place: bool) -> RowsBlock:
    """Messages of the plan, as they were written; ``has_place``: in a file with others."""
    rows = []
    for message, written in group:
        place = (written.offset, written.length) if has_place else (None, None)
        rows.append(
            _octets(
                (
                    *(message.uid, written.guid, written.sha256, message.size_bytes),
                    *(message.internaldate, tuple(message.flags), written.file, *place),
                )
            )
        )
    return RowsBlock(len(rows), b"".join(rows))


def _octets(row: tuple[object, ...]) -> bytes:
    return repr(row).encode("utf-8", "surrogatepass")


class FolderRows:
    """What is said of the messages of one folder: how many, and a digest of all of it."""

    def __init__(self) -> None:
        self._digest: _Digest = hashlib.sha256()
        self.count = 0

    def add_block(self, block: RowsBlock) -> None:
        """Messages of the plan, as they were written."""
        self.count += block.messages
        self._digest.update(block.octets)

    def add_entry(self, entry: ManifestEntry) -> None:
        """A message of the manifest; of one that was lost nothing is in the export."""
        if entry.file is not None:
            row = (
                *(entry.uid, entry.guid, entry.sha256, entry.size_bytes),
                *(entry.internaldate, tuple(entry.flags)),
                *(entry.file, entry.offset, entry.length),
            )
            self.add_block(RowsBlock(1, _octets(row)))

    def is_like(self, other: FolderRows) -> bool:
        """Whether both are of the same messages."""
        return self.count == other.count and self._digest.digest() == other._digest.digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest that was read to its end; it holds one digest a folder."""

    folders: Mapping[str, FolderRows]

    @classmethod
    def read(cls, form: ExportForm, path: str, finished: Mapping[str, Any]) -> Manifest:
        """That of the export at ``path``; ``finished`` is what the last step said of a zip.

        Raises:
            BackupError, FormatError, OSError: it is not there, cut or altered.
        """
        folders: dict[str, FolderRows] = {}
        with _opened(form, path, finished) as stream:
            for placed in ManifestReader(stream.readline).entries():
                folders.setdefault(placed.entry.folder, FolderRows()).add_entry(placed.entry)
        return cls(folders=folders)

    def rows_of(self, folder: str) -> FolderRows:
        """Those of a folder; none, where it lists none."""
        return self.folders.get(folder) or FolderRows()


@contextmanager
def _opened(form: ExportForm, path: str, finished: Mapping[str, Any]) -> Iterator[IO[bytes]]:
    if form is not ExportForm.ZIP:
        with ReadOnlyTree(path).open_file(MANIFEST_FILE) as raw:
            yield io.BufferedReader(cast("io.RawIOBase", raw))
        return
    with opened_zip(path) as zip_file:
        for member in zip_file.members(*finished.get("central", {}).get("", (0, 0))):
            if member.name == MANIFEST_FILE:
                yield io.BufferedReader(MemberStream(zip_file, member))
                return
        raise FormatError(f"the zip has no {MANIFEST_FILE}")
