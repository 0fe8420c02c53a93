"""The target of any IMAP server against the suite: Cyrus, Dovecot, a stand-in for BlueMind 5."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from respool.app.state import prepare_state
from respool.app.wiring import STEP_KINDS
from respool.app.written_plan import write_plan
from respool.runs.journal import Journal
from respool.system.imap_places import ImapAddress
from tests.conformance.connections import CutConnectionSuite, SpokenWorld
from tests.conformance.targets import TargetSuite
from tests.support import golden
from tests.support.cut_counts import is_long
from tests.support.directions import INTO, true_folders
from tests.support.distribution import DOVECOT
from tests.support.imap_account import ImapHost, plain
from tests.support.imap_restoring import imap_server, plan_into
from tests.support.imap_world import ImapWorld
from tests.support.missing import give_up
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.private_dovecot import PrivateDovecot
from tests.support.restoring import settings_elsewhere, wish
from tests.support.servers.stand_ins import BlueMind5StandIn
from tests.support.truth import read_truth

VERSION = "3.4.9"
JDOE = "user/jdoe@bluemind.loc"
FOLDER = "INBOX"
_NUMBERS = count(1)


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacked once; restores leave it as it is."""
    return golden.unpack_spool(VERSION, tmp_path_factory.mktemp("backup"))


class ImapTargetSuite(TargetSuite, CutConnectionSuite):
    """A subclass brings ``host``."""

    @pytest.fixture
    def new_world(
        self, host: ImapHost, backup: Path, tmp_path: Path
    ) -> Iterator[Callable[[], SpokenWorld]]:
        settings = settings_elsewhere(host.password, backup, tmp_path / "state")
        state = prepare_state(settings)
        journal = Journal(state)
        wanted = plain({"INBOX": true_folders(read_truth(VERSION), JDOE)["INBOX"]})["INBOX"]

        def new() -> ImapWorld:
            login = f"world{next(_NUMBERS)}@bluemind.loc"
            host.create_user(login)
            server = imap_server(ImapAddress(host=host.host, port=host.port), login, host.password)
            file = state / "new.jsonl"
            plan = plan_into(settings, wish(JDOE, FOLDER, into=INTO), server)
            tail = write_plan(plan, file)
            server.close()
            run = journal.begin(file, tail, STEP_KINDS, now=datetime.now(UTC))
            top = plan.head.mailboxes[0].target_name
            return ImapWorld(
                host=host,
                login=login,
                run=run,
                top=top,
                renamed=top.replace(INTO, "mine"),
                wanted={top: wanted},
            )

        yield new
        journal.close()


@pytest.fixture(scope="module")
def cyrus(as_root: None) -> Iterator[PrivateCyrus]:
    with server_root() as root, PrivateCyrus(root, "names") as one:
        yield one


@pytest.fixture(scope="module")
def dovecot(as_root: None) -> Iterator[PrivateDovecot]:
    if not DOVECOT.is_there:
        give_up(f"needs the Dovecot in {DOVECOT.programs}")
    with server_root() as root, PrivateDovecot(root) as one:
        yield one


@pytest.mark.needs_cyrus
class TestImapTargetOnCyrus(ImapTargetSuite):
    cuts = None if is_long() else 2
    connection_cuts = None if is_long() else 4

    @pytest.fixture
    def host(self, cyrus: PrivateCyrus) -> ImapHost:
        return cyrus


class TestImapTargetOnDovecot(ImapTargetSuite):
    cuts = None if is_long() else 2
    connection_cuts = None if is_long() else 4

    @pytest.fixture
    def host(self, dovecot: PrivateDovecot) -> ImapHost:
        return dovecot


class TestImapTargetOnBlueMind5(ImapTargetSuite):
    """On the stand-in, that is: see ``tests/support/bluemind5_server.py``."""

    cuts = None if is_long() else 6
    connection_cuts = None if is_long() else 12

    @pytest.fixture
    def host(self) -> Iterator[BlueMind5StandIn]:
        with BlueMind5StandIn() as one:
            yield one
