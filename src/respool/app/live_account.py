"""The live account, read natively from the spool of the server on this machine.

No password is needed and nothing is asked of the server: whoever may read its files, which
is root, can look. Nothing is ever written.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from respool.app.settings import Settings
from respool.backups.live_list import UNLISTED, UNREAD
from respool.backups.live_mailboxes import (
    Pair,
    Read,
    live_generation,
    live_sources,
    read_live,
)
from respool.backups.source import SourceMailbox, read_mailbox, tree_at
from respool.errors import RespoolError
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.generations import Generation
from respool.system.live_tree import LiveTree

_NO_MAIL: Final = "none of the partitions of {} is on this machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveNotLooked:
    """Why the live account was not looked at, for people."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlace:
    """Where an account's live mail is: the server as a generation, the account as it calls it.

    ``sources`` are its mailboxes by name, deleted ones included, none of them read yet.
    """

    generation: Generation
    account: Account
    sources: tuple[SourceMailbox, ...]

    @property
    def is_there(self) -> bool:
        """Whether the live server has the account, not only deleted mailboxes of it."""
        return any(not each.name.is_deleted for each in self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAccount:
    """An account's live mailboxes as read, by name: `Pair` values as those of a generation.

    Below DELETED are those that delayed deletion keeps (``name.is_deleted``); expunged
    messages whose files are kept are ``mailbox.recoverable()``.
    """

    place: LivePlace
    pairs: tuple[Pair, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def present(self) -> tuple[Pair, ...]:
        """The mailboxes that people see."""
        return tuple(each for each in self.pairs if not each[0].name.is_deleted)

    @property
    def unread(self) -> tuple[Finding, ...]:
        """What of its mail that people see cannot be read: nobody knows what is there."""
        return tuple(each for each in self.findings if each.code in {UNLISTED, UNREAD})

    @property
    def deleted(self) -> tuple[Pair, ...]:
        """Those that were deleted and are kept."""
        return tuple(each for each in self.pairs if each[0].name.is_deleted)


def find_live(settings: Settings, account: Account) -> LivePlace | LiveNotLooked:
    """Where the account's live mail is; why that cannot be told where it cannot."""
    generation = live_generation(settings.imapd_conf, datetime.now(UTC))
    try:
        tree = tree_at(generation.parts[0].place)
        if not isinstance(tree, LiveTree) or not tree.has_mail:
            return LiveNotLooked(why=_NO_MAIL.format(settings.imapd_conf))
        called = _as_server_calls_it(account, tree)
        sources = live_sources(generation, called)
    except RespoolError as error:
        return LiveNotLooked(why=_said(error))
    return LivePlace(generation=generation, account=called, sources=sources)


def look_at_live(
    settings: Settings, account: Account, read: Read = read_mailbox
) -> LiveAccount | LiveNotLooked:
    """The account as it is now; see `read_live` for what is read and how."""
    place = find_live(settings, account)
    if isinstance(place, LiveNotLooked):
        return place
    try:
        found = read_live(place.generation, place.account, read)
    except RespoolError as error:
        return LiveNotLooked(why=_said(error))
    sources = tuple(source for source, _ in found.pairs)
    return LiveAccount(
        place=replace(place, sources=sources), pairs=found.pairs, findings=found.findings
    )


def _as_server_calls_it(account: Account, tree: LiveTree) -> Account:
    """Its default domain is no part of a mailbox's name."""
    default = tree.configuration.text("defaultdomain")
    return replace(account, domain=None) if default and account.domain == default else account


def _said(error: RespoolError) -> str:
    return error.what if error.why is None else f"{error.what}: {error.why}"
