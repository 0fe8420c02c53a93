"""An account as it stood in a generation or stands live, to be compared with another time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from respool.app.live_account import LiveNotLooked, look_at_live
from respool.app.settings import Settings
from respool.backups.contents import mailboxes_of
from respool.backups.counted import read_by_names
from respool.backups.live_mailboxes import Pair
from respool.backups.mailboxes import with_state
from respool.backups.server_state import server_state
from respool.backups.source import SourceMailbox
from respool.errors import ServerNotFound
from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.generations import Generation
from respool.model.inventory import COMPARED, StoredMailbox
from respool.planning.state_changes import FolderState

_FIRST_WITH_SEEN = 12  # the first index version that holds the owner's own


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """One account at one time: its folders with where they lie, in the same order."""

    account: Account
    generation: Generation
    sources: tuple[SourceMailbox, ...]
    folders: tuple[FolderState, ...]
    findings: tuple[Finding, ...]

    @property
    def is_there(self) -> bool:
        """Whether it has the account, not only deleted mailboxes of it."""
        return any(not each.name.is_deleted for each in self.sources)


def state_in(generation: Generation, account: Account) -> AccountState:
    """The account in a generation.

    Raises:
        BackupFileMissing, BackupUnreadable: a part cannot be opened.
    """
    sources = mailboxes_of(generation, account)
    pairs = [(each, read_by_names(each, COMPARED)) for each in sources]
    return _state(generation, account, pairs, ())


def state_live(settings: Settings, account: Account) -> AccountState:
    """The account as it stands on this machine's server.

    Raises:
        ServerNotFound: it cannot be looked at.
    """
    live = look_at_live(settings, account, partial(read_by_names, columns=COMPARED))
    if isinstance(live, LiveNotLooked):
        raise ServerNotFound(
            "the live account cannot be looked at",
            why=live.why,
            hint="run it as root on the mail server; --imapd-conf FILE names its configuration",
        )
    return _state(live.place.generation, live.place.account, live.pairs, live.findings)


def _state(
    generation: Generation,
    account: Account,
    pairs: Sequence[Pair],
    findings: tuple[Finding, ...],
) -> AccountState:
    folders = tuple(_folder(source, mailbox, account) for source, mailbox in pairs)
    about = tuple(
        replace(each, subject=f"{source.name.display}: {each.subject}")
        for (source, _), folder in zip(pairs, folders, strict=True)
        for each in folder.mailbox.findings
        if each.uid is None
    )
    return AccountState(
        account=account,
        generation=generation,
        sources=tuple(source for source, _ in pairs),
        folders=folders,
        findings=(*findings, *about),
    )


def _folder(source: SourceMailbox, read: StoredMailbox, account: Account) -> FolderState:
    mailbox, state = with_state(source, read, account)
    is_kept = server_state(source.spool).is_there
    is_in_index = (mailbox.index_version or 0) >= _FIRST_WITH_SEEN
    is_somebodys = account.kind is AccountKind.USER or mailbox.shared_seen
    return FolderState(
        mailbox=mailbox,
        state=state,
        is_seen_known=is_somebodys and (is_in_index or is_kept),
        are_readers_known=is_kept and not mailbox.shared_seen,
    )
