"""A restore in place that is killed anywhere, or that finds files which no index knows."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from respool.errors import PlanRefused, StepFailed
from respool.targets.spool import filling_in_place, laying_out
from tests.support.cut_off_restore import POINTS, cut_off
from tests.support.directions import TargetAccount, fresh_target, true_folders
from tests.support.imap_contents import messages_in
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages
from tests.support.restoring import Workplace, restored, settings_for, wish
from tests.support.whole_account import SPOOLS, TREES, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n", flags=("$new",))
ONLY_COPY = b"Subject: only copy\r\n\r\nprecious\r\n"
MORE, FEWER = TREES["generation 89"], TREES["generation 87"]  # 48 messages in INBOX, and 45


@pytest.fixture
def place(
    shared_server: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> Workplace:
    """The command, on a server that other tests use, too."""
    return Workplace(server=shared_server, backups=unpacked(MORE), state=tmp_path / "state")


def words(target: TargetAccount, source: Source) -> tuple[str, ...]:
    """A restore of INBOX alone, in place."""
    of = ("-g", str(source.generation), "--to", target.written)
    return ("restore", JDOE, "INBOX", *of, "--in-place", "--yes", "--json")


def inbox_directory(server: PrivateCyrus, target: TargetAccount) -> Path:
    """Where its message files are."""
    directory = Path(server.run_tool("mbpath", target.root).stdout.strip())
    if not directory.exists():  # with metadata elsewhere the server makes it at the first message
        directory.mkdir(parents=True, mode=0o700)
        shutil.chown(directory, "cyrus", "mail")
    return directory


def files_in(directory: Path) -> set[str]:
    """Names of its files, ours too."""
    return {each.name for each in directory.iterdir() if each.is_file()}


def receive(server: PrivateCyrus, target: TargetAccount) -> int:
    """New mail, at once: its UID."""
    with server.client_as(target.login) as client:
        client.socket().settimeout(10)
        append_messages(client, "INBOX", [NEW])
        client.select_folder("INBOX", readonly=True)
        return int(max(client.search("ALL")))


def check_nothing_left(
    server: PrivateCyrus, target: TargetAccount, but: str = "(nothing)"
) -> None:
    """INBOX's messages are its files, one each; there is nothing to mend ``but`` that."""
    with server.client_as(target.login) as client:
        uids = {message.uid for message in messages_in(client, "INBOX")}
    directory = inbox_directory(server, target)
    assert files_in(directory) == {f"{uid}." for uid in uids}
    meta = Path(server.run_tool("mbpath", "-m", target.root).stdout.strip())
    assert not list(meta.glob(".respool-*"))
    looked = server.run_tool("reconstruct", "-n", "-G", target.root)
    lines = [line for line in looked.stdout.splitlines() if not re.search(but, line)]
    assert (lines, looked.stderr) == ([target.root], "")


def again(place: Workplace, target: TargetAccount, source: Source) -> str:
    """The verdict of another restore in place, or that it is refused, with what to type."""
    settings = settings_for(place.server, place.backups, place.state)
    wanted = wish(JDOE, "INBOX", generation=source.generation, to=target.written, is_in_place=True)
    try:
        return restored(settings, wanted).verdict.value
    except PlanRefused as refused:
        return "refused" if "--in-place" in str(refused.why) else str(refused.why)


@pytest.mark.parametrize(
    ("shared_server", "point", "source"),
    [
        pytest.param("names", "copied", FEWER, id="copied, then another generation"),
        pytest.param("uuid", "half named", MORE, id="half named, then the same generation"),
        pytest.param("names", "named", FEWER, id="named, then another generation"),
        pytest.param("uuid", "records written", FEWER, id="records, then another generation"),
        pytest.param("names", "header file written", MORE, id="header file, then the same"),
    ],
    indirect=["shared_server"],
)
def test_a_run_that_was_killed_is_done_again(point: str, source: Source, place: Workplace) -> None:
    """
    INBOX is empty and works meanwhile; the next run ends like the first one would have.
    """
    target = fresh_target(place.server, "user")
    cut_off(place, point, *words(target, MORE))
    with place.server.client_as(target.login) as client:
        assert messages_in(client, "INBOX") == ()
    assert again(place, target, source) == "proven"
    with place.server.client_as(target.login) as client:
        found = messages_in(client, "INBOX")
    assert found == true_folders(source.truth, JDOE)["INBOX"]
    check_nothing_left(place.server, target)
    assert receive(place.server, target) == max(message.uid for message in found) + 1
    check_nothing_left(place.server, target)


