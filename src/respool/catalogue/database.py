"""The catalogue's file: the only importer of SQLite here.

One writes at a time (whoever holds the lock that `app` takes), any number read meanwhile:
write-ahead logging shows each reader the state that was whole when it began.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeAlias

from respool.errors import (
    CatalogueDamaged,
    CatalogueOfNewerVersion,
    CatalogueUnusable,
    RespoolError,
)

SCHEMA_VERSION: Final = 2
_CACHE_KIB: Final = 64 << 10
_NO_ROOM: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY: Final = 0xFF  # the lowest octet of an extended result code
_WAIT_SECONDS: Final = 30
_FORGET: Final = "respool catalogue --forget removes it; it is then made anew of the backup"

Row: TypeAlias = tuple[Any, ...]
Values: TypeAlias = Sequence[Any]


class Database:
    """The file of one catalogue. For one thread."""

    def __init__(self, file: Path) -> None:
        """Open it, make it if need be, and bring an older one up to date.

        Raises:
            CatalogueUnusable, CatalogueDamaged, CatalogueOfNewerVersion.
        """
        self.file = file
        with self._told("opened"):
            file.touch(mode=0o600)
            self._connection = sqlite3.connect(file, isolation_level=None, timeout=_WAIT_SECONDS)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise CatalogueOfNewerVersion(
                f"the catalogue {self.file} was written by a newer version of respool",
                why=f"its schema is {version}; this version knows up to {SCHEMA_VERSION}",
                hint=f"use the newer respool, or: {_FORGET}",
            )
        for statement in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = NORMAL",
            f"PRAGMA cache_size = -{_CACHE_KIB}",
            "PRAGMA temp_store = MEMORY",
            "PRAGMA secure_delete = OFF",
        ):
            self._connection.execute(statement)
        for number in range(version + 1, SCHEMA_VERSION + 1):
            self._migrate(number)

    def _migrate(self, number: int) -> None:
        """To schema ``number``; where another process does so now, its work is enough."""
        try:
            self._connection.executescript(migration(number))
        except sqlite3.OperationalError:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if self._connection.execute("PRAGMA user_version").fetchone()[0] < number:
                raise

    def one(self, statement: str, values: Values = ()) -> Row | None:
        """The first row, or None; errors as those of `rows`."""
        with self._told("read"):
            row: Row | None = self._connection.execute(statement, values).fetchone()
        return row

    def rows(self, statement: str, values: Values = ()) -> list[Row]:
        """Every row.

        Raises:
            CatalogueDamaged, CatalogueUnusable.
        """
        with self._told("read"):
            return self._connection.execute(statement, values).fetchall()

    def each(self, statement: str, values: Values = (), at_once: int = 1) -> Iterator[Row]:
        """The rows as they are asked for, ``at_once`` at a time; errors as `rows`."""
        with self._told("read"):
            cursor = self._connection.execute(statement, values)
        try:
            while True:
                with self._told("read"):
                    found = cursor.fetchmany(at_once)
                if not found:
                    return
                yield from found
        finally:
            with suppress(sqlite3.ProgrammingError):  # the file was let go of before
                cursor.close()

    def write(self, statement: str, values: Values = ()) -> int:
        """One change; the number of the row that it added, if it did.

        Raises:
            CatalogueUnusable, CatalogueDamaged.
        """
        with self._told("written"):
            return self._connection.execute(statement, values).lastrowid or 0

    def write_many(self, statement: str, values: Iterable[Values]) -> None:
        """The same change with many values; errors as `write`."""
        with self._told("written"):
            self._connection.executemany(statement, values)

    def script(self, statements: str) -> None:
        """Several statements without values, outside a transaction; errors as `write`."""
        with self._told("written"):
            self._connection.executescript(statements)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is written inside is there as a whole, or not at all."""
        self.write("BEGIN IMMEDIATE")
        try:
            yield
            self.write("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read inside is of one moment, whatever another process writes meanwhile."""
        self.write("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, OverflowError, UnicodeError) as error:
            raise self._error(error, done) from error

    def _error(self, error: Exception, done: str) -> RespoolError:
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
        if code in _DAMAGE:
            return CatalogueDamaged(
                f"the catalogue {self.file} is damaged", why=str(error), hint=_FORGET
            )
        hint = "--state DIR names another place"
        if code in _NO_ROOM:
            hint = f"make room in {self.file.parent}, or --state DIR"
        return CatalogueUnusable(
            f"the catalogue {self.file} cannot be {done}", why=str(error), hint=hint
        )


def migration(number: int) -> str:
    """The SQL that makes schema ``number`` of the one before it."""
    file = resources.files("respool.catalogue").joinpath(f"catalogue_{number:04}.sql")
    return file.read_text("utf-8")


def remove_catalogue(file: Path) -> int:
    """Remove a catalogue with all that SQLite keeps beside it; how many octets that was.

    Raises:
        CatalogueUnusable: it cannot be removed.
    """
    removed = 0
    try:
        for each in (file, *(file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm"))):
            if each.exists():
                removed += each.stat().st_size
                each.unlink()
    except OSError as error:
        raise CatalogueUnusable(
            f"the catalogue {file} cannot be removed", why=error.strerror or str(error)
        ) from error
    return removed
