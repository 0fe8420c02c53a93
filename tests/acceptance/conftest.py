"""What the tests of the installed command start from: a backup, and the server after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import golden
from tests.support.live_server import serve_golden_live
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import Workplace


@pytest.fixture(scope="session")
def golden_backup(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden DataProtect tree for all tests: nothing may change it, and one test proves it."""
    return golden.unpack_dataprotect(tmp_path_factory.mktemp("backup"))


@pytest.fixture
def live(golden_backup: Path, tmp_path: Path) -> Iterator[Workplace]:
    """A live server for one test, with the state after the accident."""
    with server_root() as root, serve_golden_live(root) as server:
        yield Workplace(server=server, backups=golden_backup, state=tmp_path / "state")


@pytest.fixture(scope="session")
def untouched_server(as_root: None) -> Iterator[PrivateCyrus]:
    """A live server for all tests of what is refused or only looks: none may change it."""
    with server_root() as root, serve_golden_live(root) as server:
        yield server


@pytest.fixture
def untouched(untouched_server: PrivateCyrus, golden_backup: Path, tmp_path: Path) -> Workplace:
    """The command on the server that no test may change, with a state of its own."""
    return Workplace(server=untouched_server, backups=golden_backup, state=tmp_path / "state")
