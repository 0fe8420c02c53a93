"""The target of live servers against the suite: a real Cyrus, cut between calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from respool.app.access import server_access
from respool.app.plan import plan_into_spool
from respool.app.state import prepare_state
from respool.app.wiring import STEP_KINDS
from respool.app.written_plan import write_plan
from respool.runs.journal import Journal
from respool.system.cyrus_server import reach_server
from tests.conformance.targets import TargetSuite, World
from tests.support import golden
from tests.support.cut_counts import is_long
from tests.support.directions import INTO, fresh_target, true_folders
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import settings_for, wish
from tests.support.spool_world import SpoolWorld
from tests.support.truth import read_truth

pytestmark = pytest.mark.needs_cyrus
VERSION = "3.4.9"
JDOE = "user/jdoe@bluemind.loc"


@pytest.fixture(scope="module")
def server(as_root: None) -> Iterator[PrivateCyrus]:
    """One server for all worlds."""
    with server_root() as root, PrivateCyrus(root, "names") as one:
        yield one


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacked once; restores leave it as it is."""
    return golden.unpack_spool(VERSION, tmp_path_factory.mktemp("backup"))


class TestSpoolTarget(TargetSuite):
    cuts = 24 if is_long() else 4

    @pytest.fixture
    def new_world(
        self, server: PrivateCyrus, backup: Path, tmp_path: Path
    ) -> Iterator[Callable[[], World]]:
        settings = settings_for(server, backup, tmp_path / "state")
        wanted = true_folders(read_truth(VERSION), JDOE)
        state = prepare_state(settings)
        journal = Journal(state)
        with reach_server(server_access(settings)) as reached:

            def new() -> SpoolWorld:
                target = fresh_target(server, "user")
                asked = wish(JDOE, "INBOX", to=target.written, into=INTO)
                file = state / "new.jsonl"
                tail = write_plan(plan_into_spool(settings, asked, reached), file)
                run = journal.begin(file, tail, STEP_KINDS, now=datetime.now(UTC))
                return SpoolWorld(
                    server=server,
                    reached=reached,
                    target=target,
                    run=run,
                    wanted={"INBOX": wanted["INBOX"]},
                )

            yield new
        journal.close()
