from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.app.raised_quotas import raised_limits
from respool.runs.journal import Journal, RunJournal
from respool.targets.spool.limits import Settled
from respool.targets.spool.steps import RaiseQuota, SettleQuota
from respool.verification.report import RaisedLimit
from tests.unit.app.journals import begun, do, fail, journal_in, start
from tests.unit.targets.spool.plans import INBOX, planned_by

RAISED = (RaisedLimit(root=INBOX, resource="MESSAGE", former=8, limit=11),)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with journal_in(tmp_path) as opened:
        yield opened


@pytest.fixture
def run(journal: Journal, tmp_path: Path) -> RunJournal:
    return begun(journal, tmp_path, planned_by("beside", is_raising=True))


def test_nothing_is_raised_before_the_step_that_does_it(run: RunJournal) -> None:
    assert raised_limits(run) == ()


def test_of_a_root_only_the_limits_that_are_higher_now_are_raised(run: RunJournal) -> None:
    """The others of that root are set again, to what they were."""
    do(run, RaiseQuota)

    assert raised_limits(run) == RAISED


def test_a_raise_that_was_cut_off_counts_as_one(run: RunJournal) -> None:
    """The power may have gone after the server had set the limit."""
    start(run, RaiseQuota)

    assert raised_limits(run) == RAISED


def test_a_raise_that_failed_raised_nothing(run: RunJournal) -> None:
    fail(run, RaiseQuota)

    assert raised_limits(run) == ()


@pytest.mark.parametrize(
    ("settled", "raised"), [(Settled.YES, ()), (Settled.BY_OTHERS, ()), (Settled.NO, RAISED)]
)
def test_a_limit_is_raised_until_it_is_put_back_or_somebody_sets_another(
    run: RunJournal, settled: Settled, raised: tuple[RaisedLimit, ...]
) -> None:
    do(run, RaiseQuota)
    do(run, SettleQuota, settled=settled.value)

    assert raised_limits(run) == raised


def test_what_a_later_command_put_back_is_raised_no_more(
    journal: Journal, run: RunJournal
) -> None:
    do(run, RaiseQuota)
    do(run, SettleQuota, settled=Settled.NO.value)
    (number,) = [row.number for row in run.rows() if row.kind == RaiseQuota.kind]

    journal.amend(run.number, number, {"settled": Settled.YES.value})

    assert raised_limits(run) == ()


def test_a_run_that_raises_nothing_has_nothing_to_put_back(
    journal: Journal, tmp_path: Path
) -> None:
    run = begun(journal, tmp_path, planned_by("beside"))

    assert raised_limits(run) == ()
