"""Links and special files in a part outside its mailboxes, and directories too deep to be mail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from respool.backups.source import tree_at
from respool.errors import BackupError, BackupFileMissing
from respool.model.findings import Finding, Severity
from respool.system.read_only import EntryKind, ReadOnlyTree

DEPTH_LIMIT: Final = 200  # a mailbox name has at most 490 octets (imap/mboxname.h): 245 levels
_RUNTIME: Final = frozenset({"socket", "proc", "lock"})  # of a server that ran
_CONFIGURATION: Final = (("var", "lib", "cyrus"), ("var", "lib", "imap"))


def stray_entries(
    place: PurePosixPath, listed: Mapping[PurePosixPath, tuple[str, ...]]
) -> Iterator[Finding]:
    """A finding for each entry of a part that is no file or directory, lazily.

    ``listed`` are directories that were looked at already, with the names of those in
    them. Sockets and the like that a server makes for itself while it runs are none.

    Raises:
        BackupFileMissing, BackupUnreadable: the part itself cannot be opened.
    """
    tree = tree_at(place)
    pending = [PurePosixPath()]
    while pending:
        directory = pending.pop()
        names = listed.get(directory)
        below: list[str] = list(names or ())
        if names is None and not _is_runtime(directory):
            yield from _of_directory(tree, directory, below)
        if below and len(directory.parts) >= DEPTH_LIMIT:
            text = f"more than {DEPTH_LIMIT} directories in each other: no mail can lie there"
            yield _finding(Severity.NOTE, "tree-too-deep", directory, text)
            continue
        pending += [directory / name for name in below]


def _of_directory(
    tree: ReadOnlyTree, directory: PurePosixPath, below: list[str]
) -> Iterator[Finding]:
    """What is odd in one directory; the names of those in it are put into ``below``."""
    try:
        for name, kind, _ in tree.kinds(directory):
            if kind is EntryKind.DIRECTORY:
                below.append(name)
            elif kind is not EntryKind.FILE:
                text = f"a {kind} stands where only files belong; it is not opened"
                yield _finding(Severity.NOTE, "unsafe-entry", directory / name, text)
    except BackupFileMissing:
        return
    except BackupError as error:
        text = error.what if error.why is None else f"{error.what}: {error.why}"
        yield _finding(Severity.LOSS, "file-unreadable", directory, text)


def _is_runtime(directory: PurePosixPath) -> bool:
    parts = directory.parts
    return len(parts) == 4 and parts[:3] in _CONFIGURATION and parts[3] in _RUNTIME


def _finding(severity: Severity, code: str, file: PurePosixPath, text: str) -> Finding:
    return Finding(severity=severity, code=code, subject=str(file), text=text, file=file)
