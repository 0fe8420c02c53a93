"""The part of the kills that every run of the tests carries out, for either ending."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.faults.bench import Bench, Case, Ending
from tests.support.faults.choice import at_calls, at_journal_records, sampled
from tests.support.faults.scenarios import ADDING, NEW_FOLDER, TWELVE, Scenario

_EVERY = 20  # of the journal's instants, where others stand for them
_CALLS = 2
_NINTH = 9  # of all of a restore into a new folder
_TWICE = 3
_FEW = 1  # of these, of a restore that others resemble


def cases_of(bench: Bench, scenario: Scenario, ending: Ending) -> Sequence[Case]:
    """The cases of one scenario: a ninth of those of a restore into a new folder, else some."""
    clean = bench.clean_of(scenario)
    twice = sampled(scenario, clean, ending, count=_TWICE)
    if scenario is TWELVE:
        return twice
    if scenario in ADDING:
        return twice[:_FEW]
    records = at_journal_records(scenario, clean, ending)
    calls = at_calls(scenario, clean, ending, of_each=1)
    if scenario is NEW_FOLDER:
        return [*records[::_NINTH], *calls[::_NINTH], *twice]
    return [*records[::_EVERY], *calls[:: len(calls) // _CALLS], *twice[:_FEW]]


def check(bench: Bench, cases: Sequence[Case]) -> None:
    """Carry all of them out; each ends as if nobody had killed anything."""
    told, kills = [], 0
    for case in cases:
        outcome = bench.carry_out(case)
        kills += len(outcome.killed)
        told += [f"{case}: {each}" for each in outcome.differences]
    assert not told, "\n".join(told)
    assert kills >= 0.9 * len(cases)  # or the instants are not those of this program
