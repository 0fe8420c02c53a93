"""What no generation has any longer is taken out of the catalogue, folder by folder."""

from __future__ import annotations

from respool.catalogue.database import Database
from respool.catalogue.generations import known_generations


def forget_gone(database: Database) -> int:
    """Take out what only generations had that the backup has no more; how many messages.

    Words of a message that is gone stay in the index, and its key is never used again.
    Killed in between, the next call goes on.
    """
    read = [each.ordinal for each in known_generations(database)]
    for folder, versions in _stale_folders(database, read).items():
        with database.transaction():
            _forget_versions(database, folder, versions)
    with database.transaction():
        removed = _bury(database)
        database.write("DELETE FROM generation WHERE is_gone")
        for table in ("unread", "shelf"):
            database.write(
                f"DELETE FROM {table} WHERE ordinal NOT IN (SELECT ordinal FROM generation)"
            )
        database.write(
            "DELETE FROM folder WHERE id NOT IN (SELECT folder FROM folder_stand)"
            " AND id NOT IN (SELECT folder FROM stand)"
        )
        database.write(
            "DELETE FROM account WHERE id NOT IN (SELECT account FROM folder)"
            " AND id NOT IN (SELECT account FROM unread)"
        )
        database.write("DELETE FROM account_shelf WHERE account NOT IN (SELECT id FROM account)")
    return removed


def _stale_folders(database: Database, read: list[int]) -> dict[int, list[int]]:
    """Folders with stands that hold for no generation: which first generations those have."""
    stale: dict[int, list[int]] = {}
    for folder, first, last in database.rows("SELECT folder, first, last FROM folder_stand"):
        if not any(first <= each <= last for each in read):
            stale.setdefault(folder, []).append(first)
    return stale


def _forget_versions(database: Database, folder: int, firsts: list[int]) -> None:
    database.write_many(
        "DELETE FROM folder_stand WHERE folder = ? AND first = ?",
        [(folder, first) for first in firsts],
    )
    database.write(
        "DELETE FROM folder_version WHERE folder = ?1 AND version NOT IN"
        " (SELECT version FROM folder_stand WHERE folder = ?1)",
        (folder,),
    )
    database.write(
        "DELETE FROM stand WHERE folder = ?1 AND NOT EXISTS"
        " (SELECT 1 FROM folder_version WHERE folder = ?1 AND version >= stand.first"
        " AND (stand.last = 0 OR version <= stand.last))",
        (folder,),
    )


def _bury(database: Database) -> int:
    """Remove the messages that stand nowhere; their keys are kept out of use."""
    nowhere = "NOT EXISTS (SELECT 1 FROM stand WHERE stand.message = message.id)"
    row = database.one(f"SELECT count(*) FROM message WHERE {nowhere}")
    if row is None or not row[0]:
        return 0
    database.write(f"INSERT OR IGNORE INTO buried SELECT key FROM message WHERE {nowhere}")
    database.write(f"DELETE FROM message WHERE {nowhere}")
    database.write("DELETE FROM other_date WHERE message NOT IN (SELECT id FROM message)")
    return int(row[0])
