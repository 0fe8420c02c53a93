"""What the folders of an account hold in a generation."""

from __future__ import annotations

from dataclasses import dataclass

from respool.app.backups import backup_of
from respool.app.selection import Selection, Wanted, select
from respool.app.settings import Settings
from respool.backups.contents import read_mailbox
from respool.model.accounts import Account, AccountKind, folder_path
from respool.model.generations import Generation
from respool.model.inventory import StoredMailbox

_SEEN = 1 << 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSummary:
    """Counts of one mailbox; None is unknown.

    Without an index, ``messages`` are the message files. ``unseen`` is unknown for a
    mailshare whose readers each have their own.
    """

    mailbox: StoredMailbox
    messages: int
    unseen: int | None
    expunged: int | None
    size_bytes: int

    def as_json(self) -> dict[str, object]:
        """The shape in ``show --json``."""
        mailbox = self.mailbox
        return {
            "name": mailbox.name.display,
            "path": folder_path(mailbox.name),
            "messages": self.messages,
            "unseen": self.unseen,
            "expunged": self.expunged,
            "size_bytes": self.size_bytes,
            "uidvalidity": mailbox.uidvalidity,
            "keywords": [keyword for keyword in mailbox.keywords if keyword is not None],
            "acl": dict(mailbox.acl),
            "index_version": mailbox.index_version,
            "findings": [finding.as_json() for finding in mailbox.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountContents:
    """An account in one generation, its folders by name."""

    account: Account
    generation: Generation
    is_older: bool
    folders: tuple[FolderSummary, ...]

    def as_json(self) -> dict[str, object]:
        """The shape of ``show --json``."""
        return {
            "account": self.account.address,
            "kind": self.account.kind.value,
            "generation": self.generation.label,
            "mailboxes": [folder.as_json() for folder in self.folders],
        }


def show_account(settings: Settings, wanted: Wanted) -> AccountContents:
    """The folders of an account, deleted ones last.

    Raises:
        BackupNotFound, GenerationNotFound, AccountNotInGeneration, AmbiguousName.
    """
    selection = select(backup_of(settings), wanted)
    return contents_of(selection)


def contents_of(selection: Selection) -> AccountContents:
    """The same, of a selection; reads every index."""
    is_share = selection.account.kind is AccountKind.MAILSHARE
    mailboxes = [read_mailbox(source) for source in selection.mailboxes]
    mailboxes.sort(key=lambda mailbox: (mailbox.name.is_deleted, mailbox.name.parts))
    return AccountContents(
        account=selection.account,
        generation=selection.generation,
        is_older=selection.is_older,
        folders=tuple(_summary(mailbox, is_share=is_share) for mailbox in mailboxes),
    )


def _summary(mailbox: StoredMailbox, *, is_share: bool) -> FolderSummary:
    if not mailbox.has_index:
        return FolderSummary(
            mailbox=mailbox,
            messages=len(mailbox.orphans),
            unseen=None,
            expunged=None,
            size_bytes=int(mailbox.orphans["size"].sum()),
        )
    visible = mailbox.records[mailbox.visible()]
    unseen = int(((visible["system_flags"] & _SEEN) == 0).sum())
    return FolderSummary(
        mailbox=mailbox,
        messages=len(visible),
        unseen=None if is_share and not mailbox.shared_seen else unseen,
        expunged=int(mailbox.recoverable().sum()),
        size_bytes=int(visible["size"].sum()),
    )
