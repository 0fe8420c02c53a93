"""What happens when the world misbehaves: wrong password, no room, crashes, signals."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from respool.errors import PlanRefused, RespoolError, StepFailed
from respool.planning.request import Person
from tests.support import golden
from tests.support.imap_contents import folder_names
from tests.support.private_cyrus import NewMessage, PrivateCyrus, server_root
from tests.support.restoring import (
    LiveState,
    Workplace,
    left_behind,
    left_behind_here,
    live_state,
    restored,
    settings_for,
    wish,
)
from tests.support.small_disks import ask_for_no_room, small_disk

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
INTO = "back"
LIVE = NewMessage(octets=b"Subject: live\r\n\r\nlive\r\n", flags=("\\Flagged", "$label1"))
PASSWORD = {"RESPOOL_IMAP_PASSWORD": "secret"}
SAME = Person.SAME  # the account on this server is another than the backup's
COMMAND = ("restore", JDOE, "-g", "88", "--into", INTO, "--same-person", "--yes", "--json")


@pytest.fixture
def server() -> Iterator[PrivateCyrus]:
    """A server with an account of jdoe that holds one message."""
    with server_root() as root, PrivateCyrus(root) as one:
        one.add_user_with_messages(JDOE, [LIVE])
        yield one


@pytest.fixture
def place(server: PrivateCyrus, golden_backup: Path, tmp_path: Path) -> Workplace:
    """The command on that server."""
    return Workplace(server=server, backups=golden_backup, state=tmp_path / "state")


def with_variables(place: Workplace, variables: dict[str, str]) -> Workplace:
    return Workplace(
        server=place.server, backups=place.backups, state=place.state, variables=variables
    )


def live_and_hidden(server: PrivateCyrus) -> tuple[LiveState, frozenset[str]]:
    """What the owner can read, and the new folders, which he can see but not open."""
    with server.client_as(JDOE) as client:
        new = new_folders(client)
        for name in new:
            with pytest.raises(IMAPClientError, match="Permission denied"):
                client.select_folder(name, readonly=True)
    return live_state(server, [JDOE], without=INTO), new


def no_message_shows(server: PrivateCyrus) -> bool:
    """Whether each new folder is empty to its owner, or closed."""
    with server.client_as(JDOE) as client:
        for name in new_folders(client):
            with contextlib.suppress(IMAPClientError):
                if client.select_folder(name, readonly=True)[b"EXISTS"]:
                    return False
    return True


def new_folders(client: IMAPClient) -> frozenset[str]:
    return frozenset(name for name in folder_names(client) if name.split("/")[0] == INTO)


def test_a_wrong_password_is_refused(place: Workplace) -> None:
    """
    At once, without a try at another way, and without showing it.
    """
    ran = with_variables(place, {"RESPOOL_IMAP_PASSWORD": "wrong-one"}).run(*COMMAND)
    assert (ran.status, ran.error["error"]) == (13, "login-refused")
    assert "wrong-one" not in ran.output + ran.errors
    assert ran.error["changed"] is None


def test_the_right_password_needs_no_door(place: Workplace) -> None:
    """
    All goes through the server's own port; the password is kept nowhere.
    """
    ran = with_variables(place, PASSWORD).run(*COMMAND)
    assert ran.status == 0
    assert ran.json["verdict"] == "proven"
    assert not any("respool" in line for line in place.server.log_lines())
    texts = [file.read_bytes() for file in place.state.rglob("*") if file.is_file()]
    assert not any(b"secret" in text for text in texts)


def test_a_server_that_is_down_is_told_where_a_password_is_set(place: Workplace) -> None:
    place.server.stop()
    ran = with_variables(place, PASSWORD).run(*COMMAND)
    assert (ran.status, ran.error["error"]) == (13, "server-unreachable")
    assert ran.error["changed"] is None


def test_root_restores_by_its_own_door_while_the_server_is_down(place: Workplace) -> None:
    """
    The door is a server itself; what it did is there when the other one comes back.
    """
    place.server.stop()
    told = place.server.error_lines()
    ran = place.run(*COMMAND)
    place.server.start()
    assert ran.status == 0
    assert ran.json["verdict"] == "proven"
    with place.server.client_as(JDOE) as client:
        assert f"{INTO}/Projects/2017/Q3" in folder_names(client)
    assert place.server.error_lines() == told


AS_NOBODY = """
import importlib, os, pkgutil, pwd, sys
import respool
from respool.cli.main import _status
for each in pkgutil.walk_packages(respool.__path__, "respool."):
    each.name.endswith("__main__") or importlib.import_module(each.name)
