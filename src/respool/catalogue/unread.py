"""What could not be read of a generation: an account is tried again until all of it can be.

A disk that gave an error, a mount that was not there, a right that was lacking: none says
what the backup holds. What is damaged for good is known by its file, and not read again.
"""

from __future__ import annotations

from collections.abc import Mapping

from respool.catalogue.database import Database
from respool.catalogue.folders import account_number, accounts_by_number
from respool.model.accounts import Account


def note_unread(database: Database, ordinal: int, accounts: Mapping[Account, str]) -> None:
    """Exactly these accounts could not be read, or not all of them, each with why."""
    database.write("DELETE FROM unread WHERE ordinal = ?", (ordinal,))
    database.write_many(
        "INSERT INTO unread VALUES (?, ?, ?)",
        [(ordinal, account_number(database, each), why) for each, why in accounts.items()],
    )


def unread_accounts(database: Database, ordinal: int) -> frozenset[Account]:
    """The accounts of a generation that could not be read."""
    rows = database.rows("SELECT account FROM unread WHERE ordinal = ?", (ordinal,))
    if not rows:
        return frozenset()
    accounts = accounts_by_number(database)
    return frozenset(accounts[number] for (number,) in rows)


def unread_generations(database: Database) -> frozenset[int]:
    """The generations, by their numbers, with accounts that could not be read."""
    return frozenset(each for (each,) in database.rows("SELECT DISTINCT ordinal FROM unread"))
