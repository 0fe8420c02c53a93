"""When something was gone, by what generations lack: those that are whole, and no others."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from respool.app.find import FindWish, finding
from respool.app.history import FolderHistory, HistoryWish, MessageHistory, history
from respool.app.indexing import IndexWish
from respool.app.settings import Settings
from respool.backups.source import tree_at
from respool.cyrus.spool_paths import PathRules, mailbox_directory
from respool.model.conditions import Conditions
from tests.support.live_spool import settings_for
from tests.support.small_spools import (
    mailbox_name,
    part_directory,
    write_description,
    write_mailbox,
    write_spool,
)

GUID = "01" * 20
JDOE, ALICE, SENT = "user/jdoe@b.loc", "user/alice@b.loc", "user/alice/Sent@b.loc"
LONG_AGO = Conditions(deleted_since=datetime(2020, 1, 1, tzinfo=UTC))
QUIETLY = IndexWish(agree=bool)


class Backup:
    """A backup root to which nights are added."""

    def __init__(self, settings: Settings) -> None:
        assert settings.backups is not None
        self.settings = settings
        self.root = settings.backups
        self.night = 0
        self.shelves: set[PurePosixPath] = set()

    def add(self, *names: str, valid: str = "VALID") -> Path:
        """One night more; where its part lies.

        The letter of an account that is gone stays, as Cyrus leaves it: it removes directories up
        to that of the account (``mailbox_delete_cleanup`` in imap/mailbox.c of 3.0).
        """
        self.night += 1
        begin = 1_700_000_000_000 + self.night * 86_400_000
        part = {"id": 100 + self.night, "begin": begin, "end": begin + 1000, "valid": valid}
        place = part_directory(self.root, 100 + self.night)
        write_spool(place, names)
        users = (mailbox_directory(mailbox_name(each), PathRules()) for each in names)
        self.shelves.update(each.parent for each in users if each.parent.name == "user")
        for shelf in self.shelves:
            (place / "var/spool/cyrus/meta/b_loc" / shelf).mkdir(parents=True, exist_ok=True)
        write_description(self.root, self.night, [part])
        tree_at.cache_clear()
        return place

    def deleted(self) -> list[tuple[str, int]]:
        """The accounts whose mail is told as deleted, each with the night that it was gone by."""
        with finding(self.settings, FindWish(conditions=LONG_AGO), QUIETLY) as report:
            return [
                (each.found.account.login, night_of(each.found.deleted_at))
                for each in report.messages
            ]

    def message(self, account: str) -> MessageHistory:
        wish = HistoryWish(account=None, folder=None, guid=GUID)
        every = history(self.settings, wish, QUIETLY).histories
        (found,) = (each for each in every if each.account.login == account)
        assert isinstance(found, MessageHistory)
        return found

    def folder(self, account: str, folder: str) -> FolderHistory:
        wish = HistoryWish(account=account, folder=folder, guid=None)
        (found,) = history(self.settings, wish, QUIETLY).histories
        assert isinstance(found, FolderHistory)
        return found


def night_of(time: datetime | None) -> int:
    assert time is not None
    return (int(time.timestamp()) - 1_700_000_000) // 86_400


def events(found: MessageHistory | FolderHistory) -> list[tuple[str, str]]:
    return [(each.what.value, each.generation.label) for each in found.events]


@pytest.fixture
def backup(tmp_path: Path) -> Backup:
    (tmp_path / "backups").mkdir()
    found = settings_for(tmp_path / "imapd.conf", backups=tmp_path / "backups")
    return Backup(replace(found, state=tmp_path / "state"))


def test_an_account_that_newer_generations_do_not_have_is_gone_with_its_mail(
    backup: Backup,
) -> None:
    backup.add(JDOE, ALICE)
    backup.add(JDOE)
    backup.add(JDOE)

    assert backup.deleted() == [("alice", 2)]
    assert events(backup.message("alice")) == [("first-seen", "1"), ("gone", "2")]
    assert not backup.message("alice").is_there
    assert events(backup.folder("alice@b.loc", "INBOX")) == [("first-seen", "1"), ("gone", "2")]
    assert not backup.folder("alice@b.loc", "INBOX").is_there
    assert backup.message("jdoe").is_there


def test_what_a_generation_lacks_that_is_not_complete_is_not_gone(backup: Backup) -> None:
    backup.add(JDOE, ALICE, SENT)
    backup.add(JDOE, valid="NOT_VALID")

    assert backup.deleted() == []
    for found in (backup.message("alice"), backup.folder("alice@b.loc", "Sent")):
        assert events(found)[-1][0] in {"first-seen", "copied"}
        assert found.is_there
        assert found.passed_over == ("2",)


def test_a_generation_that_is_not_complete_tells_of_accounts_that_it_has_all_folders_of(
    backup: Backup,
) -> None:
    """BlueMind calls parts UNKNOWN where rsync warned of anything: at some places each night."""
    backup.add(JDOE, ALICE, SENT, valid="UNKNOWN")
    for index in backup.add(JDOE, ALICE, SENT, valid="UNKNOWN").rglob("alice/Sent/cyrus.index"):
        write_mailbox(index.parent, index.parent, uids=())
    tree_at.cache_clear()
    for index in backup.add(JDOE, ALICE, SENT, valid="UNKNOWN").rglob("alice/**/cyrus.index"):
        write_mailbox(index.parent, index.parent, uids=())
    tree_at.cache_clear()

    assert backup.deleted() == [("alice", 3)]
    assert events(backup.message("alice"))[-2:] == [("removed", "2"), ("gone", "3")]
    assert backup.message("alice").passed_over == ()


def test_what_went_while_a_generation_was_not_complete_went_by_the_next_that_is(
    backup: Backup,
) -> None:
    backup.add(JDOE, ALICE)
    backup.add(JDOE, valid="NOT_VALID")
    backup.add(JDOE)

    assert backup.deleted() == [("alice", 3)]
    assert events(backup.message("alice"))[-1] == ("gone", "3")
    assert events(backup.folder("alice@b.loc", "INBOX"))[-1] == ("gone", "3")


@pytest.mark.parametrize("file", ["cyrus.index", "cyrus.header"])
def test_what_an_index_lost_by_damage_was_not_deleted(file: str, backup: Backup) -> None:
    backup.add(JDOE)
    for damaged in backup.add(JDOE).rglob(file):
        damaged.write_bytes(b"damaged" * 20)
    tree_at.cache_clear()

    assert backup.deleted() == []
    assert events(backup.message("jdoe")) == [("first-seen", "1")]
    assert backup.message("jdoe").passed_over == ("2",)
    assert events(backup.folder("jdoe@b.loc", "INBOX")) == [("first-seen", "1")]

    backup.add(JDOE)

    assert backup.deleted() == []
    assert events(backup.message("jdoe")) == [("first-seen", "1")]


def test_where_the_letter_of_an_account_is_not_there_nothing_tells_that_it_is_gone(
    backup: Backup,
) -> None:
    backup.add(JDOE, ALICE)
    for each in backup.add(JDOE).glob("var/spool/cyrus/*/b_loc/domain/b/b.loc/a"):
        shutil.rmtree(each)
    tree_at.cache_clear()

    assert backup.deleted() == []
    assert backup.message("alice").is_there
    assert backup.message("alice").passed_over == ("2",)
