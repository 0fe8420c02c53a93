from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from respool.app.account_lookup import find_account
from respool.app.selection import Wanted, get_mailbox, matching, select
from respool.backups.discovery import Backup, open_staged
from respool.backups.source import SourceMailbox
from respool.errors import (
    AccountNotInGeneration,
    AmbiguousName,
    FolderNotInGeneration,
    UsageError,
)
from respool.model.accounts import folder_path
from respool.model.generations import (
    BackupRoot,
    Generation,
    GenerationState,
    StagedDirectories,
)
from respool.model.inventory import MailboxPlace
from respool.model.messages import PartitionName
from tests.support.inventories import spool_generation
from tests.support.small_spools import mailbox_name, write_mailbox, write_spool

FOLDERS = (
    "user/jdoe",
    "user/jdoe/Projects",
    "user/jdoe/Projects/2017",
    "user/jdoe/Projects/2017/Q3",
    "user/jdoe/Projects2",
    "user/jdoe/&AMk-t&AOk-",
    "user/jdoe/INBOX",
    "DELETED/user/jdoe/Projects/2017/673A6780",
)


def dated(place: Path, number: int, day: int) -> Generation:
    return replace(
        spool_generation(place),
        generation_id=number,
        label=str(number),
        taken_at=datetime(2017, 10, day, 1, tzinfo=UTC),
        state=GenerationState.COMPLETE,
    )


@pytest.fixture
def backup(tmp_path: Path) -> Backup:
    """Generation 2 has lost a folder and an account of generation 1."""
    names = ["user/jdoe", "user/jdoe/Sent", "contact", "user/contact"]
    write_spool(tmp_path / "new", [f"{name}@b.loc" for name in names])
    gone = ["user/jdoe/Projects", "user/asmith", "user/JohnDoe"]
    write_spool(tmp_path / "old", [f"{name}@b.loc" for name in [*names, *gone]])
    root = BackupRoot(kind="test", place=PurePosixPath(tmp_path), description="for a test")
    generations = (dated(tmp_path / "new", 2, 2), dated(tmp_path / "old", 1, 1))
    return Backup(root=root, generations=generations)


def sources() -> tuple[SourceMailbox, ...]:
    place = MailboxPlace(partition=PartitionName("b_loc"))
    return tuple(
        SourceMailbox(name=mailbox_name(f"{text}@b.loc"), spool=PurePosixPath("/b"), place=place)
        for text in FOLDERS
    )


@pytest.mark.parametrize(
    ("folder", "meant"),
    [
        ("INBOX", ["INBOX"]),
        ("inbox", ["INBOX"]),
        ("./INBOX", ["./INBOX"]),
        ("Projects", ["Projects", "Projects/2017", "Projects/2017/Q3"]),
        ("Projects/", ["Projects", "Projects/2017", "Projects/2017/Q3"]),
        ("=Projects", ["Projects"]),
        ("Projects/*", ["Projects/2017"]),
        ("Projects/**", ["Projects/2017", "Projects/2017/Q3"]),
        ("Proj*", ["Projects", "Projects2"]),
        ("**/Q3", ["Projects/2017/Q3"]),
        ("Été", ["Été"]),
        ("E\u0301te\u0301", ["Été"]),
        ("DELETED", ["DELETED/Projects/2017/673A6780"]),
        ("DELETED/**", ["DELETED/Projects/2017/673A6780"]),
        ("**/673A6780", []),
        ("projects", []),
        ("Proj", []),
        ("Projects/[2]017", []),
    ],
)
def test_a_folder_means_these_mailboxes(folder: str, meant: list[str]) -> None:
    assert [folder_path(each.name) for each in matching(sources(), folder)] == meant


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("jdoe@b.loc", "jdoe@b.loc"),
        ("JDOE@B.LOC", "jdoe@b.loc"),
        ("jdoe", "jdoe@b.loc"),
        ("user/jdoe@b.loc", "jdoe@b.loc"),
        ("user/contact@b.loc", "contact@b.loc"),
        ("share/contact", "contact@b.loc"),
        ("johndoe@b.loc", "JohnDoe@b.loc"),
    ],
)
def test_an_account_is_found_as_people_write_it(backup: Backup, text: str, address: str) -> None:
    assert find_account(backup.generations[1], text).address == address


def test_a_user_and_a_mailshare_of_one_name_are_both_listed(backup: Backup) -> None:
    with pytest.raises(AmbiguousName, match=r"share/contact@b\.loc and user/contact@b\.loc"):
        find_account(backup.generations[0], "contact@b.loc")


