"""Trouble with BlueMind's core: restored mail stays proven; the run goes on once it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from respool.app.runs import list_runs
from respool.app.verify import verify
from respool.errors import StepFailed
from respool.finishing import patience
from respool.finishing.patience import Patience
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.faults import Fault
from tests.support.bluemind_core.repairs import WARN
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.bluemind_site import Site, new_site
from tests.support.directions import DOMAIN, INTO
from tests.support.private_cyrus import PrivateCyrus
from tests.support.undoing import resumed, undone
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
SOURCE = SPOOLS["2.5.17"]
REPAIR = "/directory/{domain}/{uid}/mgmt/_maintenance/repair"
ROLES = ("manageMailbox", "manageUser")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes are seconds here."""
    short = Patience(away=3.0, silent=4.0, later=5.0, first=0.02, longest=0.1)
    monkeypatch.setattr(patience, "USUAL", short)


@pytest.fixture
def site_of(
    bluemind_cyrus: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    bluemind_core: Callable[..., BlueMindCore],
    tmp_path: Path,
) -> Iterator[Callable[..., Site]]:
    """A site; in the end no file that was written has a key in it."""
    sites: list[Site] = []

    def make(family: CoreFamily = CoreFamily.BM4, quota_kib: int | None = None) -> Site:
        places = (unpacked(SOURCE), tmp_path / "state")
        words: dict[str, Any] = {"roles": ROLES, "quota_kib": quota_kib}
        sites.append(new_site(bluemind_cyrus, bluemind_core, family, places, **words))
        return sites[-1]

    yield make
    keys = [key.encode() for site in sites for key in site.core.keys.all()]
    written = [each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()]
    assert written
    assert keys
    assert [key for key in keys for octets in written if key in octets] == []


def stopped(site: Site) -> str:
    """What is left of a restore that stopped: all of its mail is there, and proven, and stays so.

    That is kept, and shown in `runs` and by a later look.
    """
    receipt = site.restore()
    assert (receipt.verdict.value, receipt.proven) == ("proven", 15)
    (left,) = [each for each in receipt.left_to_do if "respool resume 1: " in each]
    (listed,) = list_runs(site.settings)
    assert (str(listed.row.state), listed.verdict, listed.messages) == ("stopped", "proven", 15)
    with site.server.client_as(site.target.readers[0]) as client:
        assert client.select_folder(f"{INTO}/Sent", readonly=True)[b"EXISTS"] == 5
    return left


def ends_well(site: Site) -> None:
    receipt = resumed(site.settings)
    assert (receipt.verdict.value, receipt.left_to_do) == ("proven", ())
    site.core.settle()
    assert site.core.search_index[site.uid][site.target.mailbox(f"{INTO}/Sent")] == 5


@pytest.mark.parametrize("family", [CoreFamily.BM4, CoreFamily.BM49], ids=str)
def test_a_repair_that_fails_is_left_with_its_command_and_the_rest_goes_on(
    family: CoreFamily, site_of: Callable[..., Site]
) -> None:
    site = site_of(family)
    site.core.repairs.fail("mailboxSubscription", "no such box")

    receipt = site.restore()

    said, left = receipt.left_to_do
    assert left.startswith("bm-cli maintenance repair --ops mailboxSubscription ")
    assert "no such box" in said
    assert receipt.verdict.value == "proven"
    assert site.uid in site.core.search_index


def test_a_repair_that_only_warns_is_no_failure(site_of: Callable[..., Site]) -> None:
    site = site_of()
    site.core.repairs.fail("mailboxSubscription", "odd", WARN)

    assert site.restore().left_to_do == ()


def test_a_task_that_the_core_forgot_is_done_again(site_of: Callable[..., Site]) -> None:
    site = site_of()
    site.core.tasks.looks_before_end, site.core.tasks.forget_after_looks = 3, 1

    assert "does not know the end" in stopped(site)
    site.core.tasks.forget_after_looks = None
    ends_well(site)


def test_a_task_without_end_stops_the_run_and_is_followed_when_it_goes_on(
    site_of: Callable[..., Site],
) -> None:
    site = site_of()
    site.core.tasks.never_end = True

    assert "comes to no end" in stopped(site)
    site.core.tasks.never_end = False
    ends_well(site)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.answering(500),
        Fault.answering(503),
        Fault.cutting(),
        Fault.restarting(0.5),
        Fault.restarting(0.5, is_after=True),
    ],
    ids=["500", "503", "cut", "restart before", "restart after"],
)
def test_what_passes_is_waited_for(fault: Fault, site_of: Callable[..., Site]) -> None:
    site = site_of()
    site.core.faults.add(fault, route=REPAIR, nth=2)

    receipt = site.restore()

    assert (receipt.verdict.value, receipt.left_to_do) == ("proven", ())


@pytest.mark.parametrize("status", [500, 503], ids=str)
def test_a_core_that_stays_unwell_or_away_stops_the_run(
    status: int, site_of: Callable[..., Site]
) -> None:
    site = site_of()
    site.core.faults.add(Fault.answering(status), route=REPAIR, nth=2, times=None)

    assert "BlueMind was not told of all of it: " in stopped(site)
    again, _ = verify(site.settings, 1)
    assert (again.verdict.value, again.differs_count) == ("proven", 0)
    assert any("respool resume 1: " in each for each in again.left_to_do)
    site.core.faults.clear()
    ends_well(site)


def test_a_key_that_is_refused_on_the_way_stops_the_run_until_there_is_another(
    site_of: Callable[..., Site],
) -> None:
    site = site_of()
    key = site.core.keys.core_token
    site.core.faults.add(Fault.calling(lambda _: site.core.keys.withdraw(key)), route=REPAIR)

    left = stopped(site)

    assert key not in left
    assert "RESPOOL_BLUEMIND_KEY_FILE" in left
    mended = site.with_key(site.core.keys.user_key(DOMAIN, site.uid))
    assert resumed(mended).left_to_do == ()


def test_a_role_that_is_missing_is_named_when_the_plan_is_made(
    site_of: Callable[..., Site],
) -> None:
    site = site_of()
    site.entry.roles = ("manageUser",)
    with_other = site.with_key(site.core.keys.user_key(DOMAIN, site.uid))

    receipt = Site(
        server=site.server, core=site.core, target=site.target, settings=with_other
    ).restore()

    (told,) = [each.text for each in receipt.findings if each.code == "bluemind-not-asked"]
    assert "manageMailbox" in told
    assert receipt.verdict.value == "proven"
    assert site.asked() == []


def test_an_undo_goes_on_once_the_core_is_back(site_of: Callable[..., Site]) -> None:
    site = site_of()
    receipt = site.restore()
    site.core.faults.add(Fault.answering(503), route=REPAIR, times=None)

    with pytest.raises(StepFailed):
        undone(site.settings, receipt.run)
    site.core.faults.clear()
    assert undone(site.settings, receipt.run).state.value == "undone"
    assert list(site.core.search_index[site.uid].values()) == [0]


def test_an_undo_that_is_forced_ends_without_a_core_that_is_gone(
    site_of: Callable[..., Site],
) -> None:
    site = site_of(quota_kib=15)
    receipt = site.restore(is_raising_quota=True)
    site.core.faults.add(Fault.answering(503), times=None)

    report = undone(site.settings, receipt.run, is_forced=True)

    assert report.state.value == "partly undone"
    assert any("was not told" in each for each in report.others)
    assert any("was not put back to 15 KiB" in each for each in report.others)
    assert {each.kept for each in report.mailboxes} == {None}
