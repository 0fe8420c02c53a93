from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from respool.backups.presence import Missed, Presence, system_number
from respool.backups.source import SourceMailbox, tree_at
from respool.errors import BackupFileMissing
from respool.model.hsm import StorePlace
from respool.model.inventory import MailboxPlace
from respool.model.messages import PartitionName
from tests.support.small_spools import mailbox_name, write_mailbox

DATA, META = PurePosixPath("data/j"), PurePosixPath("meta/j")
UIDS = range(1, 31)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """A mailbox of thirty messages, its directories open as while it is read."""
    root = tmp_path / "spool"
    write_mailbox(root / META, root / DATA, uids=UIDS)
    tree_at.cache_clear()
    with tree_at(PurePosixPath(root)).opened_directory(DATA):
        return root


def presence(
    spool: Path, meanwhile: Callable[[], None] = lambda: None, *, has_index: bool = True
) -> Presence:
    place = MailboxPlace(partition=PartitionName("p"), data=DATA, meta=META, archive=None)
    source = SourceMailbox(name=mailbox_name("user/j"), spool=PurePosixPath(spool), place=place)
    return Presence(source=source, has_index=has_index, sleep=lambda _: meanwhile())


def missed(
    *uids: int, number: int | None = errno.EIO, **more: tuple[StorePlace, ...]
) -> list[Missed]:
    return [Missed(uid=uid, directory=DATA, number=number, **more) for uid in uids]


def vanished(spool: Path, *uids: int) -> list[Missed]:
    for uid in uids:
        (spool / DATA / f"{uid}.").unlink()
    return missed(*uids, number=errno.ENOENT)


def test_single_files_that_are_gone_or_unreadable_are_losses_of_their_own(spool: Path) -> None:
    assert presence(spool).why_gone(missed(1, 2), 28) is None
    assert presence(spool).why_gone(vanished(spool, 3, 4), 28) is None


def test_bad_sectors_of_a_whole_group_are_losses_while_the_index_can_be_read(spool: Path) -> None:
    assert presence(spool).why_gone(missed(*UIDS), 0) is None


@pytest.mark.parametrize("number", [errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT])
def test_a_file_system_that_is_gone_says_so_at_once(spool: Path, number: int) -> None:
    (one,) = missed(7, number=number)

    assert Presence.is_of_all(one)
    assert "system says" in str(presence(spool).why_gone([one], 29))


def test_a_mailbox_that_was_removed_is_not_lost_message_by_message(spool: Path) -> None:
    shutil.rmtree(spool / DATA)

    said = presence(spool).why_gone(missed(1, number=errno.ENOENT), 29)

    assert "data/j" in str(said)


def test_a_backup_that_was_moved_away_is_seen_by_its_path(spool: Path) -> None:
    """
    What is open of it can still be read: retention moves a generation, then deletes it.
    """
    spool.rename(spool.with_name("_delete.4711"))

    assert "spool" in str(presence(spool).why_gone(missed(1, number=errno.ENOENT), 29))


def test_another_generation_at_the_same_path_is_another(spool: Path) -> None:
    old = spool.rename(spool.with_name("daily.6"))
    shutil.copytree(old, spool)

    assert "another directory" in str(presence(spool).why_gone(missed(1), 29))


def test_after_a_backup_went_away_the_next_look_begins_at_its_path(spool: Path) -> None:
    """
    Brought back as a copy it is read, though it is another directory.
    """
    old = spool.rename(spool.with_name("away"))
    assert presence(spool).why_gone(missed(1), 29) is not None
    shutil.copytree(old, spool)

    assert presence(spool).why_gone(missed(1), 29) is None


def test_an_index_that_went_is_a_sign_that_all_is_going(spool: Path) -> None:
    (spool / META / "cyrus.index").unlink()

    assert "cyrus.index" in str(presence(spool).why_gone(missed(1), 29))
    assert presence(spool, has_index=False).why_gone(missed(1), 29) is None


def test_files_that_vanish_one_after_the_other_are_a_removal_under_way(spool: Path) -> None:
    def go_on() -> None:
        for uid in range(10, 20):
            (spool / DATA / f"{uid}.").unlink()

    said = presence(spool, go_on).why_gone(vanished(spool, 1, 2, 3), 27)

    assert said == "its files vanish: 10 of 27 went within a second"


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOENT, None])
def test_a_group_of_which_nothing_can_be_read_is_no_list_of_losses(
    spool: Path, number: int | None
) -> None:
    assert "none of 30" in str(presence(spool).why_gone(missed(*UIDS, number=number), 0))
    assert presence(spool).why_gone(missed(*UIDS, number=number), 1) is None


def test_without_an_index_a_disk_that_gives_nothing_is_believed_dead(spool: Path) -> None:
    assert presence(spool, has_index=False).why_gone(missed(*UIDS), 0) is not None


def test_the_archive_that_stubs_need_must_be_there(spool: Path, tmp_path: Path) -> None:
    """
    One body that is not there is a loss; a store that is gone is none.
    """
    store = StorePlace(spool=PurePosixPath(tmp_path), directory=PurePosixPath("store"))
    stubs = missed(1, number=None, stores=(store,))

    assert "store" in str(presence(spool).why_gone(stubs, 29))
    (tmp_path / "store").mkdir()
    assert presence(spool).why_gone(stubs, 29) is None


def test_what_the_system_said_is_found_behind_an_error_of_ours() -> None:
    ours = BackupFileMissing("it is not there")
    assert system_number(ours) is None
    ours.__cause__ = FileNotFoundError(errno.ENOENT, "gone")
    assert system_number(ours) == errno.ENOENT
