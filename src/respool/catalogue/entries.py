"""What a search in the catalogue gives: folders, messages, and where they stood."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from respool.catalogue.generations import Known
from respool.cyrus.message_headers import AddressField
from respool.model.accounts import Account, folder_path
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName

_SEEN: Final = 2  # where a message may stand, the better place higher
_DELETED: Final = 1
_EXPUNGED: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderEntry:
    """A folder of the catalogue; ``uniqueid`` is that which it had last, as far as is known."""

    number: int
    account: Account
    name: MailboxName
    uniqueid: str | None = None

    @property
    def path(self) -> str:
        """As people type it."""
        return folder_path(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One message in one folder, as it stood in ``generations``, a set of `Spans`."""

    folder: FolderEntry
    uid: int
    date: datetime
    flags: tuple[str, ...]
    is_expunged: bool
    is_archived: bool
    has_file: bool
    changed: datetime | None
    generations: int

    @property
    def is_seen(self) -> bool:
        """Whether people see it there: it is not deleted, and neither is its folder."""
        return self.rank == _SEEN

    @property
    def rank(self) -> int:
        """Higher where a person would look first."""
        if self.is_expunged:
            return _EXPUNGED
        return _DELETED if self.folder.name.is_deleted else _SEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEntry:
    """What a message is. ``guid`` is None where nobody knows it."""

    number: int
    guid: str | None
    sent: datetime | None
    size_bytes: int
    senders: tuple[AddressField, ...]
    recipients: tuple[AddressField, ...]
    copied: tuple[AddressField, ...]
    subject: str | None
    message_id: str | None
    has_attachment: bool | None
    has_body_words: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A message where it last stood. ``deleted_at`` is when its user deleted it, at the latest.

    ``generations`` are those in which the account has it no worse than here: where it stands
    in a folder of people's, those where it is only kept as deleted do not count. ``newest`` is
    the newest that has it here. ``beside`` are all places that ask the live account for
    a copy: those where people saw it in that generation, whatever was searched for; of what
    was only kept as deleted there, which was moved as a rule, those alone that were found.
    """

    message: MessageEntry
    standing: Standing
    generations: tuple[tuple[str, str], ...]
    newest: Known
    deleted_at: datetime | None
    beside: tuple[Standing, ...] = ()

    @property
    def account(self) -> Account:
        """Whose it is."""
        return self.standing.folder.account
