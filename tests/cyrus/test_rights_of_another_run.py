"""Another run has BlueMind write rights while one has stopped: that one goes on all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from respool.app.restore import restore
from respool.errors import Interrupted
from respool.planning.plan import PlanHead
from respool.runs.runner import Stop
from respool.runs.stepping import Progress
from respool.targets.spool.steps import GiveRights
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.bluemind_site import JDOE, Site
from tests.support.directions import DOMAIN, INTO
from tests.support.restoring import agreeing, wish
from tests.support.undoing import resumed, undone

pytestmark = pytest.mark.needs_cyrus


def stop_when(given: int, site: Site) -> None:
    """A restore that is stopped once ``given`` folders have their rights, of two."""
    stop = Stop()
    left = given

    def heard(progress: Progress) -> None:
        nonlocal left
        left -= progress.kind == GiveRights.kind
        if not left:
            stop.wish.set()

    def begun(_run: int, _head: PlanHead) -> None:
        if not left:
            stop.wish.set()

    stopping = replace(agreeing(), on_begin=begun, on_progress=heard, stop=stop)
    with pytest.raises(Interrupted):
        restore(site.settings, wish(JDOE, "Sent", to=site.target.written, into="first"), stopping)


@pytest.mark.parametrize(
    "case",
    [(CoreFamily.BM4, 2, (1, 2)), (CoreFamily.BM3, 0, (2, 1))],
    ids=["in sight", "nothing done"],
)
def test_a_run_goes_on_after_another_one_had_rights_written_and_both_are_taken_back(
    case: tuple[CoreFamily, int, tuple[int, int]],
    site_of: Callable[..., Site],
) -> None:
    family, given, order = case
    site = site_of(family)
    with site.server.admin_client() as admin:
        admin.setacl(
            site.target.root, f"berta@{DOMAIN}", "p"
        )  # which BlueMind's list does not have
    before = site.rights("")
    stop_when(given, site)

    site.restore()
    assert site.rights("") != before
    receipt = resumed(site.settings, 1)
    site.core.settle()

    written = site.rights("")
    assert (receipt.verdict.value, receipt.proven) == ("proven", 5)
    assert [each for each in receipt.left_to_do if "Manage folders" not in each] == []
    assert site.rights("first/Sent") == site.rights(f"{INTO}/Sent") == written
    assert [undone(site.settings, each).state.value for each in order] == ["undone", "undone"]
    assert site.rights("") == written
    with site.server.client_as(site.target.readers[0]) as client:
        assert not client.folder_exists("first")
        assert not client.folder_exists(INTO)
