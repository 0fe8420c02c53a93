"""Proof that a directory tree is as it was, to the last access time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

_CHUNK_BYTES = 1 << 20


class Trace(NamedTuple):
    """All that is compared of one entry; times in nanoseconds.

    ``atime_ns`` is None for symbolic links: reading one changes it, without remedy.
    ``sha256`` is of regular files, ``link_target`` of symbolic links, else None.
    """

    kind: str
    size_bytes: int
    mtime_ns: int
    atime_ns: int | None
    uid: int
    gid: int
    mode: int
    nlink: int
    sha256: str | None
    link_target: str | None


Fingerprint = Mapping[str, Trace]


def fingerprint(root: Path) -> Fingerprint:
    """A trace of ``root`` (as ``"."``) and of each entry below it, by path from ``root``.

    No link is followed, nothing but regular files is opened, and no access time changes:
    files and directories are read with O_NOATIME. Names that are no UTF-8 hold surrogates.

    Raises:
        PermissionError: an entry belongs to another user, and we are not root.
    """
    found = {".": _trace(str(root), os.lstat(root))}
    for path, status in _walk(str(root)):
        found[os.path.relpath(path, root)] = _trace(path, status)
    return found


def differences(before: Fingerprint, after: Fingerprint) -> list[str]:
    """One line for each entry that came, went or changed, by path; empty if none did."""
    lines = []
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            lines.append(f"{path!r} is gone")
        elif path not in before:
            lines.append(f"{path!r} is new")
        elif before[path] != after[path]:
            lines.append(f"{path!r}: {_what_changed(before[path], after[path])}")
    return lines


@contextlib.contextmanager
def unchanged(root: Path) -> Iterator[None]:
    """Fails, with all differences, if anything at or below ``root`` changes meanwhile.

    Of a file, what lies beside it may not change either.
    """
    directory = root if root.is_dir() else root.parent
    before = fingerprint(directory)
    try:
        yield
    finally:
        changed = differences(before, fingerprint(directory))
        assert not changed, f"{root} was changed:\n" + "\n".join(changed)


def _what_changed(before: Trace, after: Trace) -> str:
    pairs = zip(Trace._fields, before, after, strict=True)
    return ", ".join(f"{name} {old!r} -> {new!r}" for name, old, new in pairs if old != new)


def _walk(directory: str) -> Iterator[tuple[str, os.stat_result]]:
    for name in sorted(_names(directory)):
        path = os.path.join(directory, name)  # noqa: PTH118 (a Path per entry is slow)
        status = os.lstat(path)
        yield path, status
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(path)


def _names(directory: str) -> list[str]:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOATIME | os.O_NOFOLLOW)
    try:
        return os.listdir(handle)  # noqa: PTH208 (an open directory has no path)
    finally:
        os.close(handle)


def _trace(path: str, status: os.stat_result) -> Trace:
    is_link = stat.S_ISLNK(status.st_mode)
    return Trace(
        kind=stat.filemode(status.st_mode)[0],
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        atime_ns=None if is_link else status.st_atime_ns,
        uid=status.st_uid,
        gid=status.st_gid,
        mode=stat.S_IMODE(status.st_mode),
        nlink=status.st_nlink,
        sha256=_sha256(path) if stat.S_ISREG(status.st_mode) else None,
        link_target=str(Path(path).readlink()) if is_link else None,
    )


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    handle = os.open(path, os.O_RDONLY | os.O_NOATIME | os.O_NOFOLLOW)
    try:
        while chunk := os.read(handle, _CHUNK_BYTES):
            digest.update(chunk)
    finally:
        os.close(handle)
    return digest.hexdigest()
