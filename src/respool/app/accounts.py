"""Which users and mailshares a generation holds, or all generations together."""

from __future__ import annotations

from collections.abc import Sequence

from respool.app.account_lookup import unknown_addresses
from respool.app.backups import backup_of
from respool.app.settings import Settings
from respool.backups.addresses import addresses_in
from respool.backups.choice import choose_generation, usable_generations
from respool.backups.contents import ListedAccount, list_accounts
from respool.backups.discovery import Backup
from respool.bluemind.postfix_maps import AddressBook, account_key
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.generations import Generation

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSummary:
    """One account; ``first`` and ``last`` are labels of generations, over all only.

    ``addresses`` are those that the backup says are delivered to it alone, the one that
    people know it by first.
    """

    account: Account
    is_deleted: bool
    addresses: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None

    def as_json(self) -> dict[str, object]:
        """The shape in ``accounts --json``."""
        return {
            "account": self.account.address,
            "kind": self.account.kind.value,
            "domain": self.account.domain,
            "is_deleted": self.is_deleted,
            "addresses": list(self.addresses),
            "first": self.first,
            "last": self.last,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountListing:
    """The accounts of one generation (``generation`` is its label), or of ``all``.

    ``note`` says what the backup does not tell about their addresses, if anything.
    """

    generation: str
    accounts: tuple[AccountSummary, ...]
    note: str | None = None

    def as_json(self) -> dict[str, object]:
        """The shape of ``accounts --json``."""
        return {
            "generation": self.generation,
            "accounts": [account.as_json() for account in self.accounts],
            "note": self.note,
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
    accounts = list_accounts(chosen)
    book = _book(chosen, accounts)
    addresses = book.addresses_by_account()
    return AccountListing(
        generation=chosen.label,
        note=unknown_addresses((each.account for each in accounts), book),
        accounts=tuple(
            AccountSummary(
                account=listed.account,
                is_deleted=listed.is_deleted,
                addresses=addresses.get(account_key(listed.account), ()),
            )
            for listed in accounts
        ),
    )


def _book(generation: Generation, accounts: Sequence[ListedAccount]) -> AddressBook:
    domains = {listed.account.domain for listed in accounts}
    return addresses_in(generation, [name for name in domains if name is not None])


def _all(backup: Backup) -> AccountListing:
    first: dict[Account, str] = {}
    last: dict[Account, str] = {}
    deleted: dict[Account, bool] = {}
    addresses: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for generation in usable_generations(backup.generations):
        accounts = list_accounts(generation)
        for key, found in _book(generation, accounts).addresses_by_account().items():
            addresses.setdefault(key, found)
        for listed in accounts:
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
                addresses=addresses.get(account_key(account), ()),
                first=first[account],
                last=last[account],
            )
            for account in ordered
        ),
    )
