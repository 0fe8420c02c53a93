"""Small file systems at directories of a test's server, and restores that do not ask for room."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.missing import give_up


@contextmanager
def small_disk(at: Path, size: str, *, inodes: int | None = None) -> Iterator[None]:
    """A file system of ``size`` (``32m``) at a directory, with what lay there copied to it.

    It belongs to the server, and takes ``inodes`` files and directories, if told. What lay
    there before is there again at the end.
    """
    kept = Path(tempfile.mkdtemp(prefix="respool-kept-")) / at.name  # no part of the spool
    shutil.copytree(at, kept, symlinks=True)
    files = "" if inodes is None else f",nr_inodes={inodes}"
    try:
        with mounted("-t", "tmpfs", "-o", f"size={size},mode=755{files}", "tmpfs", str(at)):
            subprocess.run(["cp", "-a", f"{kept}/.", str(at)], check=True)
            subprocess.run(["chown", "-R", "cyrus:mail", str(at)], check=True)
            yield
    finally:
        shutil.rmtree(kept.parent)


@contextmanager
def read_only(at: Path) -> Iterator[None]:
    """A directory, mounted onto itself, into which nobody can write any more."""
    with mounted("--bind", str(at), str(at)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(at)], check=True)
        yield


@contextmanager
def immutable(at: Path) -> Iterator[None]:
    """A directory that ``chattr +i`` was used on; skips where its file system has no such flag.

    In CI, too: containers lack the right to set it, and no other way there is to get it.
    """
    done = subprocess.run(["chattr", "+i", str(at)], check=False, capture_output=True)
    if done.returncode != 0:
        pytest.skip("needs a file system with immutable directories, and the right to make one")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", str(at)], check=True)


@contextmanager
def mounted(*words: str) -> Iterator[None]:
    """What ``mount`` does with ``words``, the last of which is where."""
    done = subprocess.run(["mount", *words], check=False, capture_output=True)
    if done.returncode != 0:
        give_up("needs the right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", words[-1]], check=True)


def ask_for_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let restores of this process begin without looking whether there is room."""
    monkeypatch.setattr("respool.planning.room_needs._lacking", lambda _needs: iter(()))
