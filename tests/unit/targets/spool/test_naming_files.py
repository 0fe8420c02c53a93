from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from respool.cyrus.index import IndexHeader
from respool.errors import StepFailed
from respool.system.cyrus_server import MailboxDirectories
from respool.targets.spool.index_records import FreshIndex, IndexDraft
from respool.targets.spool.live_files import Uids
from respool.targets.spool.naming_files import forget_waiting, homes_of, name_files
from tests.unit.planning.plans import message


@pytest.fixture
def directories(tmp_path: Path) -> MailboxDirectories:
    """Data and archive directory of a mailbox, empty."""
    for name in ("data", "archive"):
        (tmp_path / name).mkdir()
    return MailboxDirectories(
        data=tmp_path / "data", meta=tmp_path / "meta", archive=tmp_path / "archive"
    )


def put(directory: Path, *names: str) -> None:
    for name in names:
        (directory / name).write_bytes(name.encode())


def uids(*numbers: int) -> Uids:
    return np.array(numbers, dtype="u4")


def names(directory: Path | None) -> list[str]:
    assert directory is not None
    return sorted(each.name for each in directory.iterdir())


def test_a_message_is_at_home_where_its_record_says(directories: MailboxDirectories) -> None:
    fresh = FreshIndex(version=12, header=IndexHeader())
    draft = IndexDraft(fresh, keeps_archive=True)
    assert list(draft.add([message(1), message(2)._replace(is_archived=True)], None)) == []

    homes = homes_of(directories, draft)

    assert {home: uids.tolist() for home, uids in homes.items()} == {
        directories.data: [1],
        directories.archive: [2],
    }
    without = MailboxDirectories(data=directories.data, meta=directories.meta)
    assert homes_of(without, draft)[directories.data].tolist() == [1, 2]


def test_each_copy_gets_its_name_once_for_all(directories: MailboxDirectories) -> None:
    assert directories.archive is not None
    put(directories.data, ".respool-1.", ".respool-2.", "cyrus.index", ".respool-filling")
    put(directories.archive, ".respool-3.")
    homes = {directories.data: uids(1, 2), directories.archive: uids(3)}

    name_files(directories, homes)
    name_files(directories, homes)

    assert names(directories.data) == [".respool-filling", "1.", "2.", "cyrus.index"]
    assert names(directories.archive) == ["3."]
    assert (directories.data / "2.").read_bytes() == b".respool-2."


def test_what_a_former_attempt_left_and_is_no_message_of_the_run_goes(
    directories: MailboxDirectories,
) -> None:
    assert directories.archive is not None
    put(directories.data, ".respool-1.", ".respool-9.", "8.")
    put(directories.archive, ".respool-1.")

    name_files(directories, {directories.data: uids(1)})

    assert names(directories.data) == ["1."]
    assert names(directories.archive) == []


def test_a_copy_that_is_not_there_is_no_success(directories: MailboxDirectories) -> None:
    put(directories.data, ".respool-1.")

    with pytest.raises(StepFailed, match=r"the copy 2\. of a message is not in") as failed:
        name_files(directories, {directories.data: uids(1, 2)})

    assert not failed.value.can_be_tried_again


def test_copies_that_wait_can_be_forgotten_and_nothing_else(
    directories: MailboxDirectories,
) -> None:
    put(directories.data, ".respool-1.", "1.", ".respool-filling", "cyrus.index")

    forget_waiting(directories)
    forget_waiting(directories)

    assert names(directories.data) == [".respool-filling", "1.", "cyrus.index"]
