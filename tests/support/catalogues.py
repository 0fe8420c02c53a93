"""Catalogues for tests: made of a backup, and what they say, as sets to compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from respool.backups.choice import usable_generations
from respool.backups.discovery import open_backup
from respool.catalogue.database import Database
from respool.catalogue.folders import accounts_by_number, read_name
from respool.catalogue.forgetting import forget_gone
from respool.catalogue.generations import known_generations, register
from respool.catalogue.identities import identified
from respool.catalogue.scan import Scanned, Scanner
from respool.model.generations import Generation

# uid, GUID in hexadecimal, flags, whether it is expunged
Stood = tuple[int, str, frozenset[str], bool]
Contents = dict[str, set[Stood]]  # by the mailbox's decoded name


def generations_of(place: Path) -> tuple[Generation, ...]:
    """Those that can be read, oldest first."""
    return tuple(reversed(usable_generations(open_backup(place).generations)))


def catalogued(
    file: Path,
    place: Path,
    order: Iterable[str] | None = None,
    watcher: Callable[[Scanned], None] | None = None,
) -> Database:
    """A catalogue of a backup, whose generations were read in an order of labels."""
    database = Database(file)
    wanted = identified(generations_of(place)).generations
    register(database, wanted)
    by_label = {each.label: each for each in wanted.values()}
    for label in by_label if order is None else order:
        known = {each.label: each for each in known_generations(database)}
        Scanner(database, watcher).scan(by_label[label], known[label])
    forget_gone(database)
    return database


def contents_of(database: Database, label: str) -> Contents:
    """All that the catalogue says of one generation."""
    accounts = accounts_by_number(database)
    rows = database.rows(
        "SELECT account, name, uid, lower(hex(guid)), flags, is_expunged"
        " FROM generation AS g"
        " JOIN folder_stand AS f ON f.first <= g.ordinal AND f.last >= g.ordinal"
        " JOIN folder ON folder.id = f.folder"
        " LEFT JOIN stand AS s ON s.folder = f.folder AND s.first <= f.version"
        " AND (s.last = 0 OR s.last >= f.version)"
        " LEFT JOIN message ON message.id = s.message LEFT JOIN state ON state.id = s.state"
        " WHERE g.label = ?",
        (label,),
    )
    found: Contents = {}
    for account, name, uid, guid, flags, is_expunged in rows:
        box = found.setdefault(read_name(name, accounts[account].domain).display, set())
        if uid is not None:
            box.add((uid, guid, frozenset(flags.split()), bool(is_expunged)))
    return found
