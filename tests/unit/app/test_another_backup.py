"""What is searched is what lies there now: not what lay at the same place with the same dates."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from respool.app.catalogue import opened_catalogue
from respool.app.catalogue_report import catalogue
from respool.app.find import FindWish, finding
from respool.app.indexing import IndexWish
from respool.app.settings import Settings
from respool.backups.generation_marks import mark_of
from respool.backups.source import tree_at
from respool.catalogue import identities
from respool.cyrus.spool_paths import PathRules, mailbox_directory
from respool.model.conditions import Conditions
from respool.model.generations import Generation
from respool.system.locks import exclusive
from tests.support.broken_disk import breaks
from tests.support.live_spool import settings_for
from tests.support.small_spools import mailbox_name, write_mailbox

DAYS = ("2024-11-18T01:00:00Z", "2024-11-19T01:00:00Z")
QUIETLY = IndexWish(agree=bool)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    place = tmp_path / "backups"
    place.mkdir()
    found = settings_for(tmp_path / "imapd.conf", backups=place)
    return replace(found, state=tmp_path / "state")


def write_days(
    settings: Settings, *names: str, uids: tuple[int, ...] = (1,), days: Iterable[str] = DAYS
) -> None:
    """The same dates as any other backup of these days."""
    place = settings.backups
    assert place is not None
    for day in days:
        base = place / day / "var/spool/cyrus"
        for name in names:
            directory = mailbox_directory(mailbox_name(name), PathRules())
            write_mailbox(
                base / "meta/b_loc" / directory, base / "data/b_loc" / directory, uids=uids
            )
    tree_at.cache_clear()


def found(settings: Settings) -> set[tuple[str, str, int, str]]:
    tree_at.cache_clear()
    with finding(settings, FindWish(conditions=Conditions()), QUIETLY) as report:
        return {
            (each.found.account.login, place.folder.path, place.uid, each.found.newest.label)
            for each in report.messages
            for place in (each.found.standing,)
        }


def clear(settings: Settings) -> None:
    assert settings.backups is not None
    for each in settings.backups.iterdir():
        shutil.rmtree(each)


def test_mail_of_a_backup_that_was_mounted_there_before_is_not_found(settings: Settings) -> None:
    write_days(settings, "user/jdoe@b.loc")
    assert {each[0] for each in found(settings)} == {"jdoe"}

    clear(settings)
    write_days(settings, "user/alice@b.loc")

    assert {each[0] for each in found(settings)} == {"alice"}


def test_the_same_accounts_of_another_server_are_not_taken_for_those_known(
    settings: Settings,
) -> None:
    write_days(settings, "user/jdoe@b.loc")
    assert {each[2] for each in found(settings)} == {1}

    clear(settings)
    write_days(settings, "user/jdoe@b.loc", uids=(7, 8))

    assert {each[2] for each in found(settings)} == {7, 8}


@pytest.mark.parametrize("rest", ["user/zoe@b.loc", "user/alice/Sent@b.loc"])
def test_what_was_copied_after_a_generation_was_read_is_found_too(
    rest: str, settings: Settings
) -> None:
    write_days(settings, "user/alice@b.loc")
    found(settings)

    write_days(settings, rest)

    assert {(each[0], each[1]) for each in found(settings)} == {
        ("alice", "INBOX"),
        ("zoe", "INBOX") if "zoe" in rest else ("alice", "Sent"),
    }


def test_what_did_not_change_is_not_read_again(settings: Settings) -> None:
    write_days(settings, "user/alice@b.loc")
    found(settings)
    tree_at.cache_clear()

    assert catalogue(settings, None, QUIETLY).indexed == ()


def test_generations_that_came_while_another_writes_are_said_not_to_be_searched(
    settings: Settings,
) -> None:
    write_days(settings, "user/alice@b.loc")
    with opened_catalogue(settings) as opened:
        lock = opened.lock

    with (
        exclusive(lock, what="a test"),
        finding(settings, FindWish(conditions=Conditions()), QUIETLY) as report,
    ):
        assert list(report.messages) == []
        said = {each.generation for each in report.not_searched}
        assert report.is_blind

    assert said == set(DAYS)


def test_a_text_is_found_while_another_writes_after_generations_got_other_names(
    settings: Settings,
) -> None:
    write_days(settings, "user/alice@b.loc")
    catalogue(settings, None, QUIETLY, has_bodies=True)
    assert settings.backups is not None
    for day in DAYS:
        (settings.backups / day).rename(settings.backups / f"mail-{day}")
    tree_at.cache_clear()
    with opened_catalogue(settings) as opened:
        lock = opened.lock

    wish = FindWish(conditions=Conditions(text="body"))
    with exclusive(lock, what="a test"), finding(settings, wish, QUIETLY) as report:
        (message,) = report.messages

    assert message.found.newest.label == f"mail-{DAYS[-1]}"


def test_one_that_cannot_be_read_as_a_whole_any_longer_is_searched_as_it_was(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad sector below one letter costs no search, and nothing that was taken in."""
    write_days(settings, "user/alice@b.loc")
    before = found(settings)

    breaks(monkeypatch, "a", below=DAYS[0])
    with finding(settings, FindWish(conditions=Conditions()), QUIETLY) as report:
        assert len(list(report.messages)) == len(before)
        assert [each for each in report.notes if DAYS[0] in each and "as a whole" in each]
        assert DAYS[0] not in {
            each.generation for each in report.not_searched if "older" not in each.what
        }
    monkeypatch.undo()

    assert found(settings) == before
    assert catalogue(settings, None, QUIETLY).indexed == ()


