"""Disks that give errors, or less than was asked for, and programs that are killed."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.distribution import INSTALLED
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.program_places import look_only_in
from tests.support.restoring import settings_for
from tests.support.troubled import SOURCE, Troubled

pytestmark = pytest.mark.needs_cyrus
ENDINGS = ("resumed", "undone")
FEW_OCTETS = 7


@pytest.fixture(scope="module")
def server(as_root: None) -> Iterator[PrivateCyrus]:
    with server_root() as root, PrivateCyrus(root, "names") as one:
        yield one


@pytest.fixture(scope="module")
def backup(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SOURCE.unpack(tmp_path_factory.mktemp("backup"))


@pytest.fixture
def troubled(server: PrivateCyrus, backup: Path, tmp_path: Path) -> Troubled:
    return Troubled.on(server, settings_for(server, backup, tmp_path / "state"))


@pytest.fixture
def read_and_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """No octet is copied by the kernel: all go through our hands."""

    def refused(*_words: object, **_more: object) -> int:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "copy_file_range", refused)


def path_of(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def input_output_error() -> OSError:
    return OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.usefixtures("read_and_written")
def test_reads_and_writes_that_come_up_short_are_gone_on_with(
    troubled: Troubled, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write, spool = os.read, os.write, troubled.server.root / "spool"

    def few_read(descriptor: int, size: int) -> bytes:
        return read(descriptor, min(size, FEW_OCTETS))

    def few_written(descriptor: int, octets: Any) -> int:  # noqa: ANN401 - any buffer
        is_few = path_of(descriptor).is_relative_to(spool)
        return write(descriptor, memoryview(octets)[:FEW_OCTETS] if is_few else octets)

    with monkeypatch.context() as broken:
        broken.setattr(os, "read", few_read)
        broken.setattr(os, "write", few_written)
        assert troubled.restore() == "proven"
    troubled.ends("undone")


@pytest.mark.usefixtures("read_and_written")
def test_a_message_on_a_bad_sector_of_the_backup_is_lost_by_name_and_no_other(
    troubled: Troubled, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, bad = os.read, set[Path]()

    def sometimes(descriptor: int, size: int) -> bytes:
        path = path_of(descriptor)
        if path.is_relative_to(backup) and path.name == "3.":
            bad.add(path)
            raise input_output_error()
        return read(descriptor, size)

    with monkeypatch.context() as broken:
        broken.setattr(os, "read", sometimes)
        assert troubled.restore() == "proven, backup incomplete"
    assert len(bad) == 1
    troubled.ends("undone")


@pytest.mark.usefixtures("read_and_written")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_bad_sector_of_the_spool_stops_the_run_resumable(
    ending: str, troubled: Troubled, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, spool = os.write, troubled.server.root / "spool"

    def never(descriptor: int, octets: Any) -> int:  # noqa: ANN401 - any buffer
        if path_of(descriptor).is_relative_to(spool):
            raise input_output_error()
        return write(descriptor, octets)

    with monkeypatch.context() as broken:
        broken.setattr(os, "write", never)
        assert troubled.restore() == "step-failed"
    troubled.ends(ending)


@pytest.mark.parametrize("ending", ENDINGS)
def test_reconstruct_is_killed_while_it_works(
    ending: str, troubled: Troubled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = _with_killed_reconstruct(tmp_path)
    try:
        with monkeypatch.context() as broken:
            look_only_in(programs, broken)
            assert troubled.restore() == "step-failed"
    finally:
        shutil.rmtree(programs)
    troubled.ends(ending)


def _with_killed_reconstruct(tmp_path: Path) -> Path:
    """The server's programs, but for one that kills itself."""
    folder = Path(f"/tmp/{tmp_path.name}-{os.getpid()}-killed")
    folder.mkdir(exist_ok=True)
    killed = folder / "reconstruct"
    killed.write_text("#!/bin/sh\nkill -9 $$\n", "ascii")
    killed.chmod(0o755)
    for tool in INSTALLED.programs.iterdir():
        if tool.name != killed.name:
            (folder / tool.name).symlink_to(tool)
    return folder
