"""The questions of the story, each with one answer, held against what the servers said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from respool.app.find import FindWish, finding
from respool.app.found_live import FoundMessage
from respool.app.history import HistoryReport, HistoryWish, history
from respool.app.indexing import IndexWish
from respool.app.settings import Settings
from respool.errors import FolderNotInGeneration, MessageNotInMailbox, ServerNotFound
from respool.model.conditions import Conditions
from tests.support import golden
from tests.support.live_spool import at_its_place, settings_for

PARTS = {"87": "1232", "88": "1233", "89": "1234"}
ACCOUNTS = ("jdoe@bluemind.loc", "alice@bluemind.loc", "contact@bluemind.loc")
FILED = "e8c2c58963389d1a964a1b01942a3d746f87a8f3"  # from INBOX into Projects/2017
QUIETLY = IndexWish(agree=bool)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The backup and the live server of the story, and one catalogue for all these tests."""
    place = tmp_path_factory.mktemp("story")
    backups = golden.unpack_dataprotect(place / "backup")
    imapd_conf = at_its_place(golden.unpack_live(place / "live"))
    found = settings_for(imapd_conf, backups=backups)
    return replace(found, state=place / "state")


def found_by(settings: Settings, **wish: Any) -> list[FoundMessage]:  # noqa: ANN401 - of FindWish
    conditions = wish.pop("conditions", Conditions())
    with finding(settings, FindWish(conditions=conditions, **wish), QUIETLY) as report:
        return list(report.messages)


def told(settings: Settings, *words: str, guid: str | None = None) -> HistoryReport:
    account, folder = words or (None, None)
    return history(settings, HistoryWish(account=account, folder=folder, guid=guid), QUIETLY)


def boxes(label: str, account: str) -> Iterable[tuple[str, Any]]:
    """The mailboxes of an account in a generation, or live, as the server said."""
    name = f"dataprotect/truth-{PARTS.get(label, label)}.json"
    login, _, domain = account.partition("@")
    for mailbox, said in golden.truth(name)["mailboxes"].items():
        path, _, owned = mailbox.partition("@")
        parts = path.removeprefix("DELETED/").removeprefix("user/").split("/")
        if parts[0] == login and owned == domain:
            yield mailbox, said


def guids(label: str, account: str, *keys: str) -> set[str]:
    return {
        each["sha1"]
        for _, said in boxes(label, account)
        for key in keys
        for each in said.get(key, ())
    }


def seen_live(account: str) -> set[str]:
    """What people see: not what lies below DELETED."""
    return {
        each["sha1"]
        for name, said in boxes("live", account)
        if not name.startswith("DELETED/")
        for each in said["messages"]
    }


@pytest.mark.parametrize("account", ACCOUNTS)
def test_what_an_account_misses_is_all_that_any_backup_has_and_live_has_not(
    account: str, settings: Settings
) -> None:
    kept = set().union(*(guids(each, account, "messages", "expunged") for each in PARTS))

    found = found_by(settings, account=account, only_missing=True)

    assert {each.found.message.guid for each in found} == kept - seen_live(account)
    assert not any(each.live for each in found)


def test_the_five_that_alice_lost_are_in_generation_88_and_gone_by_the_next(
    settings: Settings,
) -> None:
    found = found_by(settings, account="alice@bluemind.loc", only_missing=True)

    assert sorted(each.found.standing.uid for each in found) == [1, 2, 3, 5, 7]
    for each in found:
        line = each.as_json()
        assert (line["generation"], line["folder"], line["missing"]) == ("88", "INBOX", True)
        assert line["generations"] == [{"first": "87", "last": "88"}]
        assert line["deleted_at"] == "2024-11-20T01:00:00Z"


def test_projects_2017_was_deleted_after_generation_88(settings: Settings) -> None:
    (found,) = told(settings, "jdoe@bluemind.loc", "Projects/2017").histories

    line = found.as_json()
    assert (line["last"], line["is_in_newest"]) == ("88", False)
    events = line["events"]
    assert isinstance(events, list)
    assert [(each["event"], each["generation"], each["messages"]) for each in events] == [
        ("first-seen", "87", 4),
        ("counts-changed", "88", 6),
        ("deleted", "89", 6),
    ]
    assert events[-1]["at"] == "2024-11-19T08:00:03Z"
    assert events[-1]["folder"] == "DELETED/Projects/2017/673C4583"


def test_what_was_moved_is_told_with_both_folders_and_is_not_missing_by_the_way(
    settings: Settings,
) -> None:
    (found,) = told(settings, guid=FILED).histories

    events = found.as_json()["events"]
    assert isinstance(events, list)
    assert [
        (each["event"], each["generation"], each["from_folder"], each["folder"]) for each in events
    ] == [
        ("first-seen", "87", None, "INBOX"),
        ("moved", "88", "INBOX", "Projects/2017"),
        ("moved", "89", "Projects/2017", "DELETED/Projects/2017/673C4583"),
    ]