def test_an_unknown_account_is_answered_with_close_ones(backup: Backup) -> None:
    with pytest.raises(AccountNotInGeneration) as caught:
        find_account(backup.generations[0], "jdo@b.loc")

    assert "jdoe@b.loc" in (caught.value.why or "")


def test_a_whole_account_is_taken_from_the_latest(backup: Backup) -> None:
    selection = select(backup, Wanted(account="jdoe"))

    assert selection.generation.label == "2"
    assert [folder_path(each.name) for each in selection.mailboxes] == ["INBOX", "Sent"]


def test_a_named_folder_is_taken_from_the_newest_that_has_it(backup: Backup) -> None:
    selection = select(backup, Wanted(account="jdoe", folders=("Projects",)))

    assert (selection.generation.label, selection.is_older) == ("1", True)
    assert not select(backup, Wanted(account="jdoe", folders=("Sent",))).is_older


def test_all_named_folders_come_from_one_generation(backup: Backup) -> None:
    selection = select(backup, Wanted(account="jdoe", folders=("Sent", "Projects")))

    assert selection.generation.label == "1"
    assert [folder_path(each.name) for each in selection.mailboxes] == ["Projects", "Sent"]


def test_a_folder_that_a_generation_lacks_is_answered_with_the_command_to_type(
    backup: Backup,
) -> None:
    wanted = Wanted(account="jdoe", folders=("Projects",), generation="2", command="restore")

    with pytest.raises(FolderNotInGeneration) as caught:
        select(backup, wanted)

    assert caught.value.hint == "respool restore jdoe Projects -g 1"
    assert "last in generation 1" in (caught.value.why or "")


def test_an_account_that_the_latest_lacks_is_answered_with_the_one_that_has_it(
    backup: Backup,
) -> None:
    with pytest.raises(AccountNotInGeneration) as caught:
        select(backup, Wanted(account="asmith@b.loc"))

    assert caught.value.hint == "respool show asmith@b.loc -g 1"


def test_a_folder_that_no_generation_has_is_answered_with_those_there_are(
    backup: Backup,
) -> None:
    with pytest.raises(FolderNotInGeneration) as caught:
        select(backup, Wanted(account="jdoe", folders=("Sennt",)))

    assert "Sent" in (caught.value.why or "")


def test_one_mailbox_is_that_of_the_folder_alone(backup: Backup) -> None:
    selection = select(backup, Wanted(account="jdoe", folders=("Sent",)))

    assert get_mailbox(selection, "Sent").name == mailbox_name("user/jdoe/Sent@b.loc")


@pytest.fixture
def staged(tmp_path: Path) -> Backup:
    """Directories of one account, which do not say whose they are."""
    write_mailbox(tmp_path / "meta", tmp_path / "data", header="b.loc!user.jdoe\tid\n\n\t\n")
    write_mailbox(tmp_path / "meta" / "Sent", tmp_path / "data" / "Sent")
    directories = StagedDirectories(
        data=(PurePosixPath(tmp_path / "data"),), meta=(PurePosixPath(tmp_path / "meta"),)
    )
    return open_staged(directories)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("jdoe@b.loc", "user/jdoe@b.loc"),
        ("user/jdoe@b.loc", "user/jdoe@b.loc"),
        ("share/contact@b.loc", "contact@b.loc"),
        ("john.doe@B.loc", "user/john.doe@b.loc"),
        ("zo\u00eb@b.loc", "user/zo\u00eb@b.loc"),
        ("jdoe", "user/jdoe"),
    ],
)
def test_directories_of_one_account_are_those_of_the_account_that_is_typed(
    staged: Backup, text: str, name: str
) -> None:
    selection = select(staged, Wanted(account=text))

    assert selection.account.root.display == name
    assert [folder_path(each.name) for each in selection.mailboxes] == ["INBOX", "Sent"]


@pytest.mark.parametrize("text", ["", "@b.loc", "jdoe@", "jdoe/Sent@b.loc", "user/", "user/a/b"])
def test_what_cannot_name_an_account_is_refused(staged: Backup, text: str) -> None:
    with pytest.raises(UsageError, match="cannot name an account"):
        find_account(staged.generations[0], text)


def test_a_folder_that_was_not_staged_is_said_to_be_missing(staged: Backup) -> None:
    with pytest.raises(FolderNotInGeneration):
        select(staged, Wanted(account="jdoe@b.loc", folders=("Drafts",)))
