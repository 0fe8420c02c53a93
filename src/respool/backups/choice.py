"""Which generation a person means: pure, a function from generations and text to one of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, tzinfo
from typing import Final

from respool.errors import AmbiguousName, GenerationNotFound, UsageError
from respool.model.generations import Generation, GenerationState

LATEST: Final = "latest"
_LATEST: Final = re.compile(r"latest(?:~([0-9]{1,6}))?", re.ASCII)
_NUMBER: Final = re.compile(r"(generation:|part:)?([0-9]{1,18})", re.ASCII)
_SHOWN: Final = 8


def choose_generation(
    generations: Sequence[Generation],
    text: str | None,
    zone: tzinfo | None = None,
    *,
    may_be_running: bool = False,
) -> Generation:
    """The generation that ``text`` means; without text the latest.

    ``text`` is an id, ``part:1234``, ``generation:159``, a date or time (the last one
    begun up to then, a bare date meaning the end of that day), ``latest``, ``latest~N``,
    or a label. ``zone`` is where dates are meant, the machine's own where None.
    ``may_be_running``: one that is still being written is taken where it is named itself,
    if it has mail already.

    Raises:
        GenerationNotFound: none fits, or it is still being written.
        AmbiguousName: a number that is a generation and a part of another one.
        UsageError: text that is none of these.
    """
    wanted = LATEST if text is None else text.strip()
    latest = _LATEST.fullmatch(wanted)
    if latest:
        return latest_generation(generations, int(latest[1] or 0))
    labelled = [
        each for each in generations if each.label == wanted and each.generation_id is None
    ]
    if labelled:
        return _finished(labelled[0], may_be_running=may_be_running)
    number = _NUMBER.fullmatch(wanted)
    if number:
        named = _by_number(generations, number[1], int(number[2]))
        return _finished(named, may_be_running=may_be_running)
    return _by_time(generations, wanted, zone)


def latest_generation(generations: Sequence[Generation], back: int = 0) -> Generation:
    """The newest complete one, or the one ``back`` before it.

    Where none is complete, the newest of those that can be read at all.

    Raises:
        GenerationNotFound: there are not so many.
    """
    usable = usable_generations(generations)
    complete = [each for each in usable if each.state is GenerationState.COMPLETE]
    candidates = complete or usable
    if back >= len(candidates):
        what = f"latest~{back}" if back else LATEST
        raise _not_found(f'there is no generation "{what}"', generations)
    return candidates[back]


def usable_generations(generations: Sequence[Generation]) -> list[Generation]:
    """Those that can be read, newest first: not being written, and with mail on disk."""
    usable = [
        each for each in generations if each.parts and each.state is not GenerationState.RUNNING
    ]
    return sorted(usable, key=_taken, reverse=True)


def _taken(generation: Generation) -> datetime:
    return generation.taken_at or datetime.min.replace(tzinfo=UTC)


def _by_number(generations: Sequence[Generation], prefix: str | None, number: int) -> Generation:
    by_id = [each for each in generations if each.generation_id == number]
    by_part = [each for each in generations if any(p.part_id == number for p in each.parts)]
    if prefix == "part:":
        return _one(by_part, f"there is no part {number}", generations)
    if prefix is None and by_id and by_part and by_id[0] is not by_part[0]:
        raise AmbiguousName(
            f"{number} is a generation, and a part of generation {by_part[0].label}",
            hint=f"say -g generation:{number} or -g part:{number}",
        )
    if not by_id and by_part:
        raise GenerationNotFound(
            f"there is no generation {number}",
            why=f"{number} is the number of a part, of generation {by_part[0].label}",
            hint=f"say -g part:{number}",
        )
    return _one(by_id, f"there is no generation {number}", generations)


def _one(found: list[Generation], what: str, generations: Sequence[Generation]) -> Generation:
    if not found:
        raise _not_found(what, generations)
    return found[0]


def _by_time(generations: Sequence[Generation], text: str, zone: tzinfo | None) -> Generation:
    moment = parse_moment(text, zone)
    begun = [
        each
        for each in usable_generations(generations)
        if each.taken_at is not None and each.taken_at <= moment
    ]
    if not begun:
        raise _not_found(f"no generation was begun up to {text}", generations)
    return begun[0]


def parse_moment(text: str, zone: tzinfo | None) -> datetime:
    """A date (its last moment) or a time as typed, aware.

    Raises:
        UsageError: neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f'"{text}" is no generation',
            hint="an id, part:1234, 2017-10-03, 2017-10-03T18:00, latest or latest~1",
        ) from error
    if len(text) <= 10:
        moment = datetime.combine(moment.date(), time.max)
    if moment.tzinfo is not None:
        return moment
    return moment.astimezone() if zone is None else moment.replace(tzinfo=zone)


def _finished(generation: Generation, *, may_be_running: bool) -> Generation:
    is_taken = may_be_running and bool(generation.parts)
    if generation.state is GenerationState.RUNNING and not is_taken:
        raise GenerationNotFound(
            f"generation {generation.label} is not used",
            why="it has no end: the backup is being written",
            hint="wait until it ends, or take -g latest",
        )
    if not generation.parts:
        raise GenerationNotFound(
            f"generation {generation.label} has no mail on disk",
            why="; ".join(finding.text for finding in generation.findings) or None,
            hint="respool backups shows the others",
        )
    return generation


def _not_found(what: str, generations: Sequence[Generation]) -> GenerationNotFound:
    labels = [each.label for each in generations]
    more = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
    there = ", ".join(labels[:_SHOWN]) + more if labels else "none"
    return GenerationNotFound(what, why=f"there is {there}", hint="respool backups shows them")
