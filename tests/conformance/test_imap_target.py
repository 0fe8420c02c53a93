"""The target of any IMAP server against the suite: a real Cyrus, cut between calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from respool.app.plan import write_plan
from respool.app.state import prepare_state
from respool.runs.journal import Journal
from respool.system.imap_places import ImapAddress
from tests.conformance.targets import TargetSuite, World
from tests.support import golden
from tests.support.cut_counts import is_long
from tests.support.directions import INTO, fresh_target, true_folders
from tests.support.imap_restoring import IMAP_KINDS, imap_server, plan_into
from tests.support.imap_world import ImapWorld
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import settings_for, wish
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


class TestImapTarget(TargetSuite):
    cuts = 24 if is_long() else 3

    @pytest.fixture
    def new_world(
        self,
        server: PrivateCyrus,
        backup: Path,
        tmp_path: Path,
    ) -> Iterator[Callable[[], World]]:
        settings = settings_for(server, backup, tmp_path / "state")
        wanted = true_folders(read_truth(VERSION), JDOE)
        state = prepare_state(settings)
        journal = Journal(state)
        address = ImapAddress(host=server.host, port=server.port)

        def new() -> ImapWorld:
            target = fresh_target(server, "user")
            reached = imap_server(address, target.login, server.password)
            file = state / "new.jsonl"
            plan = plan_into(settings, wish(JDOE, "INBOX", into=INTO), reached)
            run = journal.begin(file, write_plan(plan, file), IMAP_KINDS, now=datetime.now(UTC))
            return ImapWorld(
                server=server,
                reached=reached,
                target=target,
                run=run,
                wanted={"INBOX": wanted["INBOX"]},
            )

        yield new
        journal.close()
