"""Restores that are killed while BlueMind is told of them, and then resumed or undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.bluemind_core.versions import CoreFamily
from tests.support.cut_counts import is_long
from tests.support.faults.bench import Bench, Case, Ending
from tests.support.faults.choice import ENDINGS, at_calls_of_bluemind, at_finishing_steps
from tests.support.faults.scenarios import (
    FINISHED,
    IN_PLACE_IN_BLUEMIND_5,
    INTO_BLUEMIND_5,
    MADE_BY_BLUEMIND,
    Scenario,
)
from tests.support.faults.short_part import check

pytestmark = [pytest.mark.needs_cyrus, pytest.mark.slow, pytest.mark.timeout(600)]
BenchFor = Callable[[Scenario], Bench]
named = pytest.mark.parametrize("scenario", FINISHED.values(), ids=lambda each: each.name)


def cases(bench: Bench, scenario: Scenario, ending: Ending, *, calls: int) -> list[Case]:
    clean = bench.clean_of(scenario)
    begun = 1 if is_long() else 3
    return [
        *at_finishing_steps(scenario, clean, ending, begun=begun),
        *at_calls_of_bluemind(scenario, clean, ending, count=calls * (5 if is_long() else 1)),
    ]


@named
def test_killed_at_every_finishing_step_and_resumed_it_ends_the_same(
    scenario: Scenario, bench_for: BenchFor
) -> None:
    """In the mailboxes, on disk, and in what BlueMind knows of them: of the newest, at each."""
    bench = bench_for(scenario)
    chosen = cases(bench, scenario, "resume", calls=2)
    assert len(chosen) > 8
    is_newest = scenario is FINISHED[CoreFamily.BM49]
    check(bench, chosen if is_newest or is_long() else chosen[::3])


@named
def test_killed_at_a_finishing_step_and_undone_all_is_as_before(
    scenario: Scenario, bench_for: BenchFor
) -> None:
    bench = bench_for(scenario)
    chosen = cases(bench, scenario, "undo", calls=2)
    check(bench, chosen if is_long() else chosen[::4])


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("scenario", MADE_BY_BLUEMIND.values(), ids=lambda each: each.name)
def test_killed_while_bluemind_makes_the_mailshare_it_goes_on_or_is_removed(
    scenario: Scenario, ending: Ending, bench_for: BenchFor
) -> None:
    """BlueMind has it, on a partition of its own choice, and nobody has noted that."""
    bench = bench_for(scenario)
    case, *_ = at_finishing_steps(scenario, bench.clean_of(scenario), ending)
    assert "step 0 done" in case.cut.name

    outcome = bench.carry_out(case)

    assert outcome.killed == (case.cut,)
    assert outcome.differences == ()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "scenario", [INTO_BLUEMIND_5, IN_PLACE_IN_BLUEMIND_5], ids=lambda each: each.name
)
def test_killed_while_bluemind_5_is_told_it_ends_the_same_or_is_as_before(
    scenario: Scenario, ending: Ending, bench_for: BenchFor
) -> None:
    """Its mail came over IMAP as the user, by the key of a session, which stands nowhere.

    Of the sessions, there are no more left than commands were killed.
    """
    bench = bench_for(scenario)
    chosen = cases(bench, scenario, ending, calls=6)
    assert len(chosen) > 8
    check(bench, chosen if is_long() else chosen[::2])
