"""Whether an export lies at a place, and the tree of a spool that is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final

from respool.backups.export_files import FileStore, MaildirStore
from respool.backups.export_maildir import MaildirSource, is_maildir
from respool.backups.export_manifest import ManifestSource
from respool.backups.export_mbox import MboxStore
from respool.backups.export_source import ExportFacts, ExportSource, MessageStore
from respool.backups.export_tree import ExportTree
from respool.backups.export_zip import ZipFiles, ZipStore
from respool.errors import BackupError, BackupFileMissing, FormatError
from respool.exports.manifest import MANIFEST_FILE, is_manifest
from respool.exports.manifest_head import ExportForm
from respool.model.accounts import Account, AccountKind
from respool.system.file_octets import FileOctets
from respool.system.read_only import EntryKind, ReadOnlyTree
from respool.system.unlinked_file import UnlinkedFile

_START_OCTETS: Final = 64
_NO_LOGIN: Final = frozenset({"maildir", "mail", ".maildir"})  # a directory in somebody's home
_UNDATED: Final = "undated"
_STORES: Final[Mapping[ExportForm, Callable[[ReadOnlyTree], MessageStore]]] = {
    ExportForm.MAILDIR: MaildirStore,
    ExportForm.MBOX: MboxStore,
    ExportForm.EML: FileStore,
}


def export_at(place: PurePosixPath) -> ExportTree | None:
    """The export at a place, as the tree of a spool; None where there is none.

    Raises:
        BackupFileMissing: neither a directory nor a file is there.
        BackupUnreadable: it may not be looked at.
    """
    try:
        real = ReadOnlyTree(place)
    except BackupFileMissing:
        return _in_file(place)
    return _in_directory(real)


def _in_directory(real: ReadOnlyTree) -> ExportTree | None:
    source: ExportSource | None = _by_manifest(real)
    if source is None and is_maildir(real):
        source = MaildirSource(real, _facts_of_place(real.root, ExportForm.MAILDIR, real))
    make = None if source is None else _STORES.get(source.facts.form)
    if source is None or make is None:
        return None
    return ExportTree(real.root, real, source, make(real))


def _in_file(place: PurePosixPath) -> ExportTree | None:
    """The export in a zip file.

    Raises:
        BackupFileMissing, BackupUnreadable: as `export_at`.
    """
    real = ReadOnlyTree(place.parent)
    entry = real.stat(place.name)
    if entry is None or entry.kind is not EntryKind.FILE:
        raise BackupFileMissing(f'"{place}" is neither a directory nor a file')
    try:
        files = ZipFiles(real.octets_of(place.name))
        manifest = files.member(MANIFEST_FILE)
        if manifest is None:
            return None
        unpacked = UnlinkedFile(files.pieces(manifest))
        source = ManifestSource(FileOctets(unpacked.opened(), place / MANIFEST_FILE))
    except FormatError:
        return None
    return ExportTree(place, real, source, ZipStore(files, entry.mtime_ns))


def _by_manifest(real: ReadOnlyTree) -> ManifestSource | None:
    try:
        if is_manifest(real.read(MANIFEST_FILE, _START_OCTETS)):
            return ManifestSource(real.octets_of(MANIFEST_FILE))
    except (BackupError, FormatError):
        return None  # damaged from its head on: what lies beside it may still tell
    return None


def _facts_of_place(place: PurePosixPath, form: ExportForm, real: ReadOnlyTree) -> ExportFacts:
    """Whose an export without a manifest is, by the name of its directory."""
    name = place.name
    if name.lower() in _NO_LOGIN:
        name = place.parent.name
    login, _, domain = name.partition("@")
    changed = None
    with suppress(BackupFileMissing):
        changed = real.stat("")
    return ExportFacts(
        form=form,
        account=Account(kind=AccountKind.USER, login=login or "user", domain=domain or None),
        label=_UNDATED,
        taken_at=datetime.fromtimestamp(changed.mtime_ns // 1_000_000_000, UTC)
        if changed
        else None,
        is_about=True,
    )
