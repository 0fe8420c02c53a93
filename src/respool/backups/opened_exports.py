"""The export at a place, where there is one: a spool is told from it without its readers."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from respool.backups.source import tree_at
from respool.system.read_only import ReadOnlyTree

if TYPE_CHECKING:
    from respool.backups.export_tree import ExportTree


def opened_export(place: PurePosixPath) -> ExportTree | None:
    """The export at a place, as a tree that is kept open; None where there is none.

    Raises:
        BackupFileMissing, BackupUnreadable: as `tree_at`.
    """
    tree = tree_at(place)
    if type(tree) is ReadOnlyTree:
        return None
    from respool.backups.export_tree import ExportTree  # noqa: PLC0415 - of exports alone

    return tree if isinstance(tree, ExportTree) else None
