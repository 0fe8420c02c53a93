"""What could not be read of a generation: an account is tried again until all of it can be.

A disk that gave an error, a mount that was not there, a right that was lacking: none says
what the backup holds. What is damaged for good is known by its file, and not read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime

from respool.catalogue.database import Database
from respool.catalogue.folders import account_number, accounts_by_number
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.messages import at_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """One account that could not be read, or not all of it, in a generation, and why."""

    ordinal: int
    account: Account
    why: str
    tried: datetime


def note_unread(
    database: Database,
    ordinal: int,
    failed: Mapping[Account, str],
    tried: AbstractSet[Account] | None = None,
) -> None:
    """Of the accounts that were ``tried``, None for all, exactly ``failed`` could not be read."""
    now = int(datetime.now(UTC).timestamp())
    if tried is None:
        database.write("DELETE FROM unread WHERE ordinal = ?", (ordinal,))
    else:
        database.write_many(
            "DELETE FROM unread WHERE (ordinal, account) = (?, ?)",
            [(ordinal, account_number(database, each)) for each in tried],
        )
    database.write_many(
        "INSERT OR REPLACE INTO unread VALUES (?, ?, ?, ?)",
        [(ordinal, account_number(database, each), why, now) for each, why in failed.items()],
    )


def all_unread(database: Database) -> Iterator[Unread]:
    """What could not be read, of all generations."""
    rows = database.rows("SELECT ordinal, account, why, tried FROM unread")
    accounts = accounts_by_number(database) if rows else {}
    for ordinal, number, why, tried in rows:
        yield Unread(ordinal=ordinal, account=accounts[number], why=why, tried=at_utc(tried))
