"""What a kind of backup must be able to do; one module for each kind."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Protocol

from respool.model.generations import BackupRoot, Generation


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

    def generations(self, root: BackupRoot) -> tuple[Generation, ...]:
        """All generations of a root, newest first, those too that cannot be used.

        Raises:
            BackupUnreadable: a directory of the backup may not be read.
        """
