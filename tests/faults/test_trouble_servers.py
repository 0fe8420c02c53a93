"""Servers that go away in the midst of a restore."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from respool.app.settings import Settings
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import processes_with, settings_for
from tests.support.troubled import COPIED, MADE, SOURCE, Troubled

pytestmark = pytest.mark.needs_cyrus
ENDINGS = ("resumed", "undone")


@pytest.fixture(scope="module")
def server(as_root: None) -> Iterator[PrivateCyrus]:
    with server_root() as root, PrivateCyrus(root, "names") as one:
        yield one


@pytest.fixture(scope="module")
def backup(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SOURCE.unpack(tmp_path_factory.mktemp("backup"))


@pytest.fixture
def settings(server: PrivateCyrus, backup: Path, tmp_path: Path) -> Settings:
    """With a password: all goes through the server's own processes."""
    return settings_for(server, backup, tmp_path / "state", password="secret")


def kill_every_imapd(server: PrivateCyrus) -> None:
    for pid in processes_with(f"imapd\0-C\0{server.imapd_conf}"):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("after", [MADE, COPIED])
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_master_is_stopped_and_comes_back(
    ending: str, after: str, server: PrivateCyrus, settings: Settings
) -> None:
    troubled = Troubled.on(server, settings)
    try:
        assert troubled.restore(after, server.stop) == "step-failed"
    finally:
        server.start()
    troubled.ends(ending)


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_process_that_serves_a_session_is_killed(
    ending: str, server: PrivateCyrus, settings: Settings
) -> None:
    """
    The step under way fails, or a new session does it.

    A master gives a service up of which five processes die that nobody uses just then
    (MAX_READY_FAILS in master/master.c; seen on 3.6.1): it is started anew.
    """
    troubled = Troubled.on(server, settings)
    try:
        told = troubled.restore(MADE, lambda: kill_every_imapd(server))
        assert told == "step-failed"
    finally:
        server.restart()
    troubled.ends(ending)
