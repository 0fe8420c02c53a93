"""The folders of an export, each opened when it is asked for, as directories of a spool."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from respool.backups.export_source import ExportSource, MessageStore, Stood, Where
from respool.backups.export_tables import header_octets, index_octets, index_pieces
from respool.cyrus.spool_paths import PathRules, mailbox_directory
from respool.errors import BackupFileMissing
from respool.model.accounts import Account, folder_parts
from respool.model.dataclasses import dataclass
from respool.model.names import DELETED, MailboxName
from respool.system.unlinked_file import UnlinkedFile, unlinked_file

Parts = tuple[str, ...]

_KEPT: Final = 2  # folders whose places are held
_UIDS_AT_ONCE: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What is kept of a folder's table: where its messages stand, and the files made of it.

    The table itself takes seven times as much: most exports are smaller than 4 GiB, and what is
    told of a message than 64 KiB.
    """

    uids: NDArray[np.uint32]
    at: NDArray[np.unsignedinteger[Any]]
    lengths: NDArray[np.unsignedinteger[Any]]
    header: bytes
    index: UnlinkedFile
    index_octets: int


class OpenFolder:
    """One folder: its messages by their UIDs, and what a server would keep beside them.

    May be used by several threads.
    """

    def __init__(self, folder: str, source: ExportSource, store: MessageStore) -> None:
        self._folder = folder
        self._source = source
        self._store = store
        self._guard = threading.Lock()
        self._read: _Made | None = None

    def uids(self) -> Iterator[int]:
        """The UIDs of its messages, ascending."""
        uids = self._made.uids
        for start in range(0, len(uids), _UIDS_AT_ONCE):
            yield from uids[start : start + _UIDS_AT_ONCE].tolist()

    def stood(self, uid: int) -> Stood | None:
        """What stands where a message should be; None where the folder has none of that UID.

        Raises:
            UnsafeBackupEntry, BackupUnreadable.
        """
        where = self._where(uid)
        return None if where is None else self._store.stat(where)

    def message(self, uid: int) -> int:
        """A descriptor of a file with a message's octets, which the caller closes.

        Raises:
            BackupFileMissing, UnsafeBackupEntry, BackupUnreadable.
        """
        where = self._where(uid)
        if where is None:
            raise BackupFileMissing(f"there is no message {uid} in {self._folder} of the export")
        return self._store.open(where)

    def header(self) -> int:
        """A descriptor of its ``cyrus.header``."""
        return unlinked_file((self._made.header,))

    def index(self) -> int:
        """A descriptor of its ``cyrus.index``, with a position of its own."""
        return self._made.index.opened()

    def size_of_header(self) -> int:
        """In octets."""
        return len(self._made.header)

    def size_of_index(self) -> int:
        """In octets."""
        return self._made.index_octets

    @property
    def _made(self) -> _Made:
        """Read when it is needed: most who list folders only ask whether there is mail."""
        with self._guard:
            if self._read is None:
                table = self._source.table(self._folder)
                self._read = _Made(
                    uids=table.rows["uid"].copy(),
                    at=_narrow(table.rows["at"]),
                    lengths=_narrow(table.rows["length"]),
                    header=header_octets(table, self._source.facts.account),
                    index=UnlinkedFile(index_pieces(table)),
                    index_octets=index_octets(table),
                )
            return self._read

    def _where(self, uid: int) -> Where | None:
        made = self._made
        number = int(np.searchsorted(made.uids, np.uint32(uid)))
        if number >= len(made.uids) or int(made.uids[number]) != uid:
            return None
        return self._source.where(self._folder, int(made.at[number]), int(made.lengths[number]))


def _narrow(numbers: NDArray[np.unsignedinteger[Any]]) -> NDArray[np.unsignedinteger[Any]]:
    """The same numbers in no more octets than the largest of them needs."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))


class OpenFolders:
    """All folders of an export, as directories of a spool; the tables of a few are held."""

    def __init__(self, source: ExportSource, store: MessageStore) -> None:
        self._source = source
        self._store = store
        self._guard = threading.Lock()
        self._held: OrderedDict[Parts, OpenFolder] = OrderedDict()
        self._folders = directories_of(source.facts.account, source.folders)
        below: dict[Parts, set[str]] = {(): set()}
        for parts in self._folders:
            for size in range(len(parts)):
                below.setdefault(parts[:size], set()).add(parts[size])
            below.setdefault(parts, set())
        self._below = {parts: tuple(sorted(names)) for parts, names in below.items()}

    def is_directory(self, parts: Parts) -> bool:
        """Whether there is a directory."""
        return parts in self._below

    def below(self, parts: Parts) -> tuple[str, ...]:
        """Names of the directories in one, sorted; nothing where there is none."""
        return self._below.get(parts, ())

    def folder(self, parts: Parts) -> OpenFolder | None:
        """The folder of a directory; None where it is none.

        Raises:
            BackupFileMissing, BackupUnreadable, UnsafeBackupEntry.
        """
        folder = self._folders.get(parts)
        if folder is None:
            return None
        with self._guard:
            held = self._held.get(parts)
            if held is None:
                while len(self._held) >= _KEPT:
                    self._held.popitem(last=False)
                held = self._held[parts] = OpenFolder(folder, self._source, self._store)
            else:
                self._held.move_to_end(parts)
            return held


def directories_of(account: Account, folders: tuple[str, ...]) -> dict[Parts, str]:
    """The directory of each folder in the names layout; those that no server could have are left.

    >>> from respool.model.accounts import AccountKind
    >>> user = Account(kind=AccountKind.USER, login="jdoe", domain=None)
    >>> directories_of(user, ("INBOX", "Sent/2017", "a//b"))
    {('j', 'user', 'jdoe'): 'INBOX', ('j', 'user', 'jdoe', 'Sent', '2017'): 'Sent/2017'}
    """
    found: dict[Parts, str] = {}
    for folder in folders:
        name = _name_of(account, folder)
        if name is not None:
            found.setdefault(mailbox_directory(name, PathRules()).parts, folder)
    return found


def _name_of(account: Account, folder: str) -> MailboxName | None:
    root = account.root
    is_deleted = folder.startswith(f"{DELETED}/")
    try:
        below = folder_parts(folder.removeprefix(f"{DELETED}/") if is_deleted else folder)
        if {".", ".."}.intersection(below):
            return None
        parts = (DELETED, *root.parts, *below) if is_deleted else (*root.parts, *below)
        return MailboxName(domain=root.domain, parts=parts)
    except ValueError:
        return None
