"""Restores into an account that is suspended in BlueMind, before the plan or after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from respool.app.restore import restore_plan, save_plan
from respool.app.verify import verify
from respool.cli.restore_text import plan_text
from respool.errors import SurveyChanged
from respool.planning.plan import PlanHead
from tests.support.bluemind_core.faults import Fault
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.bluemind_site import JDOE, Site
from tests.support.directions import INTO
from tests.support.restoring import agreeing, wish
from tests.support.undoing import undone
from tests.support.whole_account import SPOOLS

pytestmark = pytest.mark.needs_cyrus
SOURCE = SPOOLS["2.5.17"]
UNSUSPEND = "Unsuspend; then:"
REPAIRS = (
    "maintenance repair --ops mailboxAcls,mailboxQuota,replication.subtree,mailboxSubscription"
)
EXPUNGING = "maintenance repair --ops replication.parentUid"


@pytest.fixture
def suspended(site_of: Callable[..., Site]) -> Callable[[CoreFamily], Site]:
    """A site whose account is suspended before anything is restored."""

    def make(version: CoreFamily) -> Site:
        site = site_of(version)
        site.suspend()
        return site

    return make


def repairs(site: Site) -> list[str]:
    """Those that were carried out."""
    return [operation for _, operation, _ in site.core.repairs.runs]


def test_where_bluemind_refuses_repairs_the_plan_says_so_and_the_receipt_what_is_left(
    suspended: Callable[[CoreFamily], Site],
) -> None:
    """Sharings and index it takes; mail is restored, proven, looked at last, and taken back."""
    site = suspended(CoreFamily.BM4)
    heads: list[PlanHead] = []
    sent = site.target.mailbox(f"{INTO}/Sent")

    receipt = site.restore(heads)

    plan = plan_text(heads[0])
    assert "THEN  BlueMind 4.8.51120: rights, search index" in plan
    assert "NOTE  the entry is suspended: BlueMind 4.8.51120 refuses to repair it" in plan
    assert receipt.verdict.value == "proven"
    unsuspend, others, warning, expunging = receipt.left_to_do
    assert (UNSUSPEND in unsuspend, REPAIRS in others) == (True, True)
    assert ("EXPUNGES" in warning, EXPUNGING in expunging) == (True, True)
    assert repairs(site) == []
    assert "admin0" in site.rights(f"{INTO}/Sent")
    assert site.core.search_index[site.uid][sent] == 5
    assert verify(site.settings, receipt.run)[0].left_to_do == receipt.left_to_do
    assert undone(site.settings, receipt.run).state.value == "undone"
    assert sent not in site.core.search_index[site.uid]


@pytest.mark.parametrize("family", [CoreFamily.BM3, CoreFamily.BM49], ids=str)
def test_where_bluemind_does_not_mind_it_is_told_all_as_of_any_other(
    family: CoreFamily, suspended: Callable[[CoreFamily], Site]
) -> None:
    site = suspended(family)
    heads: list[PlanHead] = []

    receipt = site.restore(heads)

    assert "suspended" not in plan_text(heads[0])
    assert receipt.verdict.value == "proven"
    assert [each for each in receipt.left_to_do if "Manage folders" not in each] == []
    assert ("mailboxQuota" in repairs(site)) is (family is CoreFamily.BM49)
    assert site.core.search_index[site.uid][site.target.mailbox(f"{INTO}/Sent")] == 5
    assert undone(site.settings, receipt.run).state.value == "undone"


def test_suspended_while_it_is_restored_its_repairs_are_left_with_their_commands(
    site_of: Callable[..., Site],
) -> None:
    """The run goes on all the same: what BlueMind takes, it is told."""
    site = site_of(CoreFamily.BM4)
    suspend = Fault.calling(lambda _: site.suspend())
    site.core.faults.add(suspend, route="/directory/{domain}/{uid}/mgmt/_maintenance/repair")

    receipt = site.restore()

    assert receipt.verdict.value == "proven"
    unsuspend, *commands = receipt.left_to_do
    assert UNSUSPEND in unsuspend
    expunging = next(n for n, each in enumerate(commands) if EXPUNGING in each)
    assert "EXPUNGES" in commands[expunging - 1]
    for operation in ("mailboxAcls", "mailboxQuota", "replication.subtree"):
        assert f"bm-cli maintenance repair --ops {operation} {site.address}" in commands
    assert repairs(site) == []
    assert site.core.search_index[site.uid][site.target.mailbox(f"{INTO}/Sent")] == 5


def test_suspended_since_the_restore_it_is_taken_back_all_the_same_and_told_once_it_is_not(
    site_of: Callable[..., Site],
) -> None:
    site = site_of(CoreFamily.BM4)
    receipt = site.restore()
    site.suspend()

    report = undone(site.settings, receipt.run)

    assert report.state.value == "partly undone"
    assert site.target.mailbox(f"{INTO}/Sent") not in site.core.search_index[site.uid]
    (other,) = report.others
    assert other.endswith(f"{site.address} is suspended; once it is not, undo this again")
    assert [each.kept for each in report.mailboxes if each.kept] == []

    site.suspend(is_suspended=False)
    assert undone(site.settings, receipt.run).state.value == "undone"
    assert repairs(site)[-1] == "mailboxQuota"


def test_suspended_since_the_plan_was_made_the_plan_is_refused_as_one_of_before(
    site_of: Callable[..., Site], tmp_path: Path
) -> None:
    site = site_of(CoreFamily.BM4)
    plan = tmp_path / "plan"
    save_plan(site.settings, wish(JDOE, "Sent", to=site.target.written, into=INTO), plan)
    site.suspend()

    with pytest.raises(SurveyChanged, match="BlueMind is no longer as it was") as refused:
        restore_plan(site.settings, plan, agreeing())

    why = refused.value.why or ""
    assert "the entry is suspended: BlueMind 4.8.51120 refuses to repair it" in why
    assert "left out now: mailboxAcls" in why
    assert refused.value.hint == "make the plan again"
    assert site.asked() == []
