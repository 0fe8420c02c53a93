"""What BlueMind's core says of the generations of a backup, and what a restore is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from respool.app.bluemind_access import patient_core
from respool.app.settings import Settings
from respool.backups.dataprotect import DataProtect
from respool.backups.descriptions import Description, description_of
from respool.backups.discovery import Backup
from respool.backups.known_generations import Joined, KnownGenerations, Retention, joined
from respool.bluemind import api_requests
from respool.bluemind.api_answers import values_of
from respool.errors import BluemindRefused, RespoolError
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.generations import Generation

if TYPE_CHECKING:
    from respool.system.bluemind_core import BluemindCore

OWN_ROOT: Final = Path("/var/backups/bluemind")  # where BlueMind writes, and deletes


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSays:
    """What a core says of a backup of BlueMind, or why it says nothing.

    ``known`` and ``joined`` are None where it was not asked, or knows another backup;
    ``silence`` is None where nothing says that there is a core.
    """

    known: KnownGenerations | None = None
    joined: Joined | None = None
    silence: str | None = None

    def as_json(self) -> Mapping[str, object]:
        """The shape in ``backups --json``."""
        known, told = self.known, self.joined
        return {
            "asked": known is not None,
            "why_not": self.silence,
            "version": None if known is None else known.version,
            "retention": None
            if known is None or known.retention is None
            else known.retention.as_json(),
            "running": [] if told is None else list(told.running),
            "lacking": [] if told is None else [each.as_json() for each in told.lacking],
        }


def known_generations(core: BluemindCore) -> KnownGenerations:
    """The generations that a core knows, and its policy if the key opens that, too.

    Raises:
        as `BluemindApi.ask`, and `FormatError`.
    """
    listed = values_of(core.api.ask(api_requests.generations()), "DataProtectGeneration")
    return KnownGenerations(
        version=core.version,
        generations=tuple(_described(each) for each in listed),
        retention=_retention(core),
    )


def _described(value: Mapping[str, object]) -> Description:
    number = value.get("id")
    return description_of(value, number if isinstance(number, int) else -1)


def _retention(core: BluemindCore) -> Retention | None:
    try:
        policy = core.api.ask(api_requests.retention_policy())
    except BluemindRefused:  # it takes a role of its own
        return None
    if not isinstance(policy, dict):
        return None
    numbers = {
        name: value if isinstance(value := policy.get(name), int) and value > 0 else None
        for name in ("daily", "weekly", "monthly")
    }
    return Retention(**numbers)


def core_says(settings: Settings, backup: Backup, own_root: Path = OWN_ROOT) -> CoreSays | None:
    """What BlueMind's core says of a backup; None for one that is not DataProtect's."""
    if backup.root.kind != DataProtect.name:
        return None
    try:
        with patient_core(settings) as core:
            known = None if core is None else known_generations(core)
    except RespoolError as error:
        why = error.what if error.why is None else f"{error.what}: {error.why}"
        return CoreSays(silence=f"BlueMind's core was not asked: {why}")
    if known is None:
        return CoreSays()
    is_own = _is_below(backup.root.place, own_root)
    told = joined(backup.generations, known, datetime.now(UTC), is_own=is_own)
    other = "BlueMind's core knows none of these parts: it is another's backup, or a copy"
    return CoreSays(known=known, joined=told, silence=other if told is None else None)


def going_findings(
    settings: Settings, backup: Backup, generation: Generation, own_root: Path = OWN_ROOT
) -> tuple[Finding, ...]:
    """That a backup that runs now deletes the generation when it ends, if it does."""
    said = core_says(settings, backup, own_root)
    if said is None or said.joined is None or said.known is None:
        return ()
    return tuple(_going(said.joined, said.known, generation))


def _going(told: Joined, known: KnownGenerations, generation: Generation) -> Iterator[Finding]:
    standing = told.standings.get(generation.label)
    if standing is None or not standing.goes_next or not told.running:
        return
    why = f"by its retention, {known.retention}" if standing.is_known else "which it does not know"
    running = " and ".join(map(str, told.running))
    yield Finding(
        severity=Severity.NOTE,
        code="generation-may-go",
        subject=f"generation {generation.label}",
        text=f"BlueMind is writing generation {running}, and then deletes this one, {why}",
    )


def _is_below(place: PurePosixPath, root: Path) -> bool:
    return place.is_relative_to(root.resolve())
