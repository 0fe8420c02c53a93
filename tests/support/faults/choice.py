"""Which instants a restore is killed at: all of its journal's, and of its calls a fixed sample."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from tests.support.faults.bench import Case, Clean, Ending
from tests.support.faults.points import BLUEMIND, JOURNAL, Moment, Point, points_of
from tests.support.faults.scenarios import Scenario

SEED: Final = 5
# How many times as many are taken of the calls that change most.
_WEIGHTS: Final = {"socket.sendall": 12, "Popen.__init__": 3, "Popen.communicate": 3}
ENDINGS: Final[tuple[Ending, ...]] = ("resume", "undo")


def at_journal_records(scenario: Scenario, clean: Clean, ending: Ending) -> list[Case]:
    """A case for before and for after each record of the journal."""
    points = points_of(clean.counts["restore"], [JOURNAL])
    return [Case(scenario=scenario, cut=point, ending=ending) for point in points]


def at_finishing_steps(
    scenario: Scenario, clean: Clean, ending: Ending, *, begun: int = 1
) -> list[Case]:
    """When each step that BlueMind is asked in was done, and nobody has noted that yet.

    And right after one of so many is noted as begun.
    """
    numbers = [number for number, kind in clean.kinds.items() if kind.startswith("bluemind-")]
    points = [_at_step(number, "done", "before") for number in numbers]
    points += [_at_step(number, "started", "after") for number in numbers[::begun]]
    return [Case(scenario=scenario, cut=point, ending=ending) for point in points]


def at_calls_of_bluemind(
    scenario: Scenario, clean: Clean, ending: Ending, *, count: int
) -> list[Case]:
    """Before or after so many of the calls of its core: some while a task of it is at work."""
    chance = random.Random(f"{SEED} {scenario.name} {ending} calls of BlueMind")
    points = points_of(clean.counts["restore"], [BLUEMIND])
    return [
        Case(scenario=scenario, cut=point, ending=ending)
        for point in _spread(points, count, chance)
    ]


def _at_step(number: int, state: str, moment: Moment) -> Point:
    return Point(group=JOURNAL, name=f"step {number} {state}", ordinal=1, moment=moment)


def at_calls(
    scenario: Scenario, clean: Clean, ending: Ending, *, of_each: int, seed: int = SEED
) -> list[Case]:
    """Before or after calls of each name: so many of each, evenly spread but for chance.

    Of commands to the server there are more, and of its programs.
    """
    chance = random.Random(f"{seed} {scenario.name} {ending}")
    return [
        Case(scenario=scenario, cut=point, ending=ending)
        for points in _by_name(points_of(clean.counts["restore"]))
        for point in _spread(points, of_each * _WEIGHTS.get(points[0].name, 1), chance)
    ]


def sampled(
    scenario: Scenario, clean: Clean, ending: Ending, *, count: int, seed: int = SEED
) -> list[Case]:
    """So many: killed once, and killed again while that is resumed or undone, by turns.

    Each group of calls has the same chance, whether it is called often or not.
    """
    chance = random.Random(f"{seed} {scenario.name} {ending} sampled")
    turns: tuple[Ending | None, ...] = (
        (None, "resume") if ending == "resume" else (None, "undo", "resume")
    )
    cases = []
    for number in range(count):
        second = turns[number % len(turns)]
        cut = _one_of(points_of(clean.counts["restore"]), chance)
        again = None
        if second is not None:
            again = (second, _one_of(points_of(clean.counts[second]), chance))
        cases.append(Case(scenario=scenario, cut=cut, ending=ending, again=again))
    return cases


def _one_of(points: list[Point], chance: random.Random) -> Point:
    group = chance.choice(sorted({point.group for point in points}))
    return chance.choice([point for point in points if point.group == group])


def _by_name(points: list[Point]) -> Iterator[list[Point]]:
    calls = [point for point in points if point.group != JOURNAL]
    for name in sorted({(point.group, point.name) for point in calls}):
        yield [point for point in calls if (point.group, point.name) == name]


def _spread(points: list[Point], count: int, chance: random.Random) -> Iterator[Point]:
    """One of each ``count``-th part of ``points``."""
    if count >= len(points):
        yield from points
        return
    for number in range(count):
        first, last = (len(points) * at // count for at in (number, number + 1))
        yield chance.choice(points[first:last])
