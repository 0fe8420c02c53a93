"""What last night's backup misses: a generation held against the one before it, cheaply."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

from respool.app.access_log import Access, note_reading
from respool.app.backups import backup_of
from respool.app.settings import Settings
from respool.backups.choice import choose_generation, latest_generation, usable_generations
from respool.backups.completeness import complete_before, lacks_of
from respool.backups.contents import findings_of
from respool.backups.watching import Watched, watch_folders
from respool.errors import UsageError
from respool.model.dataclasses import dataclass
from respool.model.finding_tally import FindingTally
from respool.model.findings import Finding
from respool.model.generations import Generation, GenerationState
from respool.model.json_text import as_utc_text

_KEPT: Final = 100  # findings of a kind that are listed


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchReport:
    """What was found in a generation; ``former`` is what it was held against, if there is one."""

    generation: Generation
    former: Generation | None
    watched: Watched
    seconds: float
    tally: FindingTally

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was found."""
        return self.tally.total == 0

    def as_json(self) -> dict[str, object]:
        """The shape of ``watch --json``."""
        former = self.former
        return {
            "generation": self.generation.label,
            "taken_at": as_utc_text(self.generation.taken_at),
            "state": self.generation.state.value,
            "former": None if former is None else former.label,
            "former_taken_at": None if former is None else as_utc_text(former.taken_at),
            "quiet": self.is_quiet,
            "accounts": self.watched.accounts,
            "folders": self.watched.folders,
            "folders_read": self.watched.read,
            "messages": self.watched.messages,
            "seconds": round(self.seconds, 2),
            "kinds": self.tally.as_json(),
            "findings": [each.as_json() for each in self.tally.kept],
            "untold": self.tally.untold,
        }


def watch_generation(settings: Settings, wanted: str | None) -> WatchReport:
    """Hold a generation against the complete one before it; without one, the newest.

    Raises:
        BackupNotFound, GenerationNotFound, BackupUnreadable, UsageError.
    """
    began = time.monotonic()
    generations = backup_of(settings).generations
    generation = _newest(generations) if wanted is None else choose_generation(generations, wanted)
    if any(part.staged is not None for part in generation.parts):
        raise UsageError("directories of one account are no backup that could be watched")
    note_reading(settings, Access(command="watch", generation=generation.label))
    former = complete_before(generation, generations)
    watched = Watched()
    tally = FindingTally(_KEPT)
    tally.add(_found(generation, former, watched))
    if wanted is None:
        tally.add(_still_running(generation, generations))
    return WatchReport(
        generation=generation,
        former=former,
        watched=watched,
        seconds=time.monotonic() - began,
        tally=tally,
    )


def _newest(generations: Sequence[Generation]) -> Generation:
    """The newest that can be read, complete or not: that is the one to be watched."""
    usable = usable_generations(generations)
    return usable[0] if usable else latest_generation(generations)


def _found(
    generation: Generation, former: Generation | None, watched: Watched
) -> Iterator[Finding]:
    yield from generation.findings
    yield from findings_of(generation)
    yield from lacks_of(generation, former)
    yield from watch_folders(generation, former, watched)


def _still_running(generation: Generation, generations: Sequence[Generation]) -> Iterator[Finding]:
    """What newer ones that have no end say of themselves: perhaps they never will have one."""
    for each in generations:
        is_newer = (
            each.taken_at is None
            or generation.taken_at is None
            or each.taken_at >= generation.taken_at
        )
        if each.state is GenerationState.RUNNING and is_newer:
            yield from each.findings
