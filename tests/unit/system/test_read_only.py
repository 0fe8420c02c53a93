from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from respool.errors import BackupFileMissing, BackupUnreadable, UnsafeBackupEntry
from respool.system import directory_names, open_directories, read_only
from respool.system.directory_names import DirectoryNames
from respool.system.mounts import counts_directories
from respool.system.read_only import EntryKind, ReadOnlyTree


@pytest.fixture
def place(tmp_path: Path) -> Path:
    root = tmp_path / "backup"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "1.").write_bytes(b"octets")
    (root / "empty").touch()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    (root / "link").symlink_to(tmp_path / "outside" / "secret")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "inward").symlink_to("a")
    (root / "dangling").symlink_to("nowhere")
    os.mkfifo(root / "pipe")
    return root


def test_files_are_read_whole_and_in_part(place: Path) -> None:
    tree = ReadOnlyTree(place)

    assert tree.read("a/b/1.") == b"octets"
    assert tree.read("a/b/1.", 3) == b"oct"
    with tree.open_file("a/b/1.") as file:
        assert file.read() == b"octets"
    with tree.mapped("a/b/1.") as octets:
        assert bytes(octets[:3]) == b"oct"
    with tree.mapped("empty") as octets:
        assert octets == b""


def test_entries_are_what_they_are_themselves(place: Path) -> None:
    kinds = {entry.name: entry.kind for entry in ReadOnlyTree(place).scan()}

    assert kinds == {
        "a": EntryKind.DIRECTORY,
        "empty": EntryKind.FILE,
        "link": EntryKind.LINK,
        "out": EntryKind.LINK,
        "inward": EntryKind.LINK,
        "dangling": EntryKind.LINK,
        "pipe": EntryKind.PIPE,
    }


def test_sizes_and_times_are_those_of_the_file(place: Path) -> None:
    found = (place / "a" / "b" / "1.").stat()
    entry = ReadOnlyTree(place).stat("a/b/1.")

    assert entry is not None
    assert (entry.size_bytes, entry.mtime_ns) == (6, found.st_mtime_ns)
    assert (entry.inode, entry.device) == (found.st_ino, found.st_dev)


@pytest.mark.parametrize("path", ["link", "inward", "dangling", "pipe", "a", ""])
def test_nothing_but_a_regular_file_is_opened(place: Path, path: str) -> None:
    with pytest.raises(UnsafeBackupEntry):
        ReadOnlyTree(place).open_file(path)