def test_one_that_could_never_be_read_does_not_keep_the_others_from_being_searched(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_days(settings, "user/alice@b.loc")
    breaks(monkeypatch, "a", below=DAYS[1])

    with finding(settings, FindWish(conditions=Conditions()), QUIETLY) as report:
        (message,) = report.messages
        said = [each.text for each in report.not_searched if each.generation == DAYS[1]]
    assert message.found.newest.label == DAYS[0]
    assert len(said) == 1
    assert "cannot be read" in said[0]

    monkeypatch.undo()
    tree_at.cache_clear()
    assert {each[3] for each in found(settings)} == {DAYS[1]}


OLDER = ("2024-11-15T01:00:00Z", "2024-11-16T01:00:00Z")


def with_older(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Four generations that were taken in; which are looked at as a whole from now on."""
    write_days(settings, "user/alice@b.loc", "user/jdoe@b.loc", days=(*OLDER, *DAYS))
    catalogue(settings, None, QUIETLY)
    looked: list[str] = []

    def mark(generation: Generation) -> str | None:
        looked.append(generation.label)
        return mark_of(generation)

    monkeypatch.setattr(identities, "mark_of", mark)
    return looked


def test_a_search_looks_at_the_newest_alone_as_a_whole_and_the_catalogue_at_all(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = with_older(settings, monkeypatch)

    found(settings)
    assert looked == [DAYS[-1]]
    catalogue(settings, None, QUIETLY)

    assert looked == [DAYS[-1], *OLDER, *DAYS]


def test_an_account_that_came_into_an_older_one_is_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = with_older(settings, monkeypatch)

    write_days(settings, "user/zoe@b.loc", "user/john@b.loc", days=OLDER[:1])

    assert {each[0] for each in found(settings)} == {"alice", "jdoe", "zoe", "john"}
    assert looked == [OLDER[0], DAYS[-1]]
    found(settings)
    assert looked == [OLDER[0], DAYS[-1], DAYS[-1]]


def test_an_index_that_was_changed_in_place_is_read_when_all_are_looked_at_again(
    settings: Settings,
) -> None:
    """Deep in an account nothing else tells of it."""
    write_days(settings, "user/alice@b.loc", "user/alice/Sent@b.loc")
    found(settings)
    assert settings.backups is not None
    (index,) = (settings.backups / DAYS[0]).rglob("Sent/cyrus.index")
    other = settings.backups.parent / "other"
    write_mailbox(other, other, uids=(7, 8))
    index.write_bytes((other / "cyrus.index").read_bytes())

    assert catalogue(settings, None, QUIETLY).indexed == ()
    report = catalogue(settings, None, QUIETLY, is_again=True)

    assert [each.folders - each.unchanged for each in report.indexed] == [0, 1]
    wish = FindWish(conditions=Conditions(folders=("Sent",)), generation=DAYS[0])
    with finding(settings, wish, QUIETLY) as found_now:
        assert {7, 8} < {each.found.standing.uid for each in found_now.messages}