_status([*sys.argv[1:3], "No such folder", "--yes", "--state", os.environ["ROOTS_STATE"]])
nobody = pwd.getpwnam("nobody")
os.setgroups([])
os.setgid(nobody.pw_gid)
os.setuid(nobody.pw_uid)
sys.exit(_status(sys.argv[1:]))
"""


@pytest.mark.parametrize("variables", [{}, PASSWORD], ids=["no password", "password"])
def test_who_is_not_root_is_refused(server: PrivateCyrus, variables: dict[str, str]) -> None:
    """
    Also with the administrator's password: he cannot write into the spool. (The modules
    are loaded before root is given up: the interpreter may lie where nobody else can read.)
    """
    with server_root() as home:
        home.chmod(0o777)
        backups = golden.unpack_dataprotect(home / "backup")
        subprocess.run(["chown", "-R", "nobody", str(backups)], check=True)
        place = Workplace(
            server=server, backups=backups, state=home / "state", variables=variables
        )
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, *COMMAND],
            env={**place.environment, "ROOTS_STATE": str(home / "roots")},
            capture_output=True,
            text=True,
            check=False,
        )
    told = json.loads(done.stderr.splitlines()[-1])
    assert (done.returncode, told["error"]) == (13, "not-permitted"), done.stderr
    with server.client_as(JDOE) as client:
        assert folder_names(client) == {"INBOX"}


def test_a_restore_without_room_is_refused_before_anything_is_changed(place: Workplace) -> None:
    with small_disk(place.server.files.data("bluemind_loc"), "256k"):
        before = live_state(place.server, [JDOE])
        ran = place.run(*COMMAND)
        assert (ran.status, ran.error["error"]) == (12, "plan-refused")
        assert "no space" in ran.error["why"]
        assert live_state(place.server, [JDOE]) == before


def test_a_disk_that_fills_half_way_stops_the_run_and_touches_nothing_live(
    server: PrivateCyrus,
    golden_backup: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    The new folder is hidden from its owner, and the error says so.
    """
    ask_for_no_room(monkeypatch)
    before = live_state(server, [JDOE])
    with small_disk(server.files.data("bluemind_loc"), "96k"):
        with pytest.raises(StepFailed) as failed:
            restored(
                settings_for(server, golden_backup, tmp_path / "state"),
                wish(JDOE, generation="88", into=INTO, person=SAME),
            )
        after, hidden = live_and_hidden(server)
    assert failed.value.exit_status == 20
    assert f"the new folder {INTO} was begun" in str(failed.value.changed)
    assert "No space left" in str(failed.value.why)
    assert hidden
    assert after == before
    assert left_behind_here() == ()


CRASHING = {
    "killed by a signal": "#!/bin/sh\nkill -SEGV $$\n",
    "says that it failed": "#!/bin/sh\necho 'x: Mailbox format corruption detected'\n",
    "says nothing": "#!/bin/sh\nexit 0\n",
}


@pytest.mark.parametrize("text", CRASHING.values(), ids=CRASHING.keys())
def test_a_reconstruct_that_fails_stops_the_run_and_touches_nothing_live(
    text: str,
    server: PrivateCyrus,
    golden_backup: Path,
    tmp_path: Path,
    put_before: Callable[[str, str], None],
) -> None:
    put_before("reconstruct", text)
    before = live_state(server, [JDOE])
    with pytest.raises(StepFailed) as failed:
        restored(
            settings_for(server, golden_backup, tmp_path / "state"),
            wish(JDOE, "Projects/2017", into=INTO, person=SAME),
        )
    assert failed.value.exit_status == 20
    assert "reconstruct" in failed.value.what
    assert f"the new folder {INTO} was begun" in str(failed.value.changed)
    after, hidden = live_and_hidden(server)
    assert after == before
    assert hidden