def test_a_socket_is_not_opened(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")

        with pytest.raises(UnsafeBackupEntry, match="socket"):
            ReadOnlyTree(place).read("socket")


@pytest.mark.parametrize("path", ["out/secret", "inward/b/1.", "inward/b"])
def test_no_directory_is_reached_through_a_link(place: Path, path: str) -> None:
    tree = ReadOnlyTree(place)

    with pytest.raises(UnsafeBackupEntry):
        tree.read(path)
    assert not tree.is_directory(path)
    assert not tree.is_directory("out")


@pytest.mark.parametrize("path", ["..", "a/../../outside/secret", "/etc/passwd"])
def test_no_path_leads_out(place: Path, path: str) -> None:
    with pytest.raises(UnsafeBackupEntry, match="out of the backup"):
        ReadOnlyTree(place).read(path)


def test_the_root_itself_may_be_a_link(place: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(place)

    tree = ReadOnlyTree(tmp_path / "current")

    assert tree.read("a/b/1.") == b"octets"
    assert str(tree.root) == str(place)


def test_what_is_not_there_is_none_or_missing(place: Path) -> None:
    tree = ReadOnlyTree(place)

    assert tree.stat("a/nothing") is None
    assert tree.stat("nothing/at/all") is None
    assert tree.stat("empty/below-a-file") is None
    assert tree.subdirectories("nothing") == ()
    for path in ("nothing", "a/nothing", "empty/below-a-file"):
        with pytest.raises(BackupFileMissing):
            tree.read(path)
    with pytest.raises(BackupFileMissing):
        list(tree.scan("nothing"))


def test_a_root_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BackupFileMissing):
        ReadOnlyTree(tmp_path / "nothing")


def test_names_that_are_no_text_are_kept(place: Path) -> None:
    name = b"caf\xe9\n"
    (place / os.fsdecode(name)).mkdir()
    tree = ReadOnlyTree(place)

    found = [entry for entry in tree.subdirectories() if entry.startswith("caf")]

    assert os.fsencode(found[0]) == name
    assert tree.is_directory(found[0])


def test_subdirectories_are_the_real_ones(place: Path) -> None:
    assert ReadOnlyTree(place).subdirectories() == ("a",)


def test_a_file_that_may_not_be_opened_is_unreadable(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = ReadOnlyTree(place)

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(read_only, "open_quietly", refuse)
    with pytest.raises(BackupUnreadable) as caught:
        tree.read("empty")

    assert caught.value.hint is not None
    assert "root" in caught.value.hint


def test_where_access_times_may_not_be_kept_files_are_read_all_the_same(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def refusing(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if flags & os.O_NOATIME:
            raise PermissionError(1, "Operation not permitted")
        return opened(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)

    assert ReadOnlyTree(place).read("a/b/1.") == b"octets"


def test_reading_leaves_no_access_time(
    place: Path, unchanged: Callable[[Path], AbstractContextManager[None]]
) -> None:
    for directory in (place, place / "a", place / "a" / "b"):
        os.utime(directory, (1, 2_000_000_000))
    os.utime(place / "a" / "b" / "1.", (1, 2_000_000_000))

    with unchanged(place):
        tree = ReadOnlyTree(place)
        list(tree.scan("a/b"))
        tree.subdirectories()
        tree.read("a/b/1.")


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_many_threads_read_many_directories_with_few_descriptors(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "1.").write_text(str(number))
    before = open_descriptors()
    tree = ReadOnlyTree(tmp_path)

    def read(number: int) -> bool:
        names = [entry.name for entry in tree.scan(str(number))]
        return names == ["1."] and tree.read(f"{number}/1.") == str(number).encode()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, [number % 200 for number in range(2000)]))
    assert open_descriptors() <= before + 70


def test_a_tree_that_nobody_holds_keeps_nothing_open(place: Path) -> None:
    before = open_descriptors()
    tree = ReadOnlyTree(place)
    tree.read("a/b/1.")
    assert open_descriptors() > before

    del tree

    assert open_descriptors() <= before  # those of other tests may go at any time


def test_nothing_in_it_can_write() -> None:
    """
    Of the calls and flags of ``os``, it uses those that look and read alone.
    """
    source = Path(read_only.__file__).read_text("utf-8")

    used = set(re.findall(r"\bos\.([A-Za-z_]+)", source))

    assert used <= {
        "DirEntry",
        "O_CLOEXEC",
        "O_DIRECTORY",
        "O_NOATIME",
        "O_NOFOLLOW",
        "O_NONBLOCK",
        "O_RDONLY",
        "close",
        "fdopen",
        "fstat",
        "open",
        "path",
        "scandir",
        "stat",
        "stat_result",
    }
    assert not re.search(r"\bopen\(", re.sub(r"\bos\.open\(", "", source))


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of each directory that is listed for its directories, as it is listed."""
    found: list[str] = []
    names_among = directory_names.names_among

    def noting(listing: Iterator[os.DirEntry[str]]) -> DirectoryNames:
        names = names_among(listing)
        found.append("/".join(names.files))
        return names

    monkeypatch.setattr(open_directories, "names_among", noting)
    return found


@pytest.mark.parametrize("is_counted", [True, False], ids=["counted", "not-counted"])
def test_directories_are_found_whether_links_are_counted_or_not(
    is_counted: bool,  # noqa: FBT001 - a case
    place: Path,
    listed: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of many files none is looked at where the links tell that no directory is among them."""
    if is_counted and not counts_directories(place.stat().st_dev):
        pytest.skip("this file system counts otherwise, or nobody knows")
    monkeypatch.setattr(open_directories, "_LISTED_ANYWAY_OCTETS", 0)
    monkeypatch.setattr(open_directories, "counts_directories", lambda _device: is_counted)
    (place / "none").mkdir()
    tree = ReadOnlyTree(place)

    assert tree.subdirectories("a") == ("b",)
    assert tree.subdirectories("a/b") == ()
    assert tree.subdirectories("none") == ()
    assert tree.subdirectories("nothing") == ()
    assert listed == ([""] if is_counted else ["", "1.", ""])
    (place / "a" / "b" / "c").mkdir()
    assert tree.subdirectories("a/b") == ("c",)


def test_a_small_directory_is_listed_whatever_its_links_say(
    place: Path, listed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_directories, "counts_directories", lambda _device: True)

    assert ReadOnlyTree(place).subdirectories("a/b") == ()
    assert listed == ["1."]


def test_a_directory_of_this_machine_says_how_many_are_in_it(tmp_path: Path) -> None:
    """What the file systems say whose word we take, where tests run on one of them."""
    if not counts_directories(tmp_path.stat().st_dev):
        pytest.skip("these file systems count otherwise, or nobody knows")
    leaf = tmp_path / "leaf"
    leaf.mkdir()
    (leaf / "1.").touch()
    assert leaf.stat().st_nlink == 2
    (leaf / "below").mkdir()
    assert leaf.stat().st_nlink == 3
