"""The limit in BlueMind's directory is raised once, put back, and never another's."""

from __future__ import annotations

import pytest

from respool.errors import StepFailed
from respool.finishing.directory_quota import lower_again, raise_limit
from respool.finishing.steps import RaiseDirectoryQuota
from respool.runs.actor import Undoing
from tests.unit.finishing.scripted_core import ScriptedCore, fault

READ, SAVE = "GET /users/b.loc/U1/complete", "POST /users/b.loc/U1"
STEP = RaiseDirectoryQuota(
    lane="", domain="b.loc", entry="U1", is_mailshare=False, former=15, limit=35
)


def core(quota: int) -> ScriptedCore:
    value = {"login": "jdoe", "quota": quota}
    return ScriptedCore(answers={READ: [{"uid": "U1", "value": value}], SAVE: [None]})


def test_it_is_raised() -> None:
    found = core(15)

    assert raise_limit(found.asking, STEP, {"quota": 15}) == {"former": 15, "limit": 35}
    assert found.count(SAVE) == 1


def test_done_again_after_a_cut_it_is_the_same() -> None:
    found = core(35)

    assert raise_limit(found.asking, STEP, {"quota": 15}) == {"former": 15, "limit": 35}
    assert found.count(SAVE) == 0


def test_what_an_administrator_set_after_a_cut_stays() -> None:
    found = core(1_000_000)

    note = raise_limit(found.asking, STEP, {"quota": 15})

    assert note["settled"] == "by others"
    assert found.count(SAVE) == 0


def test_an_entry_that_is_gone_is_not_taken_for_one_whose_limit_another_has_set() -> None:
    found = ScriptedCore(answers={READ: [None]})

    with pytest.raises(StepFailed, match="any more"):
        raise_limit(found.asking, STEP, {"quota": 15})


def test_a_raise_that_the_domain_does_not_allow_is_said_with_what_to_do() -> None:
    found = core(15)
    found.answers[SAVE] = [fault("INVALID_PARAMETER", "at most 16")]

    with pytest.raises(StepFailed, match="does not raise") as failed:
        raise_limit(found.asking, STEP, {"quota": 15})
    assert (failed.value.why, "maximum" in (failed.value.hint or "")) == ("at most 16", True)


def test_a_limit_that_the_plan_did_not_see_is_no_place_to_begin() -> None:
    with pytest.raises(StepFailed, match="not as it was"):
        raise_limit(core(20).asking, STEP, {"quota": 20})


@pytest.mark.parametrize(("used", "saved"), [(14, 1), (15, 0)])
def test_an_undo_puts_it_back_where_what_is_left_fits_below(used: int, saved: int) -> None:
    found = core(35)
    found.answers["GET /mailboxes/b.loc/U1/_quota"] = [{"used": used, "quota": 35}]

    kept = lower_again(found.asking, STEP, Undoing(before={"quota": 15}, done={}))

    assert found.count(SAVE) == saved
    assert (kept is None) is bool(saved)
