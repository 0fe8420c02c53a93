"""A Maildir++ without a manifest: of any mail program, or an export whose manifest is gone.

Flags are those of the names and of ``dovecot-keywords``, dates the times of the files. UIDs
are those in the names of an export of ours, else the messages are numbered by their names.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Final

from respool.backups.export_source import ExportFacts, Where
from respool.backups.export_tables import ExportedMessage, FolderTable, table_of
from respool.errors import BackupError, BackupFileMissing
from respool.exports.maildir_names import (
    DIRECTORIES,
    KEYWORDS_FILE,
    parse_info,
    parse_keywords,
    uid_of,
)
from respool.model.accounts import INBOX
from respool.model.dataclasses import dataclass
from respool.model.names import decoded_part
from respool.system.read_only import Entry, EntryKind, ReadOnlyTree

_CUR, _NEW = DIRECTORIES[0], DIRECTORIES[1]
_KEYWORDS_LIMIT: Final = 1 << 16
_NANOSECONDS: Final = 1_000_000_000
_KEPT: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """One message file of a folder, in ``cur`` or in ``new``."""

    inner: str
    entry: Entry


def is_maildir(tree: ReadOnlyTree) -> bool:
    """Whether a directory is a Maildir, or holds the folders of one."""
    return bool(folders_in(tree))


def folders_in(tree: ReadOnlyTree) -> dict[str, PurePosixPath]:
    """The directory of each folder, by its path inside the account."""
    found: dict[str, PurePosixPath] = {}
    if _is_folder(tree, PurePosixPath()):
        found[INBOX] = PurePosixPath()
    for name in tree.subdirectories():
        parts = name[1:].split(".")
        if name.startswith(".") and all(parts) and _is_folder(tree, PurePosixPath(name)):
            found.setdefault("/".join(decoded_part(part) for part in parts), PurePosixPath(name))
    return found


class MaildirSource:
    """A Maildir by its names; see `ExportSource`."""

    def __init__(self, tree: ReadOnlyTree, facts: ExportFacts) -> None:
        """List the folders."""
        self._tree = tree
        self._facts = facts
        self._places = folders_in(tree)
        self._names: dict[str, list[str]] = {}
        self._guard = threading.Lock()

    @property
    def facts(self) -> ExportFacts:
        """Of whom it is, as far as its place tells."""
        return self._facts

    @property
    def folders(self) -> tuple[str, ...]:
        """Its folders."""
        return tuple(self._places)

    def table(self, folder: str) -> FolderTable:
        """The messages of a folder, in the order of their UIDs or names."""
        place = self._places[folder]
        listed = sorted(self._listed(place), key=_order)
        names = [f"{each.inner}/{each.entry.name}" for each in listed]
        with self._guard:
            while len(self._names) >= _KEPT:
                self._names.pop(next(iter(self._names)))
            self._names[folder] = names
        return table_of(self._messages(place, listed), len(listed))

    def where(self, folder: str, at: int, length: int) -> Where:
        """The file that was listed at ``at``; ``length`` is a hash of its name, for a second list.

        Mail may have come or gone meanwhile.
        """
        names = self._names.get(folder)
        while names is None:
            self.table(folder)
            names = self._names.get(folder)
        likely = names[at : at + 1]
        found = next((name for name in (*likely, *names) if _hash(name) == length), None)
        if found is None:
            raise BackupFileMissing(f"a message of {folder} is not there any more")
        return Where(file=str(self._places[folder] / found))

    def _listed(self, place: PurePosixPath) -> Iterator[_Listed]:
        for inner in (_CUR, _NEW):
            with suppress(BackupFileMissing):
                for entry in self._tree.scan(place / inner):
                    if entry.kind is EntryKind.FILE and not entry.name.startswith("."):
                        yield _Listed(inner=inner, entry=entry)

    def _messages(
        self, place: PurePosixPath, listed: Sequence[_Listed]
    ) -> Iterator[ExportedMessage]:
        keywords = folder_keywords(self._tree, place)
        uids = [uid_of(each.entry.name) for each in listed]
        is_ours = all(uid for uid in uids) and len(set(uids)) == len(uids)
        for number, (each, uid) in enumerate(zip(listed, uids, strict=True)):
            name = each.entry.name
            flags = parse_info(name, keywords) if each.inner == _CUR else frozenset()
            yield ExportedMessage(
                uid=uid if is_ours and uid else number + 1,
                internaldate=each.entry.mtime_ns // _NANOSECONDS,
                size_bytes=each.entry.size_bytes,
                flags=tuple(sorted(flags)),
                guid=None,
                at=number,
                length=_hash(name),
            )


def folder_keywords(tree: ReadOnlyTree, folder: PurePosixPath) -> tuple[str, ...]:
    """The keywords of a folder by their letters; Dovecot keeps a list in each."""
    with suppress(BackupError):
        octets = tree.read(folder / KEYWORDS_FILE, _KEYWORDS_LIMIT)
        return parse_keywords(octets.decode("ascii", "replace"))
    return ()


def _is_folder(tree: ReadOnlyTree, place: PurePosixPath) -> bool:
    return all(tree.is_directory(place / inner) for inner in (_CUR, _NEW))


def _hash(name: str) -> int:
    """Of what stays of a name when its flags change."""
    base = PurePosixPath(name).name.partition(":")[0]
    return zlib.crc32(base.encode("utf-8", "surrogateescape"))


def _order(each: _Listed) -> tuple[int, int, str]:
    """By UID, else by the seconds that a name begins with, as servers number a Maildir."""
    name = each.entry.name
    seconds = name.partition(".")[0]
    return uid_of(name) or 0, int(seconds) if seconds.isdecimal() else 0, name
