"""What tests of restoring into real servers start from."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import golden
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.bluemind_site import Site, new_site
from tests.support.cyrus_configuration import Layout
from tests.support.distribution import INSTALLED
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.program_places import look_only_in
from tests.support.whole_account import SPOOLS, Source


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


@pytest.fixture(params=["names", "uuid"])
def shared_server(request: pytest.FixtureRequest) -> PrivateCyrus:
    """A server that many tests use, in either layout; each takes accounts of fresh names."""
    server: PrivateCyrus = request.getfixturevalue(f"restoring_{request.param}")
    return server


@pytest.fixture(scope="session")
def restoring_names(as_root: None) -> Iterator[PrivateCyrus]:
    """A server with directories after mailbox names, for tests that leave it sound."""
    with server_root() as root, PrivateCyrus(root, "names") as server:
        yield server


@pytest.fixture(scope="session")
def restoring_uuid(as_root: None) -> Iterator[PrivateCyrus]:
    """A server with directories after uniqueids, for tests that leave it sound."""
    with server_root() as root, PrivateCyrus(root, "uuid") as server:
        yield server


@pytest.fixture(scope="session")
def bluemind_cyrus(as_root: None) -> Iterator[PrivateCyrus]:
    """A server that is BlueMind's alone: its users see no mailshare that others left open."""
    with server_root() as root, PrivateCyrus(root, "names") as server:
        yield server


@pytest.fixture(scope="session")
def unpacked(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Source], Path]:
    """Unpacks a golden backup at its first use; every restore leaves it as it is."""
    places: dict[Source, Path] = {}

    def place_of(source: Source) -> Path:
        if source not in places:
            places[source] = source.unpack(tmp_path_factory.mktemp("golden"))
        return places[source]

    return place_of


@pytest.fixture
def put_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str], None]]:
    """Puts a program of that name and text before the server's own."""

    def put(name: str, text: str) -> None:
        tmp_path.chmod(0o755)
        folder = Path(f"/tmp/{tmp_path.name}-{os.getpid()}-bin")
        folder.mkdir()
        folders.append(folder)
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o755)
        for tool in INSTALLED.programs.iterdir():
            if tool.name != name:
                (folder / tool.name).symlink_to(tool)
        look_only_in(folder, monkeypatch)

    folders: list[Path] = []
    yield put
    for folder in folders:
        shutil.rmtree(folder)


@pytest.fixture
def site_of(
    bluemind_cyrus: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    bluemind_core: Callable[..., BlueMindCore],
    tmp_path: Path,
) -> Callable[..., Site]:
    """A fresh account on a BlueMind of that version, and a backup; see `new_site`."""

    def make(version: CoreFamily, **more: Any) -> Site:  # noqa: ANN401 - passed on
        places = (unpacked(SPOOLS["2.5.17"]), tmp_path / "state")
        return new_site(bluemind_cyrus, bluemind_core, version, places, **more)

    return make
