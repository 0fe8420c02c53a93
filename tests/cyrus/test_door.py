"""Root's own door to the server: nobody else can enter, and nothing of it is left."""

from __future__ import annotations

import os
import pwd
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from respool.cyrus.imapd_conf import ServerConfiguration
from respool.errors import LoginRefused, NotPermitted, ServerNotFound, ServerUnreachable
from respool.system import door
from respool.system.configuration import read_configuration
from respool.system.cyrus_server import ServerAccess, reach_server, server_owner
from respool.system.door import open_door
from respool.system.imap import ImapSession, log_in
from respool.system.imap_places import ImapAddress
from respool.system.leftover_doors import close_leftover_doors, service_of
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import processes_with

pytestmark = pytest.mark.needs_cyrus
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A place for doors of this test alone."""
    with server_root() as root:
        yield root / "run"


@contextmanager
def opened(server: PrivateCyrus, runtime: Path) -> Iterator[tuple[ImapAddress, str]]:
    configuration = read_configuration(server.imapd_conf)
    with open_door(configuration, server_owner(configuration), runtime=runtime) as door_and_word:
        yield door_and_word


def house_of(runtime: Path) -> Path:
    (house,) = runtime.glob("door-*")
    return house


def nothing_left(server: PrivateCyrus, runtime: Path) -> bool:
    sockets = server.files.config_directory / "socket"
    locks = [each for each in sockets.iterdir() if each.name.startswith("respool")]
    return not (list(runtime.glob("door-*")) or processes_with(str(runtime)) or locks)


def test_it_lets_root_in_as_administrator_and_as_any_user(
    cyrus_names: PrivateCyrus, runtime: Path
) -> None:
    login = "door@bluemind.loc"
    cyrus_names.create_user(login)
    with opened(cyrus_names, runtime) as (address, password):
        admin = log_in(address, admin=cyrus_names.admin, password=password)
        owner = log_in(address, admin=cyrus_names.admin, password=password, as_user=login)
        assert owner.open_to_read("INBOX") == 0
        admin.close()
        owner.close()


def test_nothing_of_it_is_left(cyrus_names: PrivateCyrus, runtime: Path) -> None:
    """
    No process, no directory, no lock file of the server; and no error in its log.
    """
    with opened(cyrus_names, runtime) as (address, password):
        log_in(address, admin=cyrus_names.admin, password=password).close()
        assert processes_with(str(runtime))
    assert nothing_left(cyrus_names, runtime)
    assert cyrus_names.error_lines() == ()


def test_each_door_has_a_password_of_its_own_and_takes_no_other(
    cyrus_names: PrivateCyrus, runtime: Path
) -> None:
    """
    Not that of the server either.
    """
    with opened(cyrus_names, runtime) as (_, first):
        pass
    with opened(cyrus_names, runtime) as (address, second):
        for wrong in (cyrus_names.password, first):  # the server takes its time to refuse
            with pytest.raises(LoginRefused):
                log_in(address, admin=cyrus_names.admin, password=wrong)
    assert first != second


def test_the_doors_password_is_nowhere_on_disk(cyrus_names: PrivateCyrus, runtime: Path) -> None:
    with opened(cyrus_names, runtime) as (_, password):
        files = [file for file in runtime.rglob("*") if file.is_file()]
        assert not any(password.encode() in file.read_bytes() for file in files)
        assert not processes_with(password)


def test_nobody_else_can_enter(cyrus_names: PrivateCyrus, runtime: Path) -> None:
    """
    But root and the server's own user, who has no password.
    """
    with opened(cyrus_names, runtime) as (address, _):
        house = house_of(runtime)
        assert address.unix_socket == house / "enter" / "imap"
        for private in (house / "enter", house / "check"):
            status = private.stat()
            assert status.st_uid == server_user(cyrus_names)
            assert stat.S_IMODE(status.st_mode) == 0o700
        assert stat.S_IMODE((house / "imapd.conf").stat().st_mode) & 0o007 == 0
        for entry in (house / "enter" / "imap", house / "check" / "mux"):
            assert not may_connect(entry, "nobody")
        assert may_connect(house / "enter" / "imap", "cyrus")


def server_user(server: PrivateCyrus) -> int:
    return server_owner(read_configuration(server.imapd_conf)).uid


def may_connect(path: Path, user: str) -> bool:
    """Whether a process of ``user`` can connect there."""
    entry = pwd.getpwnam(user)
    code = textwrap.dedent(f"""
        import os, socket, sys
        s = socket.socket(socket.AF_UNIX)
        os.setgroups([]); os.setgid({entry.pw_gid}); os.setuid({entry.pw_uid})
        try:
            s.connect({str(path)!r})
        except PermissionError:
            sys.exit(7)
    """)
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode in (0, 7)
    return done.returncode == 0


def test_it_has_all_options_of_the_server_but_the_password_check(
    cyrus_names: PrivateCyrus, runtime: Path
) -> None:
    own = read_configuration(cyrus_names.imapd_conf).options
    with opened(cyrus_names, runtime):
        there = read_configuration(house_of(runtime) / "imapd.conf").options
    differing = {key for key in own.keys() | there.keys() if own.get(key) != there.get(key)}
    assert differing == {"sasl_mech_list", "sasl_saslauthd_path", "serverinfo"}
    assert there["sasl_pwcheck_method"] == "saslauthd"


def test_what_would_keep_root_out_is_left_out() -> None:
    """
    TLS that is asked for, other password checks, and limits of the server's own service.
    """
    options = {
        "configdirectory": "/c",
        "tls_required": "yes",
        "allowplaintext": "no",
        "sasl_auxprop_plugin": "sql",
        "sasl_minimum_layer": "128",
        "sync_log": "yes",
        "archivepartition-x": "/a",
    }
    text = door.door_configuration(ServerConfiguration(options=options), Path("/mux"))
    assert text.splitlines() == [
        "configdirectory: /c",
        "sync_log: yes",
        "archivepartition-x: /a",
        "allowplaintext: yes",
        "serverinfo: on",
        "sasl_mech_list: PLAIN",
        "sasl_pwcheck_method: saslauthd",
        "sasl_saslauthd_path: /mux",
    ]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_it_closes_whatever_happens_inside(
    error: type[BaseException], cyrus_names: PrivateCyrus, runtime: Path
) -> None:
    with pytest.raises(error), opened(cyrus_names, runtime):
        raise error
    assert nothing_left(cyrus_names, runtime)


def test_a_door_that_does_not_open_says_so_and_leaves_nothing(
    cyrus_names: PrivateCyrus, runtime: Path
) -> None:
    broken = dict(read_configuration(cyrus_names.imapd_conf).options)
    broken["defaultpartition"] = "no_such"
    configuration = ServerConfiguration(options=broken)
    with (
        pytest.raises((ServerUnreachable, ServerNotFound)),
        open_door(configuration, server_owner(configuration), runtime=runtime) as (address, word),
    ):
        log_in(address, admin=cyrus_names.admin, password=word)
    assert nothing_left(cyrus_names, runtime)


def test_only_root_can_open_one(
    cyrus_names: PrivateCyrus, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "is_root", lambda: False)
    with pytest.raises(NotPermitted), opened(cyrus_names, runtime):
        pass
    assert not runtime.exists()


def keeper(server: PrivateCyrus, runtime: Path) -> subprocess.Popen[str]:
    """Another process that has opened a door, and sleeps in it."""
    code = textwrap.dedent(f"""
        import signal, sys, time
        sys.path[:0] = [{str(PROJECT / "src")!r}]
        from pathlib import Path
        from respool.system.configuration import read_configuration
        from respool.system.cyrus_server import ServerAccess, reach_server, server_owner
        from respool.system.door import open_door
        def end(*_):
            raise KeyboardInterrupt
        signal.signal(signal.SIGTERM, end)
        conf = read_configuration(Path({str(server.imapd_conf)!r}))
        with open_door(conf, server_owner(conf), runtime=Path({str(runtime)!r})):
            print("open", flush=True)
            time.sleep(60)
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_sigterm_closes_it(cyrus_names: PrivateCyrus, runtime: Path) -> None:
    with keeper(cyrus_names, runtime) as process:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
    assert nothing_left(cyrus_names, runtime)


