"""The catalogue says of each generation what its server said, however it was made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from respool.backups.source import tree_at
from respool.catalogue.database import Database
from respool.catalogue.scan import Scanned
from tests.support import golden
from tests.support.catalogues import Contents, catalogued, contents_of

PARTS = {"87": "1232", "88": "1233", "89": "1234"}
ORDERS = [("87", "88", "89"), ("89", "88", "87"), ("87", "89", "88"), ("88", "89", "87")]


class Killed(Exception):
    """In the middle of a scan."""


def said(label: str) -> Contents:
    """What the server said, which tells an owner's flags, and nobody's of deleted folders."""
    boxes = golden.truth(f"dataprotect/truth-{PARTS[label]}.json")["mailboxes"]
    return {
        name: {
            (each["uid"], each["sha1"], frozenset(each["flags"]), is_expunged)
            for is_expunged, key in ((False, "messages"), (True, "expunged"))
            for each in box.get(key) or ()
        }
        for name, box in boxes.items()
    }


def comparable(contents: Contents) -> Contents:
    r"""What a truth tells: no \Seen of shared and deleted folders, no flags of the expunged."""
    return {
        name: {
            (
                uid,
                guid,
                frozenset()
                if expunged
                else flags - (frozenset() if name.startswith("user/") else {"\\Seen"}),
                expunged,
            )
            for uid, guid, flags, expunged in box
        }
        for name, box in contents.items()
    }


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_each_generation_is_as_its_server_said_in_whatever_order_they_were_read(
    order: tuple[str, ...], backup_tree: Path, tmp_path: Path
) -> None:
    database = catalogued(tmp_path / "a.db", backup_tree, order)

    for label in PARTS:
        assert comparable(contents_of(database, label)) == comparable(said(label))
    database.close()


def test_a_folder_whose_index_is_the_same_file_is_not_read_again(
    backup_tree: Path, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []

    def watch(scanned: Scanned) -> None:
        if scanned.accounts == scanned.account_count:
            told.append((scanned.folders, scanned.unchanged))

    catalogued(tmp_path / "a.db", backup_tree, watcher=watch).close()

    assert told[-3:] == [(31, 0), (32, 26), (32, 25)]


def test_one_that_was_killed_goes_on_and_ends_like_another(
    backup_tree: Path, tmp_path: Path
) -> None:
    whole = catalogued(tmp_path / "whole.db", backup_tree)
    for after in (1, 3, 6, 8):
        file = tmp_path / f"{after}.db"

        def watch(scanned: Scanned, after: int = after) -> None:
            if scanned.accounts >= after % 7:
                raise Killed

        with pytest.raises(Killed):
            catalogued(file, backup_tree, ("88",) if after < 7 else ("87", "88"), watch)
        database = catalogued(file, backup_tree)

        for label in PARTS:
            assert contents_of(database, label) == contents_of(whole, label)
        database.close()
    whole.close()


def test_a_generation_that_retention_removed_is_forgotten_with_its_mail(
    backup_tree: Path, tmp_path: Path
) -> None:
    database = catalogued(tmp_path / "a.db", backup_tree)
    database.close()
    shutil.rmtree(backup_tree / "dp_spool/rsync/192.168.122.56/mail/imap/1232")
    shutil.rmtree(backup_tree / "dp_spool/rsync/192.168.122.56/mail/imap/1233")
    for each in (87, 88):
        (backup_tree / f"generation-{each}.json").unlink()
    tree_at.cache_clear()

    database = catalogued(tmp_path / "a.db", backup_tree, ())
    new = catalogued(tmp_path / "new.db", backup_tree)

    assert contents_of(database, "89") == contents_of(new, "89")
    for table in ("message", "stand", "folder", "account", "folder_version"):
        assert counted(database, table) == counted(new, table)
    database.close()
    new.close()


def counted(database: Database, table: str) -> object:
    return database.one(f"SELECT count(*) FROM {table}")


@pytest.mark.parametrize("version", ["2.4.20", "3.2.12", "3.10.3"])
def test_a_spool_of_another_version_is_as_its_server_said(
    version: str, as_root: None, tmp_path: Path
) -> None:
    place = golden.unpack_spool(version, tmp_path / "spool")
    database = catalogued(tmp_path / "a.db", place)
    boxes = golden.truth(version)["mailboxes"]

    found = contents_of(database, "undated")

    assert {name: {each[:2] for each in box if not each[3]} for name, box in found.items()} == {
        name: {(each["uid"], each["sha1"]) for each in box["messages"]}
        for name, box in boxes.items()
    }
    database.close()
