from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path

import pytest

from respool.catalogue.database import SCHEMA_VERSION, Database, migration, remove_catalogue
from respool.errors import CatalogueDamaged, CatalogueOfNewerVersion, CatalogueUnusable


def schema(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    return set(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL"))


def test_migrations_are_numbered_without_a_hole_and_each_says_its_number() -> None:
    files = resources.files("respool.catalogue").iterdir()
    numbers = sorted(int(each.name[10:14]) for each in files if each.name.endswith(".sql"))
    connection = sqlite3.connect(":memory:")

    assert numbers == list(range(1, SCHEMA_VERSION + 1))
    for number in numbers:
        connection.executescript(migration(number))
        assert connection.execute("PRAGMA user_version").fetchone() == (number,)


def test_migrations_add_up_to_what_a_new_catalogue_has(tmp_path: Path) -> None:
    Database(tmp_path / "new.db").close()
    older = sqlite3.connect(tmp_path / "older.db")
    older.executescript(migration(1))
    older.close()
    Database(tmp_path / "older.db").close()

    new, upgraded = (sqlite3.connect(tmp_path / name) for name in ("new.db", "older.db"))

    assert schema(new) == schema(upgraded)
    assert new.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_one_whose_words_were_made_by_other_rules_is_made_anew(tmp_path: Path) -> None:
    older = sqlite3.connect(tmp_path / "a.db")
    older.executescript(migration(1))
    older.execute("INSERT INTO word VALUES ('rødgrød')")
    older.execute("INSERT INTO words (rowid, text) VALUES (5, 'srødgrød')")
    older.execute("INSERT INTO generation VALUES (1, '1', '', 0, 0, '', 0, NULL, 0)")
    older.commit()
    older.close()

    database = Database(tmp_path / "a.db")

    assert database.rows("SELECT rowid FROM words WHERE words MATCH 's*'") == []
    assert database.rows("SELECT text FROM word") == []
    assert database.rows("SELECT label FROM generation") == []
    database.close()


def test_what_another_process_brought_up_to_date_meanwhile_is_used(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "a.db")
    other.executescript(migration(1))
    database = Database(tmp_path / "a.db")

    database._migrate(SCHEMA_VERSION)

    assert database.one("SELECT count(*) FROM unread") == (0,)
    other.close()
    database.close()


def test_numbers_and_texts_that_sqlite_cannot_have_are_told_as_any_error(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")

    for value in (1 << 63, "\udc80"):
        with pytest.raises(CatalogueUnusable):
            database.write("INSERT INTO fact VALUES ('a', ?)", (value,))
    database.close()


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    database.write("INSERT INTO fact VALUES ('a', 'b')")

    modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}

    assert modes == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}
    database.close()


def test_who_reads_sees_the_last_whole_state_while_another_writes(tmp_path: Path) -> None:
    writer, reader = Database(tmp_path / "a.db"), Database(tmp_path / "a.db")
    with writer.transaction():
        writer.write("INSERT INTO fact VALUES ('a', 'b')")

        assert reader.one("SELECT count(*) FROM fact") == (0,)

    assert reader.one("SELECT count(*) FROM fact") == (1,)


def test_one_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    before = file.read_bytes()

    with pytest.raises(CatalogueOfNewerVersion, match="newer version"):
        Database(file)

    assert file.read_bytes() == before


@pytest.mark.parametrize("octets", [b"no database at all, but long enough" * 100, b"SQLite"])
def test_what_is_no_catalogue_is_said_to_be_damaged(octets: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(octets)

    with pytest.raises(CatalogueDamaged) as raised:
        Database(tmp_path / "a.db")

    assert raised.value.hint is not None
    assert "respool catalogue --forget" in raised.value.hint


def test_one_that_cannot_be_made_says_why_and_where_else(tmp_path: Path) -> None:
    with pytest.raises(CatalogueUnusable) as raised:
        Database(tmp_path / "not there" / "a.db")

    assert raised.value.why is not None
    assert raised.value.hint == "--state DIR names another place"


def test_removing_it_takes_all_of_it_away(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    database.write("INSERT INTO fact VALUES ('a', 'b')")
    database.close()

    assert remove_catalogue(tmp_path / "a.db") > 0
    assert list(tmp_path.iterdir()) == []
    assert remove_catalogue(tmp_path / "a.db") == 0