def octets_of(source: Source) -> list[str]:
    """The SHA-1 of each message of INBOX."""
    return [each.sha1 for each in true_folders(source.truth, JDOE)["INBOX"]]


@pytest.mark.parametrize(
    ("shared_server", "point"),
    [(("uuid", "names")[at % 2], point) for at, point in enumerate(POINTS)],
    indirect=["shared_server"],
)
def test_mail_comes_in_after_a_run_was_killed(point: str, place: Workplace) -> None:
    """
    It is there, as it came, whatever lies beside it; the next run adds what lacks, each once,
    touches none of it, and leaves nothing of the former one.
    """
    target = fresh_target(place.server, "user")
    cut_off(place, point, *words(target, MORE))
    uid = receive(place.server, target)
    was_filled = point == "index written"
    before = Counter(octets_of(MORE)) if was_filled else Counter[str]()
    assert again(place, target, FEWER) == "proven"
    with place.server.client_as(target.login) as client:
        found = messages_in(client, "INBOX")
    assert [each.flags for each in found if each.uid == uid] == [{"$new"}]
    others = Counter(each.sha1 for each in found if each.uid != uid)
    assert others == before | Counter(octets_of(FEWER))
    rebuilt = "sentdate$|sync_crc" if point == "index written" else "(nothing)"
    check_nothing_left(place.server, target, but=rebuilt)  # what comes after the index


@pytest.mark.parametrize("shared_server", ["names"], indirect=True)
@pytest.mark.parametrize("point", ["copied", "named", "header file written"])
def test_a_run_that_breaks_off_says_that_nothing_live_was_changed(
    point: str, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    And what waits there. The folder takes mail, and the next restore clears up after that.
    """
    target = fresh_target(place.server, "user")
    with monkeypatch.context() as broken:
        break_at(point, broken)
        with pytest.raises(StepFailed) as failed:
            again(place, target, MORE)
    assert "No space left" in str(failed.value.why)
    assert "NO MESSAGE THAT WAS LIVE WAS CHANGED" in str(failed.value.changed)
    assert "1 folder was begun: copies wait there" in str(failed.value.changed)
    assert receive(place.server, target) == 1
    assert again(place, target, MORE) == "proven"
    check_nothing_left(place.server, target)


def break_at(point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk be full at ``point``."""
    owner, name, number = POINTS[point]
    real, calls = getattr(owner, name), count(1)

    def wrapper(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - stands for anything
        if next(calls) == number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments, **more)

    monkeypatch.setattr(owner, name, wrapper)


@pytest.mark.parametrize("shared_server", ["uuid"], indirect=True)
def test_mail_is_taken_while_the_backup_is_read(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Reading it may take minutes: no delivery waits for that, and none is lost by it.
    """
    target = fresh_target(place.server, "user")
    received = []

    def lay(*arguments: Any) -> None:  # noqa: ANN401 - stands for anything
        received.append(receive(place.server, target))
        laying_out.lay(*arguments)

    monkeypatch.setattr(filling_in_place, "lay", lay)
    with pytest.raises(StepFailed, match="mail has arrived"):
        again(place, target, MORE)
    assert received == [1]
    check_nothing_left(place.server, target)


@pytest.mark.parametrize("uids", [(1, 2, 3), (5000,)], ids=["of the backup", "of none"])
def test_files_beside_an_empty_index_are_mail(
    uids: tuple[int, ...],
    restoring_names: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    """
    Somebody put his only copy there, as the guide says: nothing takes its place.
    """
    target = fresh_target(restoring_names, "user")
    directory = inbox_directory(restoring_names, target)
    for uid in uids:
        (directory / f"{uid}.").write_bytes(ONLY_COPY)
        shutil.chown(directory / f"{uid}.", "cyrus", "mail")
    settings = settings_for(restoring_names, unpacked(SPOOLS["3.4.9"]), tmp_path / "state")
    with pytest.raises(PlanRefused) as refused:
        restored(settings, wish(JDOE, to=target.written, is_in_place=True))
    assert target.root in str(refused.value.why)
    assert files_in(directory) == {f"{uid}." for uid in uids}
    assert all((directory / f"{uid}.").read_bytes() == ONLY_COPY for uid in uids)
    for uid in uids:
        (directory / f"{uid}.").unlink()
