"""A file of several plans: made, read, and refused where one of them is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from respool.app.batch_plan import BatchPlan, is_of_several, plan_of_file
from respool.app.batch_planning import plan_batch
from respool.app.reaching import Reaching
from respool.app.selection import Wanted
from respool.app.settings import Settings
from respool.app.state import prepare_state
from respool.app.wish import Wish
from respool.errors import PlanFileInvalid
from tests.support.exporting import settings_of
from tests.support.small_spools import part_directory, write_description, write_spool

ACCOUNTS = ("a@b.loc", "c@b.loc", "e@b.loc")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    backups = tmp_path / "backups"
    backups.mkdir()
    write_description(backups, 1, [{"id": 7}])
    write_spool(part_directory(backups, 7), [f"user/{each}" for each in ACCOUNTS])
    return settings_of(backups, tmp_path / "state")


def planned(settings: Settings, tmp_path: Path, *accounts: str) -> tuple[BatchPlan, Path]:
    """A plan of exports of these accounts."""
    file = tmp_path / "plans"
    wishes = [
        Wish(wanted=Wanted(account=each), to=f"zip:{tmp_path}/{each}.zip") for each in accounts
    ]
    state = prepare_state(settings)
    with Reaching(settings) as reaching:
        return plan_batch(wishes, reaching, file, state, lambda *_: None), file


def starts(file: Path) -> list[int]:
    """Where each plan begins."""
    octets = file.read_bytes()
    found, at = [], octets.find(b'{"respool":"plan",')
    while at >= 0:
        found.append(at)
        at = octets.find(b'{"respool":"plan",', at + 1)
    return found


def test_a_file_of_several_plans_is_read_as_it_was_made(
    settings: Settings, tmp_path: Path
) -> None:
    plan, file = planned(settings, tmp_path, *ACCOUNTS)

    assert is_of_several(file)
    read = plan_of_file(file)
    assert [each.plan for each in read.members] == [each.plan for each in plan.members]
    assert [each.account for each in read.members] == list(ACCOUNTS)
    assert plan.exit_status == 0


def test_one_that_cannot_be_planned_stops_no_other_and_is_told_by_the_status(
    settings: Settings, tmp_path: Path
) -> None:
    plan, file = planned(settings, tmp_path, "a@b.loc", "nobody@b.loc")

    assert [each.account for each in plan.failed] == ["nobody@b.loc"]
    assert plan.exit_status == 20
    assert is_of_several(file)
    assert [each.account for each in plan_of_file(file).members] == ["a@b.loc"]


def test_one_that_was_cut_between_two_plans_is_refused(settings: Settings, tmp_path: Path) -> None:
    _, file = planned(settings, tmp_path, *ACCOUNTS)
    whole, (first, second, third) = file.read_bytes(), starts(file)

    for cut in (
        whole[:third],
        whole[:second],
        whole[:first],
        whole[:first] + whole[second:],
        whole[:first] + whole[second:third] + whole[first:second] + whole[third:],
        whole[first:],
    ):
        file.write_bytes(cut)
        assert is_of_several(file)
        with pytest.raises(PlanFileInvalid):
            plan_of_file(file)
