"""Ask every kind about a place; say what was recognised, or what was looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from respool.backups.dataprotect import DataProtect
from respool.backups.kind import BackupKind
from respool.backups.plain import PlainSpool
from respool.errors import BackupNotFound
from respool.model.generations import BackupRoot, Generation

# The first that recognises a place has it.
KINDS: Final[tuple[BackupKind, ...]] = (DataProtect(), PlainSpool())


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup root that was recognised, and its generations, newest first."""

    root: BackupRoot
    generations: tuple[Generation, ...]


def open_backup(place: str | PurePath, kinds: Sequence[BackupKind] = KINDS) -> Backup:
    """What lies at a place.

    Raises:
        BackupNotFound: nothing there, or nothing that any kind knows.
        BackupUnreadable: it may not be read.
    """
    resolved = Path(place).resolve()
    absolute = PurePosixPath(resolved)
    if not resolved.is_dir():
        raise BackupNotFound(
            f'there is no directory "{absolute}"',
            hint="say where the backup is: --backups PATH",
        )
    for kind in kinds:
        root = kind.detect(absolute)
        if root is not None:
            return Backup(root=root, generations=kind.generations(root))
    looked_for = "; ".join(kind.layout for kind in kinds)
    raise BackupNotFound(
        f'"{absolute}" holds no backup that is known',
        why=f"looked for {looked_for}",
        hint="name the folder above those: --backups PATH",
    )
