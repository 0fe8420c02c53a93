"""What is asked of an export, whatever its form and whoever made it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from respool.backups.export_tables import FolderTable
from respool.backups.known_names import KnownNames
from respool.exports.manifest_head import ExportForm
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where a message stands: a file of the export, or a stretch of one.

    ``file`` is relative to the export, or the name of a zip's member. ``size_bytes`` is what
    the message ought to have, None where nothing says so.
    """

    file: str
    offset: int | None = None
    length: int | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """What stands there: the octets of the message as far as can be told, and its time."""

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFacts:
    """Of whom and of when an export is; ``label`` names the state, ``software`` made it."""

    form: ExportForm
    account: Account
    label: str
    taken_at: datetime | None
    is_about: bool
    software: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the form itself keeps of a message besides its octets; None: nothing of that.

    ``internaldate`` counts seconds since 1970, UTC. ``keywords`` are those that it could keep.
    """

    internaldate: int | None = None
    flags: frozenset[str] | None = None
    keywords: frozenset[str] = frozenset()


class ExportSource(Protocol):
    """An export, opened: its folders, and which messages they have."""

    @property
    def facts(self) -> ExportFacts:
        """Of whom and of when it is."""

    @property
    def folders(self) -> tuple[str, ...]:
        """All its folders, as paths inside the account."""

    def table(self, folder: str) -> FolderTable:
        """The messages of a folder; a new table at each call.

        Raises:
            BackupFileMissing, BackupUnreadable, UnsafeBackupEntry.
        """

    def where(self, folder: str, at: int, length: int) -> Where:
        """Where a message of a table stands, by ``at`` and ``length`` of its row.

        Raises:
            BackupFileMissing: the export does not say so any more.
        """


class MessageStore(Protocol):
    """The messages themselves, in one form."""

    def stat(self, where: Where) -> Stood | None:
        """What stands there; None for nothing.

        Raises:
            UnsafeBackupEntry, BackupUnreadable.
        """

    def open(self, where: Where) -> int:
        """A descriptor of a file with the octets of the message alone; the caller closes it.

        Raises:
            BackupFileMissing, UnsafeBackupEntry, BackupUnreadable.
        """

    def kept(self, where: Where) -> Kept:
        """What stands there besides the octets, of a message that is there.

        Raises:
            BackupFileMissing, UnsafeBackupEntry, BackupUnreadable.
        """

    def name_of(self, where: Where) -> str:
        """What `others` knows a message by."""

    def others(self, known: KnownNames) -> Iterator[str]:
        """What is there besides the messages that are ``known``, lazily: names, for people.

        Raises:
            BackupFileMissing, UnsafeBackupEntry, BackupUnreadable.
        """
