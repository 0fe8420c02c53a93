"""Whether the live account has what was found: never MISSING where nobody can tell."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from respool.app.find import FindWish, finding
from respool.app.found_live import FoundMessage
from respool.app.indexing import IndexWish
from respool.app.settings import Settings
from respool.model.conditions import Conditions
from tests.support.live_spool import settings_for
from tests.support.small_spools import part_directory, write_description, write_spool

WHO = "jdoe@b.loc"
BACKUP = ("user/jdoe@b.loc", "user/jdoe/Archive@b.loc")  # the same message in both
PARTITION = "b_loc"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A backup of one generation, and a live server without anything yet."""
    backups = tmp_path / "backups"
    backups.mkdir()
    write_description(backups, 1, [{"id": 7}])
    write_spool(part_directory(backups, 7), BACKUP)
    conf = tmp_path / "live/imapd.conf"
    conf.parent.mkdir()
    (conf.parent / "db").mkdir()
    spool = conf.parent / "var/spool/cyrus"
    conf.write_text(
        f"configdirectory: {conf.parent}/db\nhashimapspool: yes\nvirtdomains: userid\n"
        f"partition-{PARTITION}: {spool}/data/{PARTITION}\n"
        f"metapartition-{PARTITION}: {spool}/meta/{PARTITION}\n"
    )
    return replace(settings_for(conf, backups=backups), state=tmp_path / "state")


def live(settings: Settings, *names: str, elsewhere: Sequence[str] = ()) -> Path:
    """Live mailboxes, those ``elsewhere`` on a partition that is not on this machine."""
    root = settings.imapd_conf.parent
    write_spool(root, names, partition=PARTITION)
    entries = [(name, PARTITION) for name in names] + [(name, "far") for name in elsewhere]
    (root / "db/mailboxes.db").write_text(
        "".join(f"{_internal(name)}\t0 {partition} \n" for name, partition in entries)
    )
    return root / "var/spool/cyrus"


def _internal(name: str) -> str:
    path, _, domain = name.partition("@")
    return f"{domain}!{path.replace('/', '.')}"


def found(
    settings: Settings, *, folders: tuple[str, ...] = (), is_only: bool = False
) -> tuple[list[FoundMessage], tuple[str, ...]]:
    asked = FindWish(conditions=Conditions(folders=folders), account=WHO, only_missing=is_only)
    with finding(settings, asked, IndexWish(agree=bool)) as report:
        return list(report.messages), report.notes


def where(messages: Sequence[FoundMessage]) -> list[object]:
    return [each.as_json()["missing"] for each in messages]


def test_what_a_live_folder_on_an_unreachable_partition_may_have_is_not_missing(
    settings: Settings,
) -> None:
    live(settings, BACKUP[0], elsewhere=[BACKUP[1]])

    messages, notes = found(settings)
    missing, said = found(settings, is_only=True)

    told = {each.found.standing.folder.path: each.as_json() for each in messages}
    assert told["INBOX"]["missing"] is False
    assert told["Archive"]["missing"] is None
    assert "Archive of the live account" in str(told["Archive"]["live_not_known"])
    assert any("partition far is not on this machine" in note for note in notes)
    assert missing == []
    assert any(note.startswith("1 message is not among these: Archive") for note in said)


def test_what_a_live_folder_may_have_whose_index_cannot_be_read_is_not_missing(
    settings: Settings,
) -> None:
    spool = live(settings, *BACKUP)
    (index,) = spool.glob("meta/**/Archive/cyrus.index")
    index.write_bytes(b"no index")

    messages, notes = found(settings)

    assert sorted(map(str, where(messages))) == ["False", "None"]
    assert any("Archive: its index cannot be read" in note for note in notes)


def test_what_a_live_folder_may_have_whose_directory_is_gone_is_not_missing(
    settings: Settings,
) -> None:
    spool = live(settings, *BACKUP)
    for each in spool.glob("*/**/Archive"):
        shutil.rmtree(each)

    assert sorted(map(str, where(found(settings)[0]))) == ["False", "None"]


def test_without_the_list_of_mailboxes_a_partition_that_is_not_here_may_have_anything(
    settings: Settings,
) -> None:
    live(settings, BACKUP[0])
    (settings.imapd_conf.parent / "db/mailboxes.db").unlink()
    with settings.imapd_conf.open("a") as conf:
        conf.write("partition-far: /nowhere/at/all\n")

    assert sorted(map(str, where(found(settings)[0]))) == ["False", "None"]


def test_a_live_copy_answers_the_copy_that_was_beside_it_whatever_was_searched_for(
    settings: Settings,
) -> None:
    live(settings, BACKUP[1])

    assert where(found(settings, folders=("INBOX",))[0]) == [True]
    assert where(found(settings, folders=("Archive",))[0]) == [False]


def test_what_nobody_knows_the_guid_of_is_counted_and_not_called_missing(
    settings: Settings,
) -> None:
    for index in settings.backups.glob("**/meta/**/Archive/cyrus.index"):
        index.unlink()
    live(settings, BACKUP[0])

    missing, notes = found(settings, is_only=True)

    assert missing == []
    assert any(note.startswith("1 message is not among these: nobody knows") for note in notes)


def test_where_there_is_no_live_account_all_is_missing_of_whatever_guid(
    settings: Settings,
) -> None:
    for index in settings.backups.glob("**/meta/**/Archive/cyrus.index"):
        index.unlink()
    live(settings, "user/other@b.loc")

    assert where(found(settings, is_only=True)[0]) == [True, True]


def test_the_copy_in_a_folder_that_was_renamed_since_answers_the_one_of_its_former_name(
    settings: Settings,
) -> None:
    """Known by its id, as for diff and --only-missing; else the INBOX's would be answered."""
    name_folder(part_directory(settings.backups, 7) / "var/spool/cyrus", "Archive")
    spool = live(settings, "user/jdoe/Renamed@b.loc")
    name_folder(spool, "Renamed")

    told = {each.found.standing.folder.path: each.as_json() for each in found(settings)[0]}

    assert (told["Archive"]["missing"], told["INBOX"]["missing"]) == (False, True)


def name_folder(spool: Path, folder: str) -> None:
    """Give a folder of a spool the id ``own``."""
    (header,) = spool.glob(f"meta/**/{folder}/cyrus.header")
    header.write_bytes(header.read_bytes().replace(b"\tid\n", b"\town\n"))
