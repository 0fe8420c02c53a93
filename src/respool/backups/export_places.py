"""Whether an export lies at a place, and the tree of a spool that is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final

from respool.backups.export_files import FileStore, MaildirStore
from respool.backups.export_maildir import MaildirSource, is_maildir
from respool.backups.export_manifest import ManifestSource, manifest_lines
from respool.backups.export_mbox import MboxStore
from respool.backups.export_mbox_found import ENDING, MboxSource, mbox_files_in
from respool.backups.export_source import ExportFacts, MessageStore
from respool.backups.export_tree import ExportTree
from respool.backups.export_zip import ZipFiles, ZipStore
from respool.errors import BackupFileMissing, FormatError, UnsafeBackupEntry
from respool.exports.manifest import MANIFEST_FILE, ManifestReader, is_manifest
from respool.exports.manifest_head import ExportForm
from respool.exports.mbox_scan import begins_as_mbox
from respool.model.accounts import INBOX, Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.system.file_octets import FileOctets
from respool.system.read_only import Entry, EntryKind, ReadOnlyTree
from respool.system.unlinked_file import UnlinkedFile

_START_OCTETS: Final = 64
_ZIP_START: Final = b"PK\x03\x04"
_NO_LOGIN: Final = frozenset({"maildir", "mail", ".maildir"})  # a directory in somebody's home
_UNDATED: Final = "undated"
_STORES: Final[Mapping[ExportForm, Callable[[ReadOnlyTree], MessageStore]]] = {
    ExportForm.MAILDIR: MaildirStore,
    ExportForm.MBOX: MboxStore,
    ExportForm.EML: FileStore,
    ExportForm.ZIP: FileStore,  # unpacked
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenExport:
    """An export that has a manifest: its octets, and the messages."""

    place: PurePosixPath
    real: ReadOnlyTree
    manifest: FileOctets
    store: MessageStore


def export_at(place: PurePosixPath) -> ExportTree | None:
    """The export at a place, as the tree of a spool; None where there is none.

    Raises:
        BackupFileMissing: neither a directory nor a file is there.
        BackupUnreadable: it may not be looked at.
    """
    try:
        written = written_export(place)
        if written is not None:
            source = ManifestSource(written.manifest)
            return ExportTree(written.place, written.real, source, written.store)
    except FormatError:
        pass  # damaged from its head on: what lies beside it may still tell
    try:
        real = ReadOnlyTree(place)
    except BackupFileMissing:
        return _single_mbox(place)
    if is_maildir(real):
        facts = _facts_of_place(real.root, ExportForm.MAILDIR, real.stat(""))
        return ExportTree(real.root, real, MaildirSource(real, facts), MaildirStore(real))
    files = mbox_files_in(real)
    if files:
        facts = _facts_of_place(real.root, ExportForm.MBOX, real.stat(""))
        return ExportTree(real.root, real, MboxSource(real, files, facts), MboxStore(real))
    return None


def _single_mbox(place: PurePosixPath) -> ExportTree | None:
    """An mbox file by itself, as the one folder of an account."""
    real = ReadOnlyTree(place.parent)
    if not begins_as_mbox(real.read(place.name, _START_OCTETS)):
        return None
    owner = place.with_name(place.name.removesuffix(ENDING))
    facts = _facts_of_place(owner, ExportForm.MBOX, real.stat(place.name))
    source = MboxSource(real, {INBOX: place.name}, facts)
    return ExportTree(place, real, source, MboxStore(real))


def written_export(place: PurePosixPath) -> WrittenExport | None:
    """The export at a place by its manifest; None where there is none.

    Raises:
        BackupFileMissing: neither a directory nor a file is there.
        BackupUnreadable: it may not be looked at.
        FormatError: it has one that is damaged in its head.
    """
    try:
        real = ReadOnlyTree(place)
    except BackupFileMissing:
        return _in_zip(place)
    try:
        if not is_manifest(real.read(MANIFEST_FILE, _START_OCTETS)):
            return None
        manifest = real.octets_of(MANIFEST_FILE)
    except (BackupFileMissing, UnsafeBackupEntry):
        return None
    form = ManifestReader(manifest_lines(manifest)).head.form
    store = _STORES[form](real)
    return WrittenExport(place=real.root, real=real, manifest=manifest, store=store)


def _in_zip(place: PurePosixPath) -> WrittenExport | None:
    real = ReadOnlyTree(place.parent)
    entry = real.stat(place.name)
    if entry is None or entry.kind is not EntryKind.FILE:
        raise BackupFileMissing(f'"{place}" is neither a directory nor a file')
    try:
        files = ZipFiles(real.octets_of(place.name))
        member = files.member(MANIFEST_FILE)
    except FormatError as error:
        if real.read(place.name, len(_ZIP_START)) != _ZIP_START:
            return None
        raise FormatError(
            f'"{place}" is a zip file that was cut off or altered, or is not of respool:'
            f" {error.what}"
        ) from error
    if member is None:
        return None
    unpacked = UnlinkedFile(files.pieces(member))
    manifest = FileOctets(unpacked.opened(), place / MANIFEST_FILE)
    return WrittenExport(place=place, real=real, manifest=manifest, store=ZipStore(files))


def _facts_of_place(place: PurePosixPath, form: ExportForm, changed: Entry | None) -> ExportFacts:
    """Whose an export without a manifest is, by the name of its directory."""
    name = place.name
    if name.lower() in _NO_LOGIN:
        name = place.parent.name
    login, _, domain = name.partition("@")
    return ExportFacts(
        form=form,
        account=Account(kind=AccountKind.USER, login=login or "user", domain=domain or None),
        label=_UNDATED,
        taken_at=datetime.fromtimestamp(changed.mtime_ns // 1_000_000_000, UTC)
        if changed
        else None,
        is_about=True,
    )
