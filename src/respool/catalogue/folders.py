"""Accounts and folders, and which generations have which version of a folder.

What is between two generations that were read is said of none in between before that one
was read, too: then what it has is kept, and the rest is cut out.
"""

from __future__ import annotations

from respool.catalogue.database import Database, Row
from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName

OPEN = 0  # as the first or last version of a stand: it goes on as far as is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One generation among those that were read: the nearest before and after it, if any."""

    ordinal: int
    below: int | None
    above: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """What tells that an index is the same file; no inode: nothing does."""

    inode: int
    octets: int
    mtime: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderCounts:
    """What one version of a folder holds; as the columns of ``folder_version``."""

    uniqueid: str | None
    uidvalidity: int | None
    messages: int
    unseen: int | None
    expunged: int
    size_octets: int
    missing: int
    stubs: int
    problem: str | None
    odd: int
    is_damaged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPlace:
    """A new version of a folder among those that are known: the one before it, and after."""

    version: int
    below: int | None
    above: int | None


def account_number(database: Database, account: Account) -> int:
    """The number of an account, made if need be."""
    key = (account.kind.value, octets_as_text(account.login), octets_as_text(account.domain or ""))
    row = database.one("SELECT id FROM account WHERE (kind, login, domain) = (?, ?, ?)", key)
    if row is not None:
        return int(row[0])
    return database.write("INSERT INTO account (kind, login, domain) VALUES (?, ?, ?)", key)


def accounts_by_number(database: Database) -> dict[int, Account]:
    """All accounts that the catalogue knows."""
    return {
        number: Account(kind=AccountKind(kind), login=_text(login), domain=_text(domain) or None)
        for number, kind, login, domain in database.rows("SELECT * FROM account")
    }


def folder_number(database: Database, account: int, name: MailboxName) -> int:
    """The number of a folder, made if need be."""
    key = (account, written(name))
    row = database.one("SELECT id FROM folder WHERE (account, name) = (?, ?)", key)
    if row is not None:
        return int(row[0])
    return database.write("INSERT INTO folder (account, name) VALUES (?, ?)", key)


def written(name: MailboxName) -> str:
    """A mailbox name's parts as the catalogue has them; odd octets stay what they are.

    >>> written(MailboxName(domain="b.loc", parts=("user", "jdoe", "Sent")))
    'user/jdoe/Sent'
    """
    return octets_as_text("/".join(name.parts))


def read_name(text: str, domain: str | None) -> MailboxName:
    """The mailbox name that `written` wrote."""
    return MailboxName(domain=domain, parts=tuple(_text(text).split("/")))


def octets_as_text(text: str) -> str:
    """Each octet as a character: SQLite takes no text of octets that are no UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _text(octets: str) -> str:
    return octets.encode("latin-1").decode("utf-8", "surrogateescape")


class FolderHistory:
    """One folder's versions over the generations, to be added to."""

    def __init__(self, database: Database, folder: int, place: Place) -> None:
        self._database = database
        self._folder = folder
        self._place = place
        self._stands = database.rows(
            "SELECT first, last, version FROM folder_stand WHERE folder = ? ORDER BY first",
            (folder,),
        )

    def is_as_before(self, file: IndexFile) -> bool:
        """Whether a neighbouring generation has the same index; then this one has it, too."""
        if not file.inode:
            return False
        for stand, first, last in self._candidates():
            if self._file_of(stand[2]) == file:
                self._database.write(
                    "UPDATE folder_stand SET first = ?, last = ? WHERE folder = ? AND first = ?",
                    (first, last, self._folder, stand[0]),
                )
                return True
        return False

    def _candidates(self) -> list[tuple[Row, int, int]]:
        """The stands that may go on here, each with the first and last it would then have."""
        here, place = self._place.ordinal, self._place
        found: list[tuple[Row, int, int]] = []
        for stand in self._stands:
            first, last, _ = stand
            if first <= here <= last:
                return [(stand, first, last)]
            if place.below is not None and place.below <= last < here:
                found.append((stand, first, here))
            if place.above is not None and here < first <= place.above:
                found.append((stand, here, last))
        return found

    def _file_of(self, version: int) -> IndexFile:
        row = self._database.one(
            "SELECT inode, octets, mtime FROM folder_version WHERE folder = ? AND version = ?",
            (self._folder, version),
        )
        inode, octets, mtime = row or (0, 0, 0)
        return IndexFile(inode=inode, octets=octets, mtime=mtime)

    def cut_out(self) -> None:
        """Say of none of the folder's versions that this generation has it."""
        here, place = self._place.ordinal, self._place
        for first, last, version in self._stands:
            if not first <= here <= last:
                continue
            key = (self._folder, first)
            self._database.write("DELETE FROM folder_stand WHERE folder = ? AND first = ?", key)
            below = place.below if place.below is not None and first <= place.below else None
            above = place.above if place.above is not None and place.above <= last else None
            lower = upper = version
            # What is read here next is version ``here``: no other generation may go by that.
            if below is not None and (version == here or (above is not None and version > here)):
                lower = self._copy_version(version, below)
            if above is not None and (version == here or (below is not None and version < here)):
                upper = self._copy_version(version, above)
            if below is not None:
                self._add_stand(first, below, lower)
            if above is not None:
                self._add_stand(above, last, upper)

    def _copy_version(self, version: int, again: int) -> int:
        """The same version under a second number, for the other side of another one."""
        columns = (
            "inode, octets, mtime, uniqueid, uidvalidity, messages, unseen, expunged,"
            " size_octets, missing, stubs, problem, odd, is_damaged"
        )
        self._database.write(
            f"INSERT OR REPLACE INTO folder_version (folder, version, {columns})"
            f" SELECT folder, ?, {columns} FROM folder_version WHERE folder = ? AND version = ?",
            (again, self._folder, version),
        )
        end = "last" if again > version else "first"
        self._database.write(
            f"UPDATE stand SET {end} = ? WHERE folder = ? AND {end} = ?",
            (again, self._folder, version),
        )
        return again

    def add(self, file: IndexFile, counts: FolderCounts) -> VersionPlace:
        """A version that none of the neighbours has; whatever was said of here is cut out."""
        self.cut_out()
        here = self._place.ordinal
        row = self._database.one(
            "SELECT (SELECT max(version) FROM folder_version WHERE folder = ?1 AND version < ?2),"
            " (SELECT min(version) FROM folder_version WHERE folder = ?1 AND version > ?2)",
            (self._folder, here),
        )
        below, above = row or (None, None)
        self._database.write(
            "INSERT OR REPLACE INTO folder_version"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._folder,
                here,
                file.inode,
                file.octets,
                file.mtime,
                counts.uniqueid,
                counts.uidvalidity,
                counts.messages,
                counts.unseen,
                counts.expunged,
                counts.size_octets,
                counts.missing,
                counts.stubs,
                counts.problem,
                counts.odd,
                counts.is_damaged,
            ),
        )
        self._add_stand(here, here, here)
        return VersionPlace(version=here, below=below, above=above)

    def read_again(self) -> None:
        """What was added is to be read again, though its file is the same."""
        self._database.write(
            "UPDATE folder_version SET inode = 0 WHERE folder = ? AND version = ?",
            (self._folder, self._place.ordinal),
        )

    def _add_stand(self, first: int, last: int, version: int) -> None:
        self._database.write(
            "INSERT OR REPLACE INTO folder_stand VALUES (?, ?, ?, ?)",
            (self._folder, first, last, version),
        )
