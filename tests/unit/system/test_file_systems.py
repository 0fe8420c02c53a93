from __future__ import annotations

import os
import tempfile
from pathlib import Path

from respool.system.file_systems import free_room, open_to, write_obstacle
from respool.system.ownership import Owner, ourselves


def test_room_is_that_of_the_nearest_directory_that_is_there(tmp_path: Path) -> None:
    """A directory that will be made lies on the file system that it is made on."""
    there, coming = free_room(tmp_path), free_room(tmp_path / "a" / "b")

    assert coming.directory == str(tmp_path / "a" / "b")
    assert coming.pool == there.pool
    assert coming.total_bytes == there.total_bytes > coming.size_bytes > 0
    assert coming.block_bytes == os.statvfs(tmp_path).f_frsize
    assert coming.kind
    assert coming.obstacle is None


def test_another_file_system_is_another_pool(tmp_path: Path) -> None:
    assert free_room(tmp_path).pool != free_room(Path("/proc")).pool


def test_a_file_system_that_counts_no_inodes_has_no_number_of_them() -> None:
    assert free_room(Path("/proc")).inodes is None


def test_a_user_is_asked_at_once_whether_he_may_write_to_all_of_several(as_root: None) -> None:
    """Of several that are not all open to him each is asked by itself: which, is to be said."""
    nobody = Owner(uid=65534, gid=65534)
    with tempfile.TemporaryDirectory(prefix="rt-", dir="/tmp") as name:
        place = Path(name)
        place.chmod(0o755)
        his, closed = place / "his", place / "closed"
        for each, mode in ((his, 0o777), (closed, 0o755)):
            each.mkdir()
            each.chmod(mode)

        assert open_to(nobody, [his / "new", his]) == {his}
        assert open_to(nobody, [his, closed]) == frozenset()
        assert free_room(his, nobody, open_to_him=frozenset({his})).obstacle is None
        assert "may not write" in (free_room(closed, nobody).obstacle or "")


def test_where_we_may_write_nothing_stands_against_it(tmp_path: Path) -> None:
    assert write_obstacle(tmp_path, ourselves()) is None
    assert free_room(tmp_path / "new", ourselves()).obstacle is None
