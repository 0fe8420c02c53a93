"""Which shelves generations have, and on which an account stood: rows to be written and read."""

from __future__ import annotations

from collections.abc import Iterable

from respool.catalogue.database import Database
from respool.catalogue.folders import octets_as_text
from respool.catalogue.spans import Spans


def note_shelves(database: Database, ordinal: int, names: Iterable[str]) -> None:
    """A generation has exactly these."""
    database.write("DELETE FROM shelf WHERE ordinal = ?", (ordinal,))
    database.write_many(
        "INSERT OR IGNORE INTO shelf VALUES (?, ?)",
        [(ordinal, octets_as_text(each)) for each in names],
    )


def note_account_shelves(database: Database, account: int, names: Iterable[str]) -> None:
    """An account, by its number, stands on these, too."""
    database.write_many(
        "INSERT OR IGNORE INTO account_shelf VALUES (?, ?)",
        [(account, octets_as_text(each)) for each in names],
    )


def with_shelves_of(database: Database, spans: Spans, account: int) -> int:
    """The generations that have every shelf on which an account, by its number, ever stood."""
    shelves: dict[str, int] = {}
    rows = database.rows(
        "SELECT account_shelf.name, ordinal FROM account_shelf"
        " LEFT JOIN shelf USING (name) WHERE account = ?",
        (account,),
    )
    for name, ordinal in rows:
        here = 0 if ordinal is None else spans.between(ordinal, ordinal)
        shelves[name] = shelves.get(name, 0) | here
    found = (1 << len(spans.generations)) - 1
    for each in shelves.values():
        found &= each
    return found
