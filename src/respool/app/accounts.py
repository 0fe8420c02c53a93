"""Which users and mailshares a generation holds, or all generations together."""

from __future__ import annotations

from dataclasses import dataclass

from respool.app.backups import backup_of
from respool.app.settings import Settings
from respool.backups.choice import choose_generation, usable_generations
from respool.backups.contents import list_accounts
from respool.backups.discovery import Backup
from respool.model.accounts import Account

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSummary:
    """One account; ``first`` and ``last`` are labels of generations, over all only."""

    account: Account
    is_deleted: bool
    first: str | None = None
    last: str | None = None

    def as_json(self) -> dict[str, object]:
        """The shape in ``accounts --json``."""
        return {
            "account": self.account.address,
            "kind": self.account.kind.value,
            "domain": self.account.domain,
            "is_deleted": self.is_deleted,
            "first": self.first,
            "last": self.last,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountListing:
    """The accounts of one generation (``generation`` is its label), or of ``all``."""

    generation: str
    accounts: tuple[AccountSummary, ...]

    def as_json(self) -> dict[str, object]:
        """The shape of ``accounts --json``."""
        return {
            "generation": self.generation,
            "accounts": [account.as_json() for account in self.accounts],
        }


def list_generation_accounts(settings: Settings, generation: str | None) -> AccountListing:
    """The accounts of a generation (the latest without one), or of ``all``.

    Raises:
        BackupNotFound, GenerationNotFound, BackupUnreadable.
    """
    backup = backup_of(settings)
    if generation == ALL:
        return _all(backup)
    chosen = choose_generation(backup.generations, generation)
    return AccountListing(
        generation=chosen.label,
        accounts=tuple(
            AccountSummary(account=listed.account, is_deleted=listed.is_deleted)
            for listed in list_accounts(chosen)
        ),
    )


def _all(backup: Backup) -> AccountListing:
    first: dict[Account, str] = {}
    last: dict[Account, str] = {}
    deleted: dict[Account, bool] = {}
    for generation in usable_generations(backup.generations):
        for listed in list_accounts(generation):
            last.setdefault(listed.account, generation.label)
            deleted.setdefault(listed.account, listed.is_deleted)
            first[listed.account] = generation.label
    ordered = sorted(first, key=lambda each: (each.domain or "", each.kind.value, each.login))
    return AccountListing(
        generation=ALL,
        accounts=tuple(
            AccountSummary(
                account=account,
                is_deleted=deleted[account],
                first=first[account],
                last=last[account],
            )
            for account in ordered
        ),
    )
