"""A single spool: one state without a date of its own, however it came here."""

from __future__ import annotations

from pathlib import PurePosixPath

from respool.backups.source import tree_at
from respool.backups.spool_layout import find_partitions, newest_index_time
from respool.errors import BackupFileMissing
from respool.model.generations import BackupRoot, Generation, GenerationState, Part

UNDATED_LABEL = "undated"


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

    def generations(self, root: BackupRoot) -> tuple[Generation, ...]:  # noqa: D102
        tree = tree_at(root.place)
        return (
            Generation(
                generation_id=None,
                label=UNDATED_LABEL,
                taken_at=newest_index_time(tree),
                is_about=True,
                state=GenerationState.UNDATED,
                parts=(Part(part_id=None, place=tree.root),),
            ),
        )
