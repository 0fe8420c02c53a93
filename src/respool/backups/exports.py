"""Exports as backups, each form a kind: what respool wrote is read like a spool."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from respool.backups.kind import RootContents
from respool.backups.opened_exports import opened_export
from respool.errors import BackupFileMissing
from respool.exports.manifest_head import ExportForm
from respool.model.findings import Severity
from respool.model.generations import BackupRoot, Generation, GenerationState, Part

_LAYOUTS: Final[Mapping[ExportForm, str]] = {
    ExportForm.MAILDIR: "a Maildir with cur and new, or .Folder/cur",
    ExportForm.MBOX: "mbox files and nothing else, or one",
    ExportForm.ZIP: "an export in a zip file, with manifest.json",
    ExportForm.EML: "an export in .eml files, with manifest.json",
}
_SAID: Final[Mapping[ExportForm, str]] = {
    ExportForm.MAILDIR: "a Maildir",
    ExportForm.MBOX: "mbox files",
    ExportForm.ZIP: "a zip file",
    ExportForm.EML: ".eml files",
}


class Export:
    """The kind for one form of export."""

    def __init__(self, form: ExportForm) -> None:
        self.form = form
        self.name = form.value
        self.layout = _LAYOUTS[form]

    def detect(self, place: PurePosixPath) -> BackupRoot | None:  # noqa: D102 - see BackupKind
        try:
            tree = opened_export(place)
        except BackupFileMissing:
            return None
        if tree is None or tree.source.facts.form is not self.form:
            return None
        facts = tree.source.facts
        made = f", written by {facts.software}" if facts.software else ""
        said = f"{_SAID[self.form]} with the mail of {facts.account.address}{made}"
        return BackupRoot(kind=self.name, place=place, description=said)

    def contents(self, root: BackupRoot) -> RootContents:  # noqa: D102 - see BackupKind
        tree = opened_export(root.place)
        if tree is None:
            return RootContents(generations=())
        facts = tree.source.facts
        is_damaged = any(each.severity is not Severity.NOTE for each in facts.findings)
        state = GenerationState.COMPLETE if facts.software else GenerationState.UNDATED
        generation = Generation(
            generation_id=None,
            label=facts.label,
            taken_at=facts.taken_at,
            is_about=facts.is_about,
            state=GenerationState.PARTIAL if is_damaged else state,
            parts=(Part(part_id=None, place=tree.root),),
            software=facts.software,
            findings=facts.findings,
        )
        return RootContents(generations=(generation,))


MAILDIR: Final = Export(ExportForm.MAILDIR)
MBOX: Final = Export(ExportForm.MBOX)
ZIP: Final = Export(ExportForm.ZIP)
EML: Final = Export(ExportForm.EML)
EXPORTS: Final = (MAILDIR, MBOX, ZIP, EML)
