"""Which generations there are, and what is wrong with each."""

# ruff: noqa: PLC0415 - what a core says is loaded where it is asked

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from respool.app.bluemind_access import patient_core
from respool.app.bluemind_directory import Directory, LiveNames
from respool.app.settings import Settings
from respool.backups.addresses import MapsOfThisMachine, Told
from respool.backups.choice import latest_generation
from respool.backups.contents import findings_of, list_accounts
from respool.backups.dataprotect import DataProtect
from respool.backups.discovery import Backup, open_backup, open_staged
from respool.errors import BackupError, GenerationNotFound
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.generations import (
    BackupRoot,
    Generation,
    GenerationState,
    Part,
    UnusedEntry,
)
from respool.model.json_text import as_utc_text

if TYPE_CHECKING:
    from respool.app.bluemind_generations import CoreSays
    from respool.backups.known_generations import Standing

_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSummary:
    """One generation for a listing; None is unknown."""

    generation: Generation
    account_count: int | None
    is_latest: bool
    findings: tuple[Finding, ...]
    standing: Standing | None = None

    @property
    def is_at_risk(self) -> bool:
        """Whether the next backup deletes it for not knowing it."""
        if self.standing is not None:
            return not self.standing.is_known
        return self.generation.state is GenerationState.AT_RISK

    @property
    def size_bytes(self) -> int | None:
        """The size of the source, as the backup's own description says."""
        sizes = [part.size_mib for part in self.generation.parts if part.size_mib is not None]
        return sum(sizes) * _MIB if sizes else None

    def as_json(self) -> dict[str, object]:
        """The shape in ``backups --json``."""
        generation, standing = self.generation, self.standing
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
            "kept_until": as_utc_text(standing.kept_until if standing else None),
            "goes_next": standing.goes_next if standing else None,
            "known_to_bluemind": standing.is_known if standing else None,
            "findings": [finding.as_json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSummary:
    """A backup root with its generations, newest first, and what is no generation there.

    ``bluemind`` is what its core says, None for a backup that is not DataProtect's.
    """

    root: BackupRoot
    generations: tuple[GenerationSummary, ...]
    unused: tuple[UnusedEntry, ...] = ()
    bluemind: CoreSays | None = None

    def as_json(self) -> dict[str, object]:
        """The shape of ``backups --json``."""
        return {
            "backups": str(self.root.place),
            "kind": self.root.kind,
            "description": self.root.description,
            "generations": [summary.as_json() for summary in self.generations],
            "not_used": [{"name": entry.name, "why": entry.why} for entry in self.unused],
            "bluemind": None if self.bluemind is None else self.bluemind.as_json(),
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
    with patient_core(settings) as core:
        if core is None:
            return None
        from respool.system.bluemind_directory import CoreDirectory

        return question(CoreDirectory(core))


def list_backups(settings: Settings, own_root: Path | None = None) -> BackupSummary:
    """The generations of the backup that the settings name.

    BlueMind's core is asked about its own backups, where it can be; ``own_root`` is where it
    writes them.

    Raises:
        BackupNotFound, BackupUnreadable.
    """
    from respool.app.bluemind_generations import OWN_ROOT, core_says

    backup = backup_of(settings)
    latest = _latest(backup)
    said = core_says(settings, backup, own_root or OWN_ROOT)
    told = None if said is None else said.joined
    standings = {} if told is None else told.standings
    return BackupSummary(
        root=backup.root,
        generations=tuple(
            _with_standing(_summary(each, latest), standings.get(each.label))
            for each in backup.generations
        ),
        unused=backup.unused,
        bluemind=said,
    )


def _with_standing(summary: GenerationSummary, standing: Standing | None) -> GenerationSummary:
    """With what BlueMind says; a part that it knows is at no risk for want of a description."""
    if standing is None:
        return summary
    kept = [
        each
        for each in summary.findings
        if each.code != "part-without-description" or not standing.is_known
    ]
    return replace(summary, findings=(*kept, *standing.findings), standing=standing)


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
