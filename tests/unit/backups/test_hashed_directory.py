"""What happens to files while they are read is found, and ends nothing."""

from __future__ import annotations

import errno
from array import array
from pathlib import Path, PurePosixPath

from respool.backups.hashed_directory import HashedDirectory, hash_directory, hash_slice
from respool.backups.listing import Listing
from respool.backups.source import SourceMailbox
from respool.model.inventory import IN_DATA, MailboxPlace
from respool.model.messages import PartitionName
from respool.system.file_hashes import CHANGED, GONE, NO_FILE, READ, FileHashes
from respool.system.link_table import LinkTable
from tests.support.small_spools import mailbox_name

D = PurePosixPath("d")


def hashed(*states: tuple[int, int, int, int]) -> HashedDirectory:
    numbers = array("q", [number for each in states for number in each])
    hashes = FileHashes(numbers=numbers, digests=bytearray(20 * len(states)))
    return HashedDirectory(Listing(IN_DATA, D), hashes)


def test_each_state_of_a_file_has_its_finding() -> None:
    found = hashed(
        (1, 10, 5, READ),
        (2, 0, 0, GONE),
        (3, 7, 5, CHANGED),
        (4, 0, 0, NO_FILE),
        (5, 9, 5, errno.EIO),
    ).findings()

    assert [(each.uid, each.code, str(each.file)) for each in found] == [
        (2, "changed-while-checked", "d/2."),
        (3, "changed-while-checked", "d/3."),
        (4, "unsafe-entry", "d/4."),
        (5, "file-unreadable", "d/5."),
    ]


def test_only_what_is_still_there_is_listed_and_only_what_was_read_has_a_hash() -> None:
    directory = hashed((3, 7, 5, CHANGED), (1, 10, 5, READ), (2, 0, 0, GONE), (5, 9, 5, errno.EIO))

    rows = directory.complete()

    assert rows["uid"].tolist() == [1]
    assert directory.listing.rows()[["uid", "size", "mtime", "place"]].tolist() == [
        (1, 10, 5, IN_DATA),
        (3, 7, 5, IN_DATA),
        (5, 9, 5, IN_DATA),
    ]


def test_once_it_is_complete_nothing_is_held_twice_and_findings_stay() -> None:
    directory = hashed((1, 10, 5, READ), (2, 0, 0, GONE), (3, 10, 5, READ))

    directory.complete()

    assert [each.uid for each in directory.findings()] == [2]
    assert (len(directory.hashes.numbers), len(directory.hashes.digests)) == (4, 0)


def test_a_directory_that_vanishes_between_two_pieces_takes_its_files_along(
    tmp_path: Path,
) -> None:
    found = hash_slice(PurePosixPath(tmp_path), D, array("q", [7, 8]), LinkTable(8))

    assert found.numbers.tolist() == [7, 0, 0, GONE, 8, 0, 0, GONE]
    assert len(found.digests) == 40


def test_a_directory_that_is_none_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "d").symlink_to("/etc")
    source = SourceMailbox(
        name=mailbox_name("user/jdoe@b.loc"),
        spool=PurePosixPath(tmp_path),
        place=MailboxPlace(partition=PartitionName("p"), data=D),
    )

    directory, [finding] = hash_directory(source, D, IN_DATA, LinkTable(8))

    assert (finding.code, finding.file) == ("file-unreadable", D)
    assert len(directory.complete()) == 0
