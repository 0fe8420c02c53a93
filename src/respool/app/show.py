"""What the folders of an account hold in a generation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from respool.app.access_log import note_reading, of_selection
from respool.app.backups import backup_of
from respool.app.folders import FolderSummary, read_folder
from respool.app.matching_messages import matching_messages, nothing_matches
from respool.app.pickers import in_one_folder
from respool.app.selection import Selection, Wanted, select
from respool.app.settings import Settings
from respool.app.still_live import still_there
from respool.backups.server_state import ServerState, server_state
from respool.backups.source import SourceMailbox
from respool.model.accounts import Account, AccountKind
from respool.model.conditions import EVERY_MESSAGE, Conditions
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.generations import Generation
from respool.model.names import MailboxName


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountContents:
    """An account in one generation, its folders by name.

    ``subscriptions`` are the mailboxes that a user subscribed to; None for a mailshare,
    which is nobody who could, and where the backup has nothing of what the server kept
    outside mailboxes. ``findings`` are about that. ``still_there`` is how many of the messages
    that people saw are in live mail still; None where that was not looked at.
    """

    account: Account
    generation: Generation
    is_older: bool
    subscriptions: tuple[MailboxName, ...] | None
    folders: tuple[FolderSummary, ...]
    findings: tuple[Finding, ...]
    still_there: int | None = None

    @property
    def has_server_state(self) -> bool:
        """Whether the backup has what a server keeps outside mailboxes, of every folder."""
        return all(folder.has_server_state for folder in self.folders)

    def as_json(self) -> dict[str, object]:
        """The shape of ``show --json``."""
        names = self.subscriptions
        return {
            "account": self.account.address,
            "kind": self.account.kind.value,
            "generation": self.generation.label,
            "subscriptions": None if names is None else [name.display for name in names],
            "findings": [finding.as_json() for finding in self.findings],
            "still_there": self.still_there,
            "mailboxes": [folder.as_json() for folder in self.folders],
        }


def show_account(
    settings: Settings,
    wanted: Wanted,
    *,
    conditions: Conditions = EVERY_MESSAGE,
    has_raw: bool = False,
) -> AccountContents:
    """The folders of an account, or those that are wanted of them; deleted ones last.

    With ``conditions`` the messages alone that fulfil them, and the folders that have some.

    Raises:
        BackupNotFound, GenerationNotFound, AccountNotInGeneration, FolderNotInGeneration,
        AmbiguousName, NothingMatches.
    """
    selection = select(backup_of(settings), in_one_folder(wanted, conditions))
    note_reading(settings, of_selection("show", selection, is_whole=not wanted.folders))
    contents = contents_of(selection, conditions=conditions, has_raw=has_raw)
    seen = [
        (each.mailbox, each.mailbox.visible())
        for each in contents.folders
        if not each.mailbox.name.is_deleted
    ]
    return replace(contents, still_there=still_there(settings, selection.account, seen))


def contents_of(
    selection: Selection, *, conditions: Conditions = EVERY_MESSAGE, has_raw: bool = False
) -> AccountContents:
    """The same, of a selection; reads every index."""
    account = selection.account
    sources = sorted(
        selection.mailboxes, key=lambda source: (source.name.is_deleted, source.name.parts)
    )
    folders = tuple(_folders(selection, sources, conditions, has_raw=has_raw))
    if not folders and not conditions.is_empty:
        raise nothing_matches(selection, conditions)
    kept = [server_state(place) for place in dict.fromkeys(each.spool for each in sources)]
    return AccountContents(
        account=account,
        generation=selection.generation,
        is_older=selection.is_older,
        subscriptions=_subscriptions(account, kept),
        folders=folders,
        findings=tuple(finding for each in kept for finding in each.findings_so_far),
    )


def _folders(
    selection: Selection,
    sources: Sequence[SourceMailbox],
    conditions: Conditions,
    *,
    has_raw: bool,
) -> Iterator[FolderSummary]:
    """Each folder; with conditions those that have something, deleted mail too."""
    for source in sources:
        if conditions.is_empty:
            yield read_folder(source, selection.account, has_raw=has_raw)
            continue
        narrow = partial(
            matching_messages, selection, source, conditions=conditions, has_expunged=True
        )
        found = read_folder(source, selection.account, has_raw=has_raw, narrow=narrow)
        if found.counts.messages or found.counts.expunged:
            yield found


def _subscriptions(
    account: Account, kept: Sequence[ServerState]
) -> tuple[MailboxName, ...] | None:
    """What the servers of the account's mailboxes know, each name once."""
    there = [each for each in kept if each.is_there]
    if account.kind is not AccountKind.USER or not there:
        return None
    return tuple(
        dict.fromkeys(name for each in there for name in each.subscriptions(account.userid))
    )
