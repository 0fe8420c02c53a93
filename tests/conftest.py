"""Fixtures that any test may ask for: private servers, the backup tree, larger spools."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support import golden, trees
from tests.support.beside import spools_beside_project
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.missing import give_up
from tests.support.private_cyrus import PrivateCyrus, is_cyrus_installed, server_root
from tests.support.syslog_capture import capture_for_workers

_NUMBERS = count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Where several processes run the tests, this one captures the syslog for all of them.

    Commands that are told no state directory keep theirs in one of our own.
    """
    if "RESPOOL_STATE" not in os.environ:
        state = tempfile.mkdtemp(prefix="respool-state-")
        atexit.register(shutil.rmtree, state, ignore_errors=True)
        os.environ["RESPOOL_STATE"] = state
    is_worker = hasattr(config, "workerinput")
    if config.getoption("numprocesses", default=None) and not is_worker:
        folder = Path(tempfile.mkdtemp(prefix="respool-syslog-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        capture_for_workers(folder / "lines")


def pytest_collection() -> None:
    """Look for no circles among tests while they are found: there are many, and all stay."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Nor among those that were found: each look at all of them took a fifth of a second."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that needs a server where there is none; in CI, fail it."""
    if item.get_closest_marker("needs_cyrus") is None:
        return
    reason = _why_no_cyrus()
    if reason is not None:
        give_up(reason)


@pytest.fixture(scope="session")
def as_root() -> None:
    """Skips, visibly, a test that needs root to set owners or to start servers."""
    if os.geteuid() != 0:
        give_up("needs root")


@pytest.fixture(scope="session")
def cyrus_names() -> Iterator[PrivateCyrus]:
    """A server with directories after mailbox names, for all tests; take a fresh account."""
    yield from _serve_for_session("names")


@pytest.fixture(scope="session")
def cyrus_uuid() -> Iterator[PrivateCyrus]:
    """A server with directories after uniqueids, for all tests; take a fresh account."""
    yield from _serve_for_session("uuid")


@pytest.fixture
def fresh_account() -> Callable[[PrivateCyrus], str]:
    """A function that makes a new, empty account on a server and returns its login."""

    def make(server: PrivateCyrus) -> str:
        login = f"user{next(_NUMBERS)}@bluemind.loc"
        server.create_user(login)
        return login

    return make


@pytest.fixture
def backup_tree(as_root: None, tmp_path: Path) -> Path:
    """The golden DataProtect tree, unpacked anew for one test: its backup root."""
    return golden.unpack_dataprotect(tmp_path / "backup")


@pytest.fixture
def bluemind_core() -> Iterator[Callable[..., BlueMindCore]]:
    """Starts stand-in cores of BlueMind: called as the class is; they end with the test."""
    with ExitStack() as cores:

        def start(*args: Any, **kwargs: Any) -> BlueMindCore:  # noqa: ANN401 - as the class
            return cores.enter_context(BlueMindCore(*args, **kwargs))

        yield start


@pytest.fixture
def unchanged() -> Callable[[Path], AbstractContextManager[None]]:
    """A context manager that fails if anything at or below a path changes within it."""
    return trees.unchanged


@pytest.fixture
def larger_spools() -> Path:
    """The folder of the larger spools beside the project; skips, visibly, without it."""
    return spools_beside_project()


def _serve_for_session(layout: str) -> Iterator[PrivateCyrus]:
    reason = _why_no_cyrus()
    if reason is not None:
        give_up(reason)
    with server_root() as root, PrivateCyrus(root, "uuid" if layout == "uuid" else "names") as one:
        yield one


def _why_no_cyrus() -> str | None:
    if not is_cyrus_installed():
        return "needs a Cyrus IMAP server (packages cyrus-imapd and cyrus-admin)"
    if os.geteuid() != 0:
        return "needs root, to start a Cyrus IMAP server"
    return None
