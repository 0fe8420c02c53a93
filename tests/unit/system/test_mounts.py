from __future__ import annotations

import os
from pathlib import Path

import pytest

from respool.system import mounts, open_directories
from respool.system.mounts import Mount, counts_directories, mount_of, parse_mount
from respool.system.read_only import ReadOnlyTree
from tests.support.loop_file_systems import loop_file_system


def test_a_mount_is_told_with_its_blanks() -> None:
    line = r"36 35 98:0 /sub /mnt/a\040b rw,noatime master:1 - btrfs /dev/sda1 rw,errors=continue"

    assert parse_mount(line) == Mount(
        point="/mnt/a b",
        kind="btrfs",
        source="/dev/sda1",
        number="98:0",
        options=frozenset({"rw", "errors=continue"}),
    )


@pytest.mark.parametrize("line", ["", "36 35 98:0 / /mnt rw", "36 35 - ext4 /dev/sda1 rw"])
def test_what_is_no_mount_is_passed_over(line: str) -> None:
    assert parse_mount(line) is None


def test_a_mount_is_that_of_the_longest_point_above() -> None:
    assert mount_of(Path("/proc/self")) == mount_of(Path("/proc"))
    assert (found := mount_of(Path("/proc"))) is not None
    assert found.kind == "proc"


@pytest.mark.parametrize(
    ("kinds", "is_counted"),
    [
        (("ext4",), True),
        (("xfs", "xfs"), True),  # mounted at two places
        (("btrfs",), False),
        (("nfs4",), False),
        (("ext2",), False),  # nothing keeps it consistent
        (("tmpfs", "overlay"), False),  # of one number, whatever that is
        ((), False),
    ],
)
def test_links_are_counted_where_that_is_known_of_the_file_system(
    kinds: tuple[str, ...],
    is_counted: bool,  # noqa: FBT001 - a case
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [f"{at} 1 98:7 / /m{at} rw - {kind} /dev/sda{at} rw" for at, kind in enumerate(kinds)]
    told = tmp_path / "mountinfo"
    told.write_text("\n".join(["9 1 98:1 / / rw - ext4 /dev/sdb rw", *lines, ""]), "ascii")
    monkeypatch.setattr(mounts, "_MOUNTS", told)

    assert counts_directories(os.makedev(98, 7)) is is_counted


@pytest.mark.parametrize(("kind", "is_counted"), [("xfs", True), ("btrfs", False)])
def test_real_ones_say_how_many_are_below_where_we_believe_it(
    kind: str,
    is_counted: bool,  # noqa: FBT001 - a case
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On btrfs every directory has one link; on all of them every directory is found."""
    monkeypatch.setattr(open_directories, "_LISTED_ANYWAY_OCTETS", 0)
    with loop_file_system(kind, tmp_path) as place:
        (place / "full" / "below").mkdir(parents=True)
        (place / "leaf").mkdir()
        (place / "leaf" / "1.").touch()
        tree = ReadOnlyTree(place)

        assert counts_directories(place.stat().st_dev) is is_counted
        assert ((place / "leaf").stat().st_nlink == 2) is is_counted
        assert ((place / "full").stat().st_nlink == 3) is is_counted
        assert tree.subdirectories("full") == ("below",)
        assert tree.subdirectories("leaf") == ()


@pytest.mark.parametrize("option", ["noload", "norecovery"])
def test_links_are_not_believed_where_a_log_was_not_replayed(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "mountinfo"
    told.write_text(f"9 1 98:7 / /m ro - ext4 /dev/sdb ro,{option}\n", "ascii")
    monkeypatch.setattr(mounts, "_MOUNTS", told)

    assert not counts_directories(os.makedev(98, 7))


def test_nothing_is_known_where_the_kernel_tells_no_mounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "_MOUNTS", tmp_path / "gone")

    assert not counts_directories(tmp_path.stat().st_dev)
    assert mount_of(tmp_path) is None
