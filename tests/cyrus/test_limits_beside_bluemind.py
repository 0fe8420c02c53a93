"""A limit that was raised in BlueMind's directory goes back, whatever went wrong between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from respool.app.verify import verify
from respool.errors import StepFailed
from respool.finishing import patience
from respool.finishing.patience import Patience
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.faults import Fault
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.bluemind_site import JDOE, Site, new_site
from tests.support.directions import INTO
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import restored, wish
from tests.support.undoing import undone
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
SMALL = 15  # KiB: the two folders have more
NEW = b"Subject: mine\r\n\r\nmine\r\n"


@pytest.fixture
def site(
    bluemind_cyrus: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    bluemind_core: Callable[..., BlueMindCore],
    tmp_path: Path,
) -> Site:
    places = (unpacked(SPOOLS["2.5.17"]), tmp_path / "state")
    return new_site(bluemind_cyrus, bluemind_core, CoreFamily.BM49, places, quota_kib=SMALL)


def limits(site: Site) -> tuple[int | None, int]:
    """In the directory, and in Cyrus."""
    return site.entry.quota_kib, site.limit_kib()


def test_what_two_runs_raised_goes_back_though_the_older_is_taken_back_first(site: Site) -> None:
    first = site.restore(is_raising_quota=True)
    second = site.restore(is_raising_quota=True, into="second")

    undone(site.settings, first.run)
    undone(site.settings, second.run)

    assert limits(site) == (SMALL, SMALL)


def test_a_limit_stays_where_an_undo_leaves_more_than_fits_below_it(site: Site) -> None:
    """A mailbox that is over its limit takes no mail any more."""
    receipt = site.restore(is_raising_quota=True)
    high = limits(site)
    folders = ("Sent", "Projects/2017", "Projects/2017/Q3")
    with site.server.client_as(site.target.login) as client:
        for each in folders:
            client.append(f"{INTO}/{each}", NEW)

    report = undone(site.settings, receipt.run)

    assert limits(site) == high
    assert any("does not fit below 15 KiB" in each for each in report.others)
    with site.server.client_as(site.target.login) as client:
        for each in folders:
            client.select_folder(f"{INTO}/{each}")
            client.delete_messages(client.search("ALL"))
            client.expunge()
    undone(site.settings, receipt.run, is_forced=True)
    assert limits(site) == (SMALL, SMALL)


def test_a_raise_that_failed_though_it_had_its_effect_is_put_back_by_the_next_command(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The core did it, and went away before it had said so."""
    monkeypatch.setattr(patience, "USUAL", Patience(away=0.5, first=0.02, longest=0.1))
    site.core.faults.add(
        Fault.cutting(is_after=True), method="POST", route="/users/{domain}/{uid}", times=None
    )
    with pytest.raises(StepFailed):
        site.restore(is_raising_quota=True)
    site.core.faults.clear()
    assert site.entry.quota_kib != SMALL

    other = restored(site.settings, wish(JDOE, "Vide", to=site.target.written, into="other"))
    verify(site.settings, other.run)

    assert limits(site) == (SMALL, SMALL)
