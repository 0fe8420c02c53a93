from __future__ import annotations

import os
from pathlib import Path

import pytest

from respool.system.ownership import Owner, Ownership, ownership_like

US = Owner(uid=os.geteuid(), gid=os.getegid())


@pytest.mark.parametrize(
    ("mode", "of_files", "of_directories"),
    [
        (0o600, 0o600, 0o700),
        (0o640, 0o640, 0o750),
        (0o644, 0o644, 0o755),
        (0o660, 0o660, 0o770),
        (0o4755, 0o644, 0o755),
        (0o2640, 0o640, 0o750),
        (0o000, 0o600, 0o700),
    ],
)
def test_new_files_are_as_readable_as_those_that_the_server_made(
    tmp_path: Path, mode: int, of_files: int, of_directories: int
) -> None:
    """
    Never executable, never set-id; and the server itself can always write them.
    """
    header = tmp_path / "cyrus.header"
    header.touch()
    header.chmod(mode)

    found = ownership_like(header, US)

    assert found == Ownership(owner=US, file_mode=of_files, directory_mode=of_directories)


def test_the_group_is_that_of_the_partition(as_root: None, tmp_path: Path) -> None:
    header = tmp_path / "cyrus.header"
    header.touch()
    os.chown(header, 102, 4711)

    assert ownership_like(header, Owner(uid=102, gid=8)).owner == Owner(uid=102, gid=4711)


def test_a_file_of_another_says_nothing(tmp_path: Path) -> None:
    """
    A header that somebody copied as root would shut the server out of its own mail.
    """
    header = tmp_path / "cyrus.header"
    header.touch(0o644)
    server = Owner(uid=US.uid + 1, gid=8)
    (tmp_path / "link").symlink_to(header)

    assert ownership_like(header, server) == Ownership(owner=server)
    assert ownership_like(tmp_path / "none", US) == Ownership(owner=US)
    assert ownership_like(tmp_path / "link", US) == Ownership(owner=US)
