"""What could not be read once is tried again; what is damaged for good is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePath

import pytest

from respool.app import indexing
from respool.app.catalogue import opened_catalogue
from respool.app.catalogue_report import CatalogueReport, catalogue
from respool.app.find import FindWish, finding
from respool.app.indexing import IndexWish
from respool.app.settings import Settings
from respool.backups.source import tree_at
from respool.catalogue.unread import all_unread
from respool.catalogue.unsearched import Blind
from respool.errors import BackupUnreadable
from respool.model.conditions import Conditions
from respool.system.file_octets import FileOctets
from respool.system.read_only import ReadOnlyTree
from tests.support.live_spool import settings_for
from tests.support.small_spools import write_spool

QUIETLY = IndexWish(agree=bool)
NAMES = ("user/alice@b.loc", "user/alice/Sent@b.loc", "user/jdoe@b.loc")


class Disk:
    """Which files give an error when they are opened."""

    def __init__(self) -> None:
        self.broken = "nothing"

    def check(self, file: PurePath) -> None:
        if self.broken in str(file):
            raise BackupUnreadable(f"{file} cannot be read", why="input/output error")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    octets_of, fd_in = ReadOnlyTree.octets_of, ReadOnlyTree.fd_in

    def octets(self: ReadOnlyTree, relative: str | PurePath) -> FileOctets:
        disk.check(PurePath(relative))
        return octets_of(self, relative)

    def descriptor(self: ReadOnlyTree, directory: PurePath, name: str) -> int:
        disk.check(directory / name)
        return fd_in(self, directory, name)  # type: ignore[arg-type]

    monkeypatch.setattr(ReadOnlyTree, "octets_of", octets)
    monkeypatch.setattr(ReadOnlyTree, "fd_in", descriptor)
    return disk


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for day in ("2024-11-18", "2024-11-19"):
        write_spool(tmp_path / "backups" / day, NAMES)
    tree_at.cache_clear()
    found = settings_for(tmp_path / "imapd.conf", backups=tmp_path / "backups")
    return replace(found, state=tmp_path / "state")


def made(settings: Settings, *, has_bodies: bool = False) -> CatalogueReport:
    tree_at.cache_clear()
    return catalogue(settings, None, QUIETLY, has_bodies=has_bodies)


def blind(report: CatalogueReport) -> set[str]:
    return {each.what.value for each in report.not_searched}


def test_an_account_whose_index_could_not_be_read_is_read_again_at_the_next_run(
    settings: Settings, disk: Disk
) -> None:
    disk.broken = "alice/Sent/cyrus.index"
    report = made(settings)
    assert "accounts-not-read" in blind(report)

    disk.broken = "nothing"
    report = made(settings)

    assert [each.accounts for each in report.indexed] == [1, 1]
    assert "accounts-not-read" not in blind(report)
    assert "folders-without-index" not in blind(report)
    assert made(settings).indexed == ()


def test_what_was_read_before_stays_while_the_rest_is_still_unreadable(
    settings: Settings, disk: Disk
) -> None:
    disk.broken = "alice/Sent/cyrus.index"
    made(settings)
    made(settings)

    with finding(settings, FindWish(conditions=Conditions()), QUIETLY) as report:
        paths = {each.found.standing.folder.path for each in report.messages}

    assert paths == {"INBOX", "Sent"}


def test_an_index_that_is_damaged_is_not_read_again_while_it_is_the_same(
    settings: Settings,
) -> None:
    assert settings.backups is not None
    for file in settings.backups.rglob("alice/Sent/cyrus.index"):
        file.write_bytes(b"damaged" * 100)
    assert "folders-without-index" in blind(made(settings))

    assert made(settings).indexed == ()


def test_messages_that_could_not_be_read_are_tried_again(settings: Settings, disk: Disk) -> None:
    disk.broken = "/1."
    assert "messages-without-header" in blind(made(settings))

    disk.broken = "nothing"

    assert "messages-without-header" not in blind(made(settings))
    assert made(settings).indexed == ()


def test_what_a_message_is_may_be_known_from_another_generation_than_it_was_met_in(
    settings: Settings,
) -> None:
    assert settings.backups is not None
    for file in (settings.backups / "2024-11-19").rglob("1."):
        file.unlink()
    assert "messages-without-header" not in blind(made(settings))

    wish = FindWish(conditions=Conditions(sender="bob", subject="hello"))
    with finding(settings, wish, QUIETLY) as report:
        assert {each.found.message.subject for each in report.messages} == {"Hello"}


def test_bodies_that_could_not_be_read_are_tried_again(settings: Settings, disk: Disk) -> None:
    disk.broken = "/1."
    assert made(settings, has_bodies=True).bodies == 0

    disk.broken = "nothing"

    assert made(settings, has_bodies=True).bodies == 1
    assert made(settings, has_bodies=True).bodies == 0


def tried(settings: Settings, account: str | None) -> tuple[int, set[str]]:
    """What a search says that it could not read: of how many generations, and of alice."""
    tree_at.cache_clear()
    wish = FindWish(conditions=Conditions(), account=account)
    with finding(settings, wish, QUIETLY) as report:
        list(report.messages)
        said = {each.text for each in report.not_searched if each.what is Blind.NOT_READ}
    return len(said), {text for text in said if "alice" in text}


def test_a_search_tries_what_could_not_be_read_a_moment_ago_no_more_for_a_while(
    settings: Settings, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.broken = "alice/Sent/cyrus.index"
    made(settings)

    disk.broken = "nothing"
    assert tried(settings, "alice@b.loc")[0] == 2
    monkeypatch.setattr(indexing, "_PATIENCE", timedelta(seconds=-1))

    assert tried(settings, "jdoe@b.loc")[0] == 0
    with opened_catalogue(settings) as opened:
        assert len(list(all_unread(opened.database))) == 2
    assert tried(settings, "alice@b.loc")[0] == 0
    with opened_catalogue(settings) as opened:
        assert list(all_unread(opened.database)) == []


def test_who_searches_one_account_is_not_told_whose_mail_cannot_be_read_besides(
    settings: Settings, disk: Disk
) -> None:
    disk.broken = "alice/Sent/cyrus.index"
    made(settings)

    assert tried(settings, "jdoe@b.loc") == (0, set())
    assert len(tried(settings, None)[1]) == 2
