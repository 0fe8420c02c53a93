"""A single spool: one state without a date of its own, however it came here."""

from __future__ import annotations

from pathlib import PurePosixPath

from respool.backups.kind import RootContents
from respool.backups.source import tree_at
from respool.backups.spool_layout import find_partitions, newest_time_in
from respool.backups.undated import undated_generation
from respool.errors import BackupFileMissing
from respool.model.generations import BackupRoot, Part


class PlainSpool:
    """The kind for a folder with ``var/spool/cyrus``, ``data`` and ``meta``, or partitions."""

    name = "plain"
    layout = "var/spool/cyrus, or data and meta, or a spool's partitions"

    def detect(self, place: PurePosixPath) -> BackupRoot | None:  # noqa: D102 - see BackupKind
        try:
            partitions = find_partitions(tree_at(place))
        except BackupFileMissing:
            return None
        if not partitions:
            return None
        names = ", ".join(partition.name for partition in partitions)
        return BackupRoot(
            kind=self.name, place=place, description=f"a mail spool with partitions {names}"
        )

    def contents(self, root: BackupRoot) -> RootContents:  # noqa: D102 - see BackupKind
        tree = tree_at(root.place)
        part = Part(part_id=None, place=tree.root)
        return RootContents(generations=(undated_generation(part, newest_time_in(tree)),))
