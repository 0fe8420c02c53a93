"""Directories that a private server can live in."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def server_root() -> Iterator[Path]:
    """A new directory with a short name that the user cyrus can reach; removed at the end."""
    root = Path(tempfile.mkdtemp(prefix="rt-", dir="/tmp"))
    root.chmod(0o755)
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def check_reachable(root: Path) -> None:
    """Refuse a directory that the user cyrus cannot enter, and a user who is not root.

    Raises:
        PermissionError: with what to do instead.
    """
    if os.geteuid() != 0:
        raise PermissionError("a private Cyrus server needs root")
    for directory in (root, *root.parents):
        if directory.exists() and not directory.stat().st_mode & 0o001:
            raise PermissionError(f"the user cyrus cannot enter {directory}: use server_root()")
