"""Ask every kind about a place; say what was recognised, or what was looked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from respool.backups.addresses import AddressSource
from respool.backups.archives import Archives
from respool.backups.dataprotect import DataProtect
from respool.backups.dated import DatedDirectories
from respool.backups.exports import EXPORTS, MBOX, ZIP
from respool.backups.kind import BackupKind
from respool.backups.plain import PlainSpool
from respool.backups.restic import Restic
from respool.backups.rsnapshot import Rsnapshot
from respool.backups.snapper import Snapper
from respool.backups.staged import staged_generation, staged_root
from respool.errors import BackupNotFound, BackupUnreadable, UsageError
from respool.model.dataclasses import dataclass
from respool.model.generations import BackupRoot, Generation, StagedDirectories, UnusedEntry

# The first that recognises a place has it.
KINDS: Final[tuple[BackupKind, ...]] = (
    *EXPORTS,
    DataProtect(),
    Restic(),
    Rsnapshot(),
    Snapper(),
    DatedDirectories(),
    Archives(),
    PlainSpool(),
)


# Those that may be a file.
FILES: Final[tuple[BackupKind, ...]] = (ZIP, MBOX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup root that was recognised, its generations, newest first, and what else is there.

    ``live`` is who may be asked for addresses that the backup itself does not tell.
    """

    root: BackupRoot
    generations: tuple[Generation, ...]
    unused: tuple[UnusedEntry, ...] = ()
    live: AddressSource | None = None


def open_backup(place: str | PurePath, kinds: Sequence[BackupKind] = KINDS) -> Backup:
    """What lies at a place.

    Raises:
        BackupNotFound: nothing there, or nothing that any kind knows.
        BackupUnreadable: it may not be read.
    """
    absolute = _existing(place, hint="say where the backup is: --backups PATH", or_file=True)
    is_file = not Path(absolute).is_dir()
    for kind in kinds:
        root = kind.detect(absolute) if kind in FILES or not is_file else None
        if root is not None:
            contents = kind.contents(root)
            return Backup(root=root, generations=contents.generations, unused=contents.unused)
    looked_for = "; ".join(kind.layout for kind in kinds)
    raise BackupNotFound(
        f'"{absolute}" holds no backup that is known',
        why=f"looked for {looked_for}",
        hint="name the folder above those: --backups PATH",
    )


def open_staged(directories: StagedDirectories) -> Backup:
    """Directories of one account as a backup of one generation; links to them are followed.

    Raises:
        BackupNotFound: one of them is not there, or none of them holds mail.
        BackupUnreadable: they may not be read.
        UsageError: one lies inside another.
    """
    data, meta, archive = (
        tuple(dict.fromkeys(_existing(each, hint="name each directory as it is") for each in kind))
        for kind in (directories.data, directories.meta, directories.archive)
    )
    real = StagedDirectories(data=data, meta=meta, archive=archive)
    _check_apart(real)
    return Backup(root=staged_root(real), generations=(staged_generation(real),))


def _check_apart(directories: StagedDirectories) -> None:
    for one in directories.every:
        for other in directories.every:
            if one != other and one.is_relative_to(other):
                raise UsageError(
                    f'"{one}" lies inside "{other}"',
                    why="it would be taken for a folder of the account, too",
                    hint="name directories that lie beside each other",
                )


def _existing(place: str | PurePath, *, hint: str, or_file: bool = False) -> PurePosixPath:
    """A directory as it really is, links resolved."""
    resolved = Path(place).resolve()
    try:
        is_there = resolved.is_dir() or (or_file and resolved.is_file())
    except OSError as error:
        raise BackupUnreadable(f'"{resolved}" cannot be looked at', why=str(error)) from error
    if not is_there:
        raise BackupNotFound(f'there is no directory "{resolved}"', hint=hint)
    return PurePosixPath(resolved)
