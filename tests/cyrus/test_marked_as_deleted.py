"""BlueMind's forced replication expunges what is marked as deleted: then it is not asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.bluemind_site import new_site
from tests.support.directions import fresh_target
from tests.support.private_cyrus import PrivateCyrus
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
FORCED = "replication.parentUid"
MAIL = b"Subject: on its way out\r\n\r\nstill here\r\n"


def test_live_mail_that_is_marked_as_deleted_outlives_a_restore(
    bluemind_cyrus: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    bluemind_core: Callable[..., BlueMindCore],
    tmp_path: Path,
) -> None:
    places = (unpacked(SPOOLS["2.5.17"]), tmp_path / "state")
    site = new_site(bluemind_cyrus, bluemind_core, CoreFamily.BM4, places)
    with site.server.client_as(site.target.login) as client:
        client.append("INBOX", MAIL, (r"\Deleted",))

    receipt = site.restore()

    with site.server.client_as(site.target.login) as client:
        assert client.folder_status("INBOX", ["MESSAGES"]) == {b"MESSAGES": 1}
    assert receipt.verdict.value == "proven"
    done = {operation for _, operation, _ in site.core.repairs.runs}
    assert "replication.subtree" in done
    assert FORCED not in done
    (left,) = receipt.left_to_do
    assert f"--ops {FORCED} " in left
    assert "would expunge 1 message " in left


def test_mail_of_another_who_shares_his_folder_with_the_owner_outlives_it_as_well(
    bluemind_cyrus: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    bluemind_core: Callable[..., BlueMindCore],
    tmp_path: Path,
) -> None:
    """BlueMind goes through all that he sees, but for two French names of what is not his."""
    places = (unpacked(SPOOLS["2.5.17"]), tmp_path / "state")
    site = new_site(bluemind_cyrus, bluemind_core, CoreFamily.BM4, places)
    other = fresh_target(bluemind_cyrus, "user")
    with site.server.admin_client() as admin:
        admin.setacl(other.root, site.target.login, "lrswipkxte")
    with site.server.client_as(other.login) as client:
        client.append("INBOX", MAIL, (r"\Deleted",))

    receipt = site.restore()

    with site.server.client_as(other.login) as client:
        assert client.folder_status("INBOX", ["MESSAGES"]) == {b"MESSAGES": 1}
    (left,) = receipt.left_to_do
    assert f"1 folder of others, which {site.target.login} sees: Other Users/" in left
