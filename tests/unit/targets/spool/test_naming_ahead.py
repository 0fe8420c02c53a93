from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from respool.errors import StepFailed
from respool.runs.hands import ALONE, Hands, many_hands
from respool.system.cyrus_server import MailboxDirectories
from respool.targets.spool import naming_ahead
from respool.targets.spool.live_files import Uids, files_in, waiting_name
from respool.targets.spool.naming_ahead import NamingAhead

COUNT = 30


@pytest.fixture(scope="module")
def hands() -> Iterator[Hands]:
    with many_hands(2) as found:
        assert found.count == 2
        yield found


@pytest.fixture
def directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MailboxDirectories:
    """A mailbox in which many copies wait: more than few are not needed for that here."""
    monkeypatch.setattr(naming_ahead, "MANY", COUNT)
    data, archive = tmp_path / "data", tmp_path / "archive"
    for directory in (data, archive):
        directory.mkdir()
    for uid in range(1, COUNT + 1):
        (data / waiting_name(uid)).write_bytes(b"%d" % uid)
    (archive / waiting_name(COUNT + 1)).touch()
    return MailboxDirectories(data=data, meta=tmp_path / "meta", archive=archive)


def uids(first: int, last: int) -> Uids:
    return np.arange(first, last + 1, dtype="u4")


def found(directory: Path) -> tuple[list[int], list[int]]:
    there = files_in(directory)
    return there.uids.tolist(), there.waiting.tolist()


def test_copies_get_their_names_group_by_group(
    directories: MailboxDirectories, hands: Hands
) -> None:
    archive = directories.archive
    assert archive is not None
    with NamingAhead(directories, hands) as naming:
        naming.add({directories.data: uids(1, 10), archive: uids(COUNT + 1, COUNT + 1)})
        naming.add({directories.data: uids(11, 20)})
        naming.add({directories.data: uids(21, COUNT - 1)})

    assert found(directories.data) == ([*range(1, COUNT)], [COUNT])
    assert found(archive) == ([COUNT + 1], [])
    assert (directories.data / "7.").read_bytes() == b"7"


def test_what_does_not_wait_is_left_to_who_looks_last(
    directories: MailboxDirectories, hands: Hands
) -> None:
    (directories.data / waiting_name(COUNT + 2)).touch()
    (directories.data / waiting_name(5)).unlink()

    with NamingAhead(directories, hands) as naming:
        naming.add({directories.data: uids(1, COUNT), directories.meta: uids(1, 3)})

    named, waiting = found(directories.data)
    assert named == [uid for uid in range(1, COUNT + 1) if uid != 5]
    assert waiting == [COUNT + 2]


def test_nothing_is_named_where_a_message_file_lies_already(
    directories: MailboxDirectories, hands: Hands
) -> None:
    """It may be somebody's mail: that is known when all is laid out."""
    assert directories.archive is not None
    (directories.archive / "3.").touch()

    with NamingAhead(directories, hands) as naming:
        naming.add({directories.data: uids(1, COUNT)})

    assert found(directories.data) == ([], [*range(1, COUNT + 1)])


def test_few_and_what_one_process_does_alone_is_not_named_ahead(
    directories: MailboxDirectories, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    with NamingAhead(directories, ALONE) as naming:
        naming.add({directories.data: uids(1, COUNT)})
    monkeypatch.setattr(naming_ahead, "MANY", COUNT + 2)
    with NamingAhead(directories, hands) as naming:
        naming.add({directories.data: uids(1, COUNT)})

    assert found(directories.data)[0] == []


def test_a_name_that_cannot_be_given_is_told(
    directories: MailboxDirectories, hands: Hands
) -> None:
    naming = NamingAhead(directories, hands)
    (directories.data / "9.").mkdir()  # as somebody may do by hand meanwhile

    with pytest.raises(StepFailed, match="cannot get their names"), naming:
        naming.add({directories.data: uids(1, COUNT)})


def lay_out_nothing(naming: NamingAhead, directory: Path) -> None:
    with naming:
        naming.add({directory: uids(1, COUNT)})
        raise ZeroDivisionError


def test_nobody_is_at_work_any_more_when_laying_out_fails(
    directories: MailboxDirectories, hands: Hands
) -> None:
    """Its failure is the one that is told; the lock of the index may go then."""
    naming = NamingAhead(directories, hands)
    (directories.data / "9.").mkdir()

    with pytest.raises(ZeroDivisionError):
        lay_out_nothing(naming, directories.data)

    named = found(directories.data)
    assert named[0] in ([9], [*range(1, 10)])  # the ninth is the directory
    assert found(directories.data) == named
