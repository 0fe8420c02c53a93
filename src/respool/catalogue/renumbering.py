"""Numbers of generations made anew, in the same order, where no room is left between two.

Numbers are in every table that says when: all are changed at once, or none. Whoever reads
meanwhile does so in a `Database.snapshot`, where the old ones hold to the end.
"""

from __future__ import annotations

from typing import Final

from respool.catalogue.database import Database

# Where numbers stand; 0 is none there.
_COLUMNS: Final = {
    "generation": ("ordinal",),
    "unread": ("ordinal",),
    "shelf": ("ordinal",),
    "folder_version": ("version",),
    "folder_stand": ("first", "last", "version"),
    "stand": ("first", "last"),
}


def renumber(database: Database, start: int, apart: int) -> None:
    """Number all generations anew from ``start`` on, each ``apart`` from the one before.

    Numbers of those that were forgotten, which nothing has any more, are free again.

    Raises:
        CatalogueUnusable, CatalogueDamaged.
    """
    every = " UNION ".join(
        f"SELECT {column} AS old FROM {table}"
        for table, columns in _COLUMNS.items()
        for column in columns
    )
    with database.transaction():
        database.write("DROP TABLE IF EXISTS temp.renumbered")
        database.write("CREATE TEMP TABLE renumbered (old INTEGER PRIMARY KEY, new INTEGER)")
        database.write(
            "INSERT INTO temp.renumbered"
            " SELECT old, ? + (row_number() OVER (ORDER BY old) - 1) * ?"
            f" FROM ({every}) WHERE old > 0",
            (start, apart),
        )
        for table, columns in _COLUMNS.items():
            # Below 0 first: on the way no new number may be one that another row still has.
            new = "coalesce(-(SELECT new FROM temp.renumbered WHERE old = {0}.{1}), 0)"
            sets = ", ".join(f"{each} = {new.format(table, each)}" for each in columns)
            database.write(f"UPDATE {table} SET {sets}")
            database.write(
                f"UPDATE {table} SET {', '.join(f'{each} = -{each}' for each in columns)}"
            )
        database.write("DELETE FROM used")
        database.write("INSERT INTO used SELECT new FROM temp.renumbered")
        database.write("DROP TABLE temp.renumbered")
