"""What tests of restoring into real servers start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import golden
from tests.support.cyrus_configuration import Layout
from tests.support.private_cyrus import PrivateCyrus, server_root


@pytest.fixture(params=["names", "uuid"])
def empty_server(request: pytest.FixtureRequest) -> Iterator[PrivateCyrus]:
    """A server without any account, for one test, in either layout."""
    layout: Layout = request.param
    with server_root() as root, PrivateCyrus(root, layout) as server:
        yield server


@pytest.fixture(scope="session")
def golden_backup(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden DataProtect tree for all tests that do not look at its access times."""
    return golden.unpack_dataprotect(tmp_path_factory.mktemp("backup"))
