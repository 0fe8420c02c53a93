"""Members of a zip, found through its directory."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from respool.backups.export_zip import ZipFiles
from respool.exports.zip_records import STORED, Member, central_record, end_records
from respool.system.file_octets import FileOctets

MANY = 20_000


def opened(path: Path, names: list[str]) -> ZipFiles:
    """A zip of nothing but its directory; the member at each place says that it stands there."""
    records = b"".join(
        central_record(
            Member(
                name=name,
                modified_at=1_500_000_000,
                method=STORED,
                crc=0,
                stored_bytes=0,
                size_bytes=0,
                offset=number,
            )
        )
        for number, name in enumerate(names)
    )
    path.write_bytes(
        b"before" + records + end_records(members=len(names), offset=6, size_bytes=len(records))
    )
    return ZipFiles(FileOctets(os.open(path, os.O_RDONLY), path))


@pytest.fixture
def crowded(tmp_path: Path) -> ZipFiles:
    return opened(tmp_path / "many.zip", [f"Archive/{number}.eml" for number in range(MANY)])


def test_a_member_is_found_by_its_name(crowded: ZipFiles) -> None:
    for number in (0, 1, MANY // 2, MANY - 1):
        member = crowded.member(f"Archive/{number}.eml")
        assert member is not None
        assert member.offset == number
    assert crowded.member("Archive/none.eml") is None


def test_all_members_are_told_once(crowded: ZipFiles) -> None:
    assert [each.offset for each in crowded.members()] == list(range(MANY))


def test_a_member_whose_name_is_as_long_as_names_can_be_is_found(tmp_path: Path) -> None:
    names = ["short", "l" * 65_535, "last"]
    files = opened(tmp_path / "long.zip", names)
    assert [each and each.name for each in map(files.member, names)] == names


def test_asking_for_a_member_takes_no_more_of_a_zip_with_more_of_them(crowded: ZipFiles) -> None:
    """
    Or reading it back would take the square of their number.
    """
    crowded.member("Archive/1.eml")
    tracemalloc.start()
    try:
        crowded.member("Archive/2.eml")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MANY
