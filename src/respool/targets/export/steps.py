"""The steps of a restore into files. No server and no root is needed for any of them."""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from respool.exports.manifest_head import ExportForm
from respool.model.dataclasses import dataclass
from respool.planning.source_place import SourcePlace
from respool.planning.step import FolderStep, MessageStep, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeExport(Step):
    """Make the directory that the export goes to, or the file that a zip is written to.

    ``path`` is absolute. Nothing that is there is written over.
    """

    kind: ClassVar[str] = "export-make"

    form: ExportForm
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFolder(FolderStep):
    """Make one folder, empty: its directories, or its mbox file, or its member of the zip.

    ``mailbox`` is where it stands in the export, ``directories`` what is made for it, outermost
    first; both are relative. ``keywords`` are those with a letter in a Maildir's names.
    """

    kind: ClassVar[str] = "export-write-folder"

    form: ExportForm
    path: str
    directories: tuple[str, ...]
    keywords: tuple[str, ...]
    modified_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteMessages(MessageStep):
    """Write a group of messages into the lane's folder: the lane is its place in the export.

    ``modified_at`` is when the plan was made, in seconds since 1970: a Maildir's names begin
    with it.
    """

    kind: ClassVar[str] = "export-write-messages"

    form: ExportForm
    path: str
    source: SourcePlace
    keywords: tuple[str, ...]
    modified_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishExport(Step):
    """Write ``manifest.json`` and ``index.html``; a zip gets its directory, too."""

    kind: ClassVar[str] = "export-finish"

    form: ExportForm
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishZip(Step):
    """Give a zip that is whole its name."""

    kind: ClassVar[str] = "export-publish-zip"

    form: ExportForm
    path: str


ExportStep: TypeAlias = MakeExport | WriteFolder | WriteMessages | FinishExport | PublishZip

EXPORT_STEPS: tuple[type[Step], ...] = (
    MakeExport,
    WriteFolder,
    WriteMessages,
    FinishExport,
    PublishZip,
)