def test_a_quota_program_that_fails_is_told(
    server: PrivateCyrus,
    golden_backup: Path,
    tmp_path: Path,
    put_before: Callable[[str, str], None],
) -> None:
    put_before("quota", "#!/bin/sh\necho 'no such root' >&2\nexit 75\n")
    with pytest.raises(RespoolError) as failed:
        restored(
            settings_for(server, golden_backup, tmp_path / "state"),
            wish(JDOE, "Drafts", into=INTO, person=SAME),
        )
    assert (failed.value.exit_status, "no such root" in str(failed.value.why)) == (20, True)


def wait_until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.002)


def started_run(place: Workplace) -> subprocess.Popen[str]:
    """A command that has begun to change the server."""
    process = place.start(*COMMAND)
    folders = place.server.files.meta("bluemind_loc")
    wait_until(lambda: any(folders.rglob(INTO)))
    return process


def test_sigterm_ends_a_run_after_its_present_step(place: Workplace) -> None:
    """
    What was begun is named and hidden; the door is closed.
    """
    before = live_state(place.server, [JDOE])
    process = started_run(place)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert '"error": "interrupted"' in errors
    assert left_behind(process.pid) == ()
    after, _hidden = live_and_hidden(place.server)
    assert after == before


def test_after_sigkill_the_next_command_ends_the_door_and_restores(place: Workplace) -> None:
    """
    What the killed one made stays, empty or hidden; nothing live was touched. (Between
    CREATE and SETACL a new folder is open, and empty.)
    """
    before = live_state(place.server, [JDOE])
    process = started_run(place)
    process.kill()
    process.communicate(timeout=60)
    assert left_behind(process.pid) != ()
    assert live_state(place.server, [JDOE], without=INTO) == before
    assert no_message_shows(place.server)
    ran = place.run(
        "restore", JDOE, "-g", "88", "--into", "again", "--same-person", "--yes", "--json"
    )
    assert left_behind(process.pid) == ()
    assert (ran.status, ran.json["verdict"], ran.json["run"]) == (0, "proven", 2)


def test_killed_while_it_begins_it_can_be_run_again(place: Workplace) -> None:
    process = place.start(*COMMAND)
    wait_until((place.state / "runs" / "1").exists)
    process.kill()
    process.communicate(timeout=60)
    ran = place.run(
        "restore", JDOE, "-g", "88", "--into", "again", "--same-person", "--yes", "--json"
    )
    assert (ran.status, ran.json["verdict"]) == (0, "proven")


def test_two_restores_of_one_account_do_not_meet(place: Workplace) -> None:
    first = started_run(place)
    second = place.run(
        "restore", JDOE, "Drafts", "--into", "other", "--same-person", "--yes", "--json"
    )
    first.communicate(timeout=60)
    assert first.returncode == 0
    refusal = (second.status, second.error["error"])
    if refusal == (12, "plan-refused"):  # it looked while the first one's reconstruct worked
        assert "reconstruct" in second.error["why"]
    else:
        assert refusal == (11, "locked")
    assert second.error["changed"] is None


def test_no_room_for_more_files_is_refused(
    server: PrivateCyrus, golden_backup: Path, tmp_path: Path
) -> None:
    with (
        small_disk(server.files.data("bluemind_loc"), "64m", inodes=20),
        pytest.raises(PlanRefused, match="cannot be carried out") as refused,
    ):
        restored(
            settings_for(server, golden_backup, tmp_path), wish(JDOE, "Projects/2017", person=SAME)
        )
    assert "more files" in str(refused.value.why)
