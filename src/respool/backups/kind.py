"""What a kind of backup must be able to do; one module for each kind."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Protocol

from respool.model.dataclasses import dataclass
from respool.model.generations import BackupRoot, Generation, UnusedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class RootContents:
    """What a backup root has: generations, newest first, those too that cannot be used.

    ``unused`` are the entries beside them that are none, by name.
    """

    generations: tuple[Generation, ...]
    unused: tuple[UnusedEntry, ...] = ()


class BackupKind(Protocol):
    """A way that backups are laid out."""

    @property
    def name(self) -> str:
        """The word for it in JSON: ``dataprotect``."""

    @property
    def layout(self) -> str:
        """What people are told to look for: the directories that it is recognised by."""

    def detect(self, place: PurePosixPath) -> BackupRoot | None:
        """The backup root at ``place`` (absolute), or None. Looks, and reads little.

        Raises:
            BackupUnreadable: the place may not be looked at.
        """

    def contents(self, root: BackupRoot) -> RootContents:
        """All that a root has. Reads no index, of hundreds of generations neither.

        Raises:
            BackupUnreadable: a directory of the backup may not be read.
        """
