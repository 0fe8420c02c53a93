"""DataProtect's generations as BlueMind's core knows them, joined with those on disk. Pure.

After a backup, BlueMind keeps as many generations as its policy says, and removes every part
on disk that is no part of a generation that it knows.

Source: SaveAllTask.java, ForgetTask.java, RemoveForgottenParts.java; RetentionPolicy of the
published clients. When a generation goes is reckoned here and not asked: *about*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

from respool.backups.descriptions import DescribedPart, Description
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.generations import Generation, GenerationState, Part

_DAY: Final = timedelta(days=1)
_ENOUGH: Final = 3  # generations, before how often they are made is taken from them
_INVALID: Final = "INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many generations are kept; None where the policy does not say."""

    daily: int | None
    weekly: int | None = None
    monthly: int | None = None

    @property
    def kept(self) -> int | None:
        """How many stay after a backup, where only that is said."""
        return self.daily if self.daily and not self.weekly and not self.monthly else None

    def __str__(self) -> str:
        numbers = ("daily", self.daily), ("weekly", self.weekly), ("monthly", self.monthly)
        return ", ".join(f"{number} {word}" for word, number in numbers if number) or "all"

    def as_json(self) -> dict[str, int | None]:
        """The shape in ``backups --json``."""
        return {"daily": self.daily, "weekly": self.weekly, "monthly": self.monthly}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGenerations:
    """What a core says. ``retention`` None: it did not tell."""

    version: str
    generations: tuple[Description, ...]
    retention: Retention | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How BlueMind stands to one generation on disk.

    ``kept_until`` and ``goes_next`` (with the next backup, or the one that runs) are None
    where they are not known.
    """

    is_known: bool
    kept_until: datetime | None = None
    goes_next: bool | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LackingPart:
    """A part of mail that a core knows and the disk lacks."""

    generation_id: int
    part_id: int
    server: str | None

    def as_json(self) -> dict[str, object]:
        """The shape in ``backups --json``."""
        return {
            "generation": self.generation_id,
            "part": self.part_id,
            "server": self.server,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Both together: a standing by label, what is not on disk, what is being written."""

    standings: Mapping[str, Standing]
    lacking: tuple[LackingPart, ...]
    running: tuple[int, ...]


def joined(
    generations: Sequence[Generation], known: KnownGenerations, now: datetime, *, is_own: bool
) -> Joined | None:
    """What a core says of the generations of a place; None where it is another's backup.

    ``is_own``: the place is where BlueMind writes. Another may be the same, mounted
    elsewhere, or a copy, which BlueMind deletes nothing of: then texts say so.
    """
    on_disk = {part.part_id: part for each in generations for part in each.parts}
    named = {part.part_id for each in known.generations for part in each.parts}
    if not is_own and named.isdisjoint(on_disk):
        return None
    ends = _ends(known, now)
    standings = {}
    for each in generations:
        description = _described(each, known.generations)
        until, next_ = ends.get(description.generation_id if description else -1, (None, None))
        standings[each.label] = Standing(
            is_known=description is not None,
            kept_until=until,
            goes_next=True if description is None else next_,
            findings=tuple(_findings(each, description, is_own=is_own)),
        )
    return Joined(
        standings=standings,
        lacking=tuple(
            LackingPart(generation_id=each.generation_id, part_id=part.part_id, server=part.server)
            for each in known.generations
            for part in each.parts
            if part.part_id not in on_disk and part.has_end
        ),
        running=tuple(each.generation_id for each in known.generations if _is_running(each)),
    )


def _described(generation: Generation, descriptions: Sequence[Description]) -> Description | None:
    if generation.generation_id is not None:
        wanted = generation.generation_id
        return next((each for each in descriptions if each.generation_id == wanted), None)
    ids = {part.part_id for part in generation.parts}
    return next(
        (each for each in descriptions if any(part.part_id in ids for part in each.parts)), None
    )


def _ends(known: KnownGenerations, now: datetime) -> Mapping[int, tuple[datetime | None, bool]]:
    """About when each generation goes, and whether with the next backup; empty if not told."""
    kept = None if known.retention is None else known.retention.kept
    taken = sorted(
        (
            (time, each.generation_id)
            for each in known.generations
            if not _is_running(each) and (time := _taken_at(each)) is not None
        ),
        reverse=True,
    )
    if kept is None or not taken:
        return {}
    every = _interval([time for time, _ in taken])
    last = max(taken[0][0], now - every)  # the next backup is not before now
    return {
        generation_id: (last + max(1, kept - rank) * every, rank >= kept - 1)
        for rank, (_, generation_id) in enumerate(taken)
    }


def _interval(newest_first: Sequence[datetime]) -> timedelta:
    if len(newest_first) < _ENOUGH:
        return _DAY
    gaps = pairwise(newest_first)
    return timedelta(seconds=median((one - other).total_seconds() for one, other in gaps)) or _DAY


def _taken_at(description: Description) -> datetime | None:
    begins = [part.begin for part in description.parts if part.begin is not None]
    return min(begins, default=description.protected_at)


def _is_running(description: Description) -> bool:
    return any(not part.has_end for part in (*description.parts, *description.others))


def _findings(
    generation: Generation, description: Description | None, *, is_own: bool
) -> Iterator[Finding]:
    if description is None:
        if generation.state is not GenerationState.AT_RISK:
            yield _unknown(f"generation {generation.label}", is_own=is_own)
        return
    if generation.generation_id is None:
        text = f"no description names it, BlueMind knows it as of {description.generation_id}"
        yield _disagrees(f"part {generation.parts[0].part_id}", text)
        return
    by_id = {part.part_id: part for part in description.parts}
    for part in generation.parts:
        told = by_id.get(part.part_id or -1)
        if told is None:
            yield _unknown(f"part {part.part_id}", is_own=is_own)
        else:
            yield from _of_part(part, told)


def _of_part(part: Part, told: DescribedPart) -> Iterator[Finding]:
    subject = f"part {part.part_id}"
    if part.validity != told.validity:
        words = part.validity or "nothing", told.validity or "nothing"
        text = "its description says {}, BlueMind's core {}".format(*words)
        if told.validity == _INVALID:
            text += ": the next backup may delete it"
        yield _disagrees(subject, text)
    if part.has_end != told.has_end:
        ends = "has ended", "is being written"
        by_disk, by_core = ends if part.has_end else ends[::-1]
        text = f"by its description it {by_disk}, by BlueMind's core it {by_core}"
        yield _disagrees(subject, text)


def _unknown(subject: str, *, is_own: bool) -> Finding:
    text = "BlueMind's core does not know it: the next backup deletes it"
    if not is_own:
        text += ", unless this is a copy"
    code = "unknown-to-bluemind"
    return Finding(severity=Severity.LOSS, code=code, subject=subject, text=text)


def _disagrees(subject: str, text: str) -> Finding:
    return Finding(severity=Severity.NOTE, code="bluemind-disagrees", subject=subject, text=text)
