"""What the folders of an account hold in a generation."""

from __future__ import annotations

from dataclasses import dataclass

from respool.app.backups import backup_of
from respool.app.folders import FolderSummary, read_folder
from respool.app.selection import Selection, Wanted, select
from respool.app.settings import Settings
from respool.backups.server_state import server_state
from respool.model.accounts import Account, AccountKind
from respool.model.generations import Generation
from respool.model.names import MailboxName


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountContents:
    """An account in one generation, its folders by name.

    ``subscriptions`` are the mailboxes that a user subscribed to; None for a mailshare,
    which is nobody who could.
    """

    account: Account
    generation: Generation
    is_older: bool
    subscriptions: tuple[MailboxName, ...] | None
    folders: tuple[FolderSummary, ...]

    def as_json(self) -> dict[str, object]:
        """The shape of ``show --json``."""
        names = self.subscriptions
        return {
            "account": self.account.address,
            "kind": self.account.kind.value,
            "generation": self.generation.label,
            "subscriptions": None if names is None else [name.display for name in names],
            "mailboxes": [folder.as_json() for folder in self.folders],
        }


def show_account(settings: Settings, wanted: Wanted, *, has_raw: bool = False) -> AccountContents:
    """The folders of an account, or those that are wanted of them; deleted ones last.

    Raises:
        BackupNotFound, GenerationNotFound, AccountNotInGeneration, FolderNotInGeneration,
        AmbiguousName.
    """
    return contents_of(select(backup_of(settings), wanted), has_raw=has_raw)


def contents_of(selection: Selection, *, has_raw: bool = False) -> AccountContents:
    """The same, of a selection; reads every index."""
    account = selection.account
    sources = sorted(
        selection.mailboxes, key=lambda source: (source.name.is_deleted, source.name.parts)
    )
    return AccountContents(
        account=account,
        generation=selection.generation,
        is_older=selection.is_older,
        subscriptions=_subscriptions(selection),
        folders=tuple(read_folder(source, account, has_raw=has_raw) for source in sources),
    )


def _subscriptions(selection: Selection) -> tuple[MailboxName, ...] | None:
    """What the servers of the account's mailboxes know, each name once."""
    if selection.account.kind is not AccountKind.USER:
        return None
    places = dict.fromkeys(source.spool for source in selection.mailboxes)
    names = (
        name
        for place in places
        for name in server_state(place).subscriptions(selection.account.userid)
    )
    return tuple(dict.fromkeys(names))