def test_what_was_filed_elsewhere_is_said_to_be_there_live(settings: Settings) -> None:
    """UID 51 of jdoe's INBOX went into Projects/2024, which is still there."""
    (found,) = found_by(
        settings,
        conditions=Conditions(guids=("630e9e2cf3d15c9b704b262967b2f91afd863556",)),
    )

    assert found.as_json()["live"] == [{"folder": "Projects/2024", "uid": 1}]
    assert found.as_json()["missing"] is False
    assert found.found.deleted_at is None


@pytest.mark.parametrize("label", PARTS)
def test_every_message_is_found_by_its_sender_and_a_part_of_its_subject(
    label: str, settings: Settings
) -> None:
    lines = found_by(settings, generation=label)
    by_guid = {each.found.message.guid: each for each in lines}

    assert set(by_guid) == set().union(
        *(
            {each["sha1"] for each in said[key]}
            for said in all_boxes(label)
            for key in ("messages", "expunged")
            if key in said
        )
    )
    for each in list(by_guid.values())[::7]:
        entry = each.found.message
        if entry.subject and entry.senders and entry.senders[0].address:
            wanted = Conditions(
                sender=entry.senders[0].address.upper(), subject=entry.subject[1:].strip() or None
            )
            found = found_by(settings, conditions=wanted, generation=label)
            assert entry.guid in {other.found.message.guid for other in found}


def all_boxes(label: str) -> list[Any]:
    name = f"dataprotect/truth-{PARTS[label]}.json"
    return list(golden.truth(name)["mailboxes"].values())


def test_the_newest_come_first_whatever_is_asked(settings: Settings) -> None:
    for wanted in (Conditions(), Conditions(subject="a"), Conditions(sender="example")):
        dates = [each.found.standing.date for each in found_by(settings, conditions=wanted)]

        assert len(dates) > 5
        assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize(
    ("wanted", "subjects"),
    [
        (Conditions(subject="会議"), {"Réunion à Évry, 会議", "会議の資料について"}),
        (Conditions(subject="REUNION A EVRY,"), {"Réunion à Évry, 会議"}),
        (Conditions(subject="встреч"), {"Встреча в четверг"}),
        (Conditions(subject="sprechung am Donn"), {"Besprechung am Donnerstag"}),
    ],
    ids=["two characters", "accents", "no case", "inside words"],
)
def test_parts_of_subjects_are_found_in_every_script(
    wanted: Conditions, subjects: set[str], settings: Settings
) -> None:
    found = found_by(settings, conditions=wanted)

    assert {each.found.message.subject for each in found} == subjects


def test_deleted_since_means_what_is_nowhere_any_longer(settings: Settings) -> None:
    since = datetime(2024, 11, 19, tzinfo=UTC)

    found = found_by(
        settings, conditions=Conditions(deleted_since=since), account="contact@bluemind.loc"
    )

    assert {(each.found.standing.folder.path, each.found.newest.label) for each in found} == {
        ("Archives", "88")
    }
    assert len(found) == 5


def test_the_best_has_what_was_asked_as_a_word_of_its_own(settings: Settings) -> None:
    wanted = Conditions(subject="plan")

    best = found_by(settings, conditions=wanted, is_best=True)

    assert len(best) == len(found_by(settings, conditions=wanted))
    assert best[0].found.message.subject == "Project plan, version 2"


def test_what_was_not_searched_is_said(settings: Settings) -> None:
    wish = FindWish(conditions=Conditions(text="offer"))
    with finding(settings, wish, QUIETLY) as report:
        list(report.messages)
        kinds = {each.what.value for each in report.not_searched}

    assert {"older", "bodies-not-indexed", "bodies-in-the-archive"} <= kinds


def test_without_a_live_server_it_is_not_known_whether_live_has_it(
    settings: Settings, tmp_path: Path
) -> None:
    nowhere = replace(settings, imapd_conf=tmp_path / "imapd.conf")

    with finding(nowhere, FindWish(conditions=Conditions(), limit=3), QUIETLY) as report:
        lines = [each.as_json() for each in report.messages]

    assert [each["live"] for each in lines] == [None] * 3
    assert any("live" in note for note in report.notes)
    with pytest.raises(ServerNotFound):
        found_by(nowhere, only_missing=True)


def test_a_folder_or_a_message_that_never_was_is_said_to_be_nowhere(settings: Settings) -> None:
    with pytest.raises(FolderNotInGeneration, match="in no generation"):
        told(settings, "jdoe@bluemind.loc", "Projects/2018")
    with pytest.raises(MessageNotInMailbox):
        told(settings, guid="0" * 40)
