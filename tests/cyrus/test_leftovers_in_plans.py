"""A restore goes its way beside what a failed manual attempt left, and names it in its plan."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from respool.app.restore import restore
from respool.errors import PlanRefused
from respool.planning.plan import PlanHead
from tests.support.cyrus_configuration import Layout
from tests.support.live_server import serve_golden_live
from tests.support.manual_restore import (
    INTO,
    restore_with_metadata,
    restore_without_metadata,
)
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import agreeing, live_state, restored, settings_for, wish

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"


CASES = [
    pytest.param("names", restore_with_metadata, id="names, with metadata"),
    pytest.param("names", restore_without_metadata, id="names, without metadata"),
    pytest.param("uuid", restore_with_metadata, id="uuid, with metadata"),
    pytest.param("uuid", restore_without_metadata, id="uuid, without metadata"),
]


@pytest.mark.parametrize(("layout", "attempt"), CASES)
def test_leftovers_are_named_and_their_names_are_not_used(
    layout: Layout,
    attempt: Callable[[PrivateCyrus, Path], int],
    golden_backup: Path,
    tmp_path: Path,
) -> None:
    """
    The same folder can still be restored, into another name; the leftovers stay as they are.
    Where the server's own programs fail beside them, the plan is refused with the cure.
    """
    with server_root() as root, serve_golden_live(root, layout) as live:
        attempt(live, next(golden_backup.rglob("imap/1234")))
        settings = settings_for(live, golden_backup, tmp_path)
        before = live_state(live, [JDOE], without=INTO)
        with pytest.raises(PlanRefused) as refused:
            restored(settings, wish(JDOE, generation="89", into=INTO))
        assert any("is there already" in reason for reason in refused.value.reasons)
        cures = [each for each in refused.value.reasons if "quotas cannot be counted" in each]
        assert bool(cures) == (layout == "uuid" and attempt is restore_without_metadata)
        for each in cures:
            cure = each.partition("this cures it: ")[2].rpartition("; until then")[0]
            subprocess.run(["sh", "-c", cure], check=True, cwd="/", capture_output=True)
        heads: list[PlanHead] = []
        receipt = restore(settings, wish(JDOE, generation="89", into="properly"), agreeing(heads))
        assert receipt.verdict.value == "proven"
        codes = {finding.code for finding in heads[0].findings}
        assert cures or codes & {"leftover-directory", "leftover-record-without-id"}
        after = live_state(live, [JDOE], without=INTO)
        kept = {key: value for key, value in after.messages.items() if "properly" not in key[1]}
        assert kept == before.messages
