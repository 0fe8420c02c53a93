"""Which generations there are, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

from respool.app.bluemind_access import core_of
from respool.app.bluemind_directory import Directory, LiveNames
from respool.app.settings import Settings
from respool.backups.addresses import MapsOfThisMachine, Told
from respool.backups.choice import latest_generation
from respool.backups.contents import findings_of, list_accounts
from respool.backups.dataprotect import DataProtect
from respool.backups.discovery import Backup, open_backup, open_staged
from respool.errors import BackupError, GenerationNotFound
from respool.model.findings import Finding, Severity
from respool.model.generations import BackupRoot, Generation, Part, UnusedEntry
from respool.model.json_text import as_utc_text
from respool.system.bluemind_directory import CoreDirectory

_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSummary:
    """One generation for a listing; None is unknown."""

    generation: Generation
    account_count: int | None
    is_latest: bool
    findings: tuple[Finding, ...]

    @property
    def size_bytes(self) -> int | None:
        """The size of the source, as the backup's own description says."""
        sizes = [part.size_mib for part in self.generation.parts if part.size_mib is not None]
        return sum(sizes) * _MIB if sizes else None

    def as_json(self) -> dict[str, object]:
        """The shape in ``backups --json``."""
        generation = self.generation
        return {
            "generation": generation.generation_id,
            "label": generation.label,
            "taken_at": as_utc_text(generation.taken_at),
            "is_about": generation.is_about,
            "state": generation.state.value,
            "is_latest": self.is_latest,
            "software": generation.software,
            "parts": [_part_json(part) for part in generation.parts],
            "accounts": self.account_count,
            "size_bytes": self.size_bytes,
            "kept_until": None,
            "findings": [finding.as_json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSummary:
    """A backup root with its generations, newest first, and what is no generation there."""

    root: BackupRoot
    generations: tuple[GenerationSummary, ...]
    unused: tuple[UnusedEntry, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The shape of ``backups --json``."""
        return {
            "backups": str(self.root.place),
            "kind": self.root.kind,
            "description": self.root.description,
            "generations": [summary.as_json() for summary in self.generations],
            "not_used": [{"name": entry.name, "why": entry.why} for entry in self.unused],
        }


def backup_of(settings: Settings) -> Backup:
    """The backup that the settings name: a place that holds backups, or staged directories.

    Names that it does not tell are asked of the maps of this machine, and of BlueMind's core.

    Raises:
        BackupNotFound, BackupUnreadable.
    """
    if settings.staged is not None:
        return open_staged(settings.staged)
    etc = PurePosixPath(settings.imapd_conf.parent)
    backup = open_backup(settings.backups)
    live = LiveNames(
        maps=MapsOfThisMachine(etc=etc),
        ask=partial(_ask_core, settings),
        is_expected=backup.root.kind == DataProtect.name,
    )
    return replace(backup, live=live)


def _ask_core(settings: Settings, question: Callable[[Directory], Told]) -> Told | None:
    with core_of(settings) as core:
        return None if core is None else question(CoreDirectory(core))


def list_backups(settings: Settings) -> BackupSummary:
    """The generations of the backup that the settings name.

    Raises:
        BackupNotFound, BackupUnreadable.
    """
    backup = backup_of(settings)
    latest = _latest(backup)
    return BackupSummary(
        root=backup.root,
        generations=tuple(_summary(each, latest) for each in backup.generations),
        unused=backup.unused,
    )


def _latest(backup: Backup) -> Generation | None:
    try:
        return latest_generation(backup.generations)
    except GenerationNotFound:
        return None


def _summary(generation: Generation, latest: Generation | None) -> GenerationSummary:
    findings = generation.findings
    count: int | None = None
    try:
        count = _account_count(generation) if generation.parts else None
        findings += findings_of(generation)
    except BackupError as error:
        findings += (
            Finding(
                severity=Severity.LOSS,
                code="file-unreadable",
                subject=generation.label,
                text=error.what,
            ),
        )
    return GenerationSummary(
        generation=generation,
        account_count=count,
        is_latest=generation is latest,
        findings=findings,
    )


def _account_count(generation: Generation) -> int:
    staged = sum(part.staged is not None for part in generation.parts)  # of one account each
    return staged + len(list_accounts(generation))


def _part_json(part: Part) -> dict[str, object]:
    return {
        "part": part.part_id,
        "server": part.server,
        "address": part.address,
        "place": str(part.place),
        "begin": as_utc_text(part.begin),
        "end": as_utc_text(part.end),
        "valid": part.validity,
    }
