"""Disks that fill up or become read-only in the midst of a restore."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.app.settings import Settings
from tests.support.cut_counts import is_long
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import settings_for
from tests.support.small_disks import ask_for_no_room, mounted, small_disk
from tests.support.troubled import COPIED, MADE, SOURCE, Troubled
from tests.support.undoing import undone

pytestmark = pytest.mark.needs_cyrus
ENDINGS = ("resumed", "undone")
of_the_long_part = pytest.mark.skipif(
    not is_long(), reason="part of ./dev test faults --long: they want a machine of their own"
)


@pytest.fixture(scope="module")
def server(as_root: None) -> Iterator[PrivateCyrus]:
    with server_root() as root, PrivateCyrus(root, "names") as one:
        yield one


@pytest.fixture(scope="module")
def backup(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SOURCE.unpack(tmp_path_factory.mktemp("backup"))


@pytest.fixture
def settings(server: PrivateCyrus, backup: Path, tmp_path: Path) -> Settings:
    return settings_for(server, backup, tmp_path / "state")


def remount(at: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(at)], check=True)


@of_the_long_part
@pytest.mark.parametrize(("room", "inodes"), [(64, None), (8192, 12)], ids=["room", "inodes"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_partition_that_fills_up_is_given_room_or_the_run_is_taken_back_as_it_is(
    room: int,
    inodes: int | None,
    ending: str,
    server: PrivateCyrus,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    ``room`` is in KiB, beside what is used. Taking back needs none, but a few inodes: the
    server makes directories for what it keeps of deleted folders.
    """
    troubled = Troubled.on(server, settings)
    at = server.files.data("bluemind_loc")
    with small_disk(at, "64m"):
        with monkeypatch.context() as patch:
            ask_for_no_room(patch)
            used = sum(1 for _ in at.rglob("*"))
            more = "" if inodes is None else f",nr_inodes={used + inodes}"
            size = shutil.disk_usage(at).used // 1024 + room
            assert troubled.restore(MADE, lambda: remount(at, f"size={size}k{more}")) == (
                "step-failed"
            )
        if ending == "resumed" or inodes is not None:
            remount(at, "size=64m,nr_inodes=100000")
        troubled.ends(ending)
        if ending == "resumed":
            undone(settings)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_partition_that_becomes_read_only(
    ending: str, server: PrivateCyrus, settings: Settings
) -> None:
    troubled = Troubled.on(server, settings)
    at = server.files.data("bluemind_loc")
    with mounted("--bind", str(at), str(at)):
        assert troubled.restore(MADE, lambda: remount(at, "ro,bind")) == "step-failed"
        remount(at, "rw,bind")
        troubled.ends(ending)


@of_the_long_part
@pytest.mark.parametrize("after", [MADE, COPIED])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_journal_whose_disk_is_full(
    ending: str, after: str, server: PrivateCyrus, settings: Settings
) -> None:
    """
    The command says that the journal could not be written, and what was changed.
    """
    settings.state.mkdir()
    filler = settings.state / "filler"

    def fill() -> None:
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                return

    with mounted("-t", "tmpfs", "-o", "size=40m,mode=700", "tmpfs", str(settings.state)):
        troubled = Troubled.on(server, settings)
        assert troubled.restore(after, fill) in {"journal", "step-failed"}
        filler.unlink()
        troubled.ends(ending)
