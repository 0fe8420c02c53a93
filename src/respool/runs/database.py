"""The journal's file: the only importer of SQLite."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from respool.errors import JournalError
from respool.system.locks import waiting_for

SCHEMA_VERSION = 3  # as many as there are numbered files

Values: TypeAlias = tuple[Any, ...]


def schema_script(number: int) -> str:
    """What makes schema ``number`` of the one before it; the first, of an empty file."""
    from importlib import resources  # noqa: PLC0415 - takes 6 ms, and is needed once

    return resources.files("respool.runs").joinpath(f"journal_{number}.sql").read_text("utf-8")


class Database:
    """The journal's file. Threads take turns; a write that returned is on disk."""

    def __init__(self, file: Path) -> None:
        try:
            file.touch(mode=0o600)
            self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            with waiting_for(file.parent):  # of two commands one makes the tables
                version = self._connection.execute("PRAGMA user_version").fetchone()[0]
                for number in range(version + 1, SCHEMA_VERSION + 1):
                    self._connection.executescript(schema_script(number))
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"{file} cannot be used", why=str(error)) from error
        if version > SCHEMA_VERSION:
            raise JournalError(
                f"{file} was written by a later version",
                why=f"schema {version}; this version knows {SCHEMA_VERSION}",
            )
        self._lock = threading.Lock()

    def one(self, statement: str, values: Values) -> tuple[Any, ...] | None:
        """The first row, or None.

        Raises:
            JournalError: it could not be read.
        """
        with self._lock, _read():
            row: tuple[Any, ...] | None = self._connection.execute(statement, values).fetchone()
        return row

    def all(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        """Every row; errors as `one`."""
        with self._lock, _read():
            return self._connection.execute(statement, values).fetchall()

    def write(self, statement: str, values: Values) -> None:
        """One change, on disk when this returns.

        Raises:
            JournalError: it could not be written.
        """
        with self._lock:
            try:
                self._connection.execute(statement, values)
            except sqlite3.Error as error:
                raise JournalError("the journal cannot be written", why=str(error)) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        """Several changes, all or none.

        Raises:
            JournalError: they could not be written.
        """
        with self._lock:
            try:
                cursor = self._connection.cursor()
                cursor.execute("BEGIN IMMEDIATE")
                try:
                    yield cursor
                    cursor.execute("COMMIT")
                finally:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise JournalError("the journal cannot be written", why=str(error)) from error

    def close(self) -> None:
        """Let the file go, once no other thread is at it: SQLite's module would crash."""
        with self._lock:
            self._connection.close()


@contextmanager
def _read() -> Iterator[None]:
    """Reading fails where the file is damaged, or its disk is."""
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError("the journal cannot be read", why=str(error)) from error