def test_after_sigkill_the_next_door_ends_it(cyrus_names: PrivateCyrus, runtime: Path) -> None:
    with keeper(cyrus_names, runtime) as process:
        process.kill()
        process.wait(timeout=20)
    left = house_of(runtime)
    assert processes_with(str(left))
    with opened(cyrus_names, runtime):
        assert not left.exists()
        assert not processes_with(str(left))
    assert nothing_left(cyrus_names, runtime)


def test_left_over_doors_are_counted(cyrus_names: PrivateCyrus, runtime: Path) -> None:
    with keeper(cyrus_names, runtime) as process:
        process.kill()
        process.wait(timeout=20)
    assert close_leftover_doors(runtime) == 1
    assert close_leftover_doors(runtime) == 0
    assert nothing_left(cyrus_names, runtime)


def test_a_door_that_never_wrote_down_its_master_is_ended_too_and_leaves_no_lock(
    cyrus_names: PrivateCyrus, runtime: Path
) -> None:
    with keeper(cyrus_names, runtime) as process:
        process.kill()
        process.wait(timeout=20)
    house = house_of(runtime)
    (house / "pid").unlink()
    sockets = cyrus_names.files.config_directory / "socket"
    (sockets / f"{service_of(house)}-0.lock").touch()  # as once somebody has entered

    assert close_leftover_doors(runtime) == 1

    assert nothing_left(cyrus_names, runtime)
    assert not processes_with(str(house))
    assert not list(sockets.glob("respool*"))


def test_the_door_of_a_command_that_runs_is_not_ended_by_another(
    cyrus_names: PrivateCyrus, runtime: Path
) -> None:
    with keeper(cyrus_names, runtime) as process:
        house = house_of(runtime)
        assert close_leftover_doors(runtime) == 0
        with opened(cyrus_names, runtime):
            assert house.exists()
        assert processes_with(str(house))
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def test_a_foreign_process_with_a_left_over_number_is_not_ended(
    cyrus_names: PrivateCyrus, runtime: Path
) -> None:
    """
    Numbers are given anew: a pid file alone proves nothing.
    """
    house = runtime / "door-1-dead"
    house.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        (house / "pid").write_text(f"{bystander.pid}\n", "ascii")
        assert close_leftover_doors(runtime) == 1
        time.sleep(0.05)
        assert bystander.poll() is None
        bystander.kill()
    assert os.path.lexists(runtime)
    assert not house.exists()


def test_threads_one_after_the_other_share_a_session_of_the_administrator(
    cyrus_names: PrivateCyrus,
) -> None:
    """One server serves many runs, each with threads of its own; a door takes so many sessions."""
    with reach_server(ServerAccess(imapd_conf=cyrus_names.imapd_conf)) as server:
        seen: list[ImapSession] = []

        def look() -> None:
            with server.admin.lend() as session:
                seen.append(session)

        for _ in range(20):
            worker = threading.Thread(target=look)
            worker.start()
            worker.join()

    assert len(seen) == 20
    assert len({id(each) for each in seen}) == 1
