"""The private server is a real one: it refuses, obeys, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imapclient.exceptions import LoginError

from tests.support.appending import NewMessage
from tests.support.cyrus_master import ServerDidNotStart
from tests.support.imap_contents import messages_in
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.server_processes import processes_of_session
from tests.support.syslog_capture import is_error_line, shared_syslog

pytestmark = pytest.mark.needs_cyrus
ONE = NewMessage(octets=b"Subject: one\r\n\r\nbare \r here\r\n", flags=("\\Flagged", "$label1"))


def test_the_greeting_names_the_version(cyrus_names: PrivateCyrus) -> None:
    assert int(cyrus_names.version.split(".")[0]) >= 3


def test_a_wrong_password_is_refused(cyrus_names: PrivateCyrus) -> None:
    with cyrus_names.client() as client, pytest.raises(LoginError):
        client.login(cyrus_names.admin, "wrong")


def test_a_user_without_the_administrators_password_is_refused(
    cyrus_names: PrivateCyrus,
) -> None:
    with cyrus_names.client() as client, pytest.raises(LoginError):
        client.plain_login(cyrus_names.admin, "wrong", "jdoe@bluemind.loc")


def test_what_is_appended_comes_back_octet_for_octet(
    cyrus_names: PrivateCyrus, fresh_account: Callable[[PrivateCyrus], str]
) -> None:
    login = fresh_account(cyrus_names)
    cyrus_names.add_messages(login, "INBOX", [ONE, ONE])
    with cyrus_names.client_as(login) as client:
        assert [message.flags for message in messages_in(client, "INBOX")] == [
            frozenset(ONE.flags)
        ] * 2
        assert client.fetch([1], ["BODY.PEEK[]"])[1][b"BODY[]"] == ONE.octets


def test_the_administrator_sees_the_account(
    cyrus_uuid: PrivateCyrus, fresh_account: Callable[[PrivateCyrus], str]
) -> None:
    login = fresh_account(cyrus_uuid)
    with cyrus_uuid.admin_client() as admin:
        assert admin.folder_exists(f"user/{login}")


@pytest.mark.parametrize("fixture", ["cyrus_names", "cyrus_uuid"])
def test_directories_are_those_of_the_layout(
    request: pytest.FixtureRequest, fresh_account: Callable[[PrivateCyrus], str], fixture: str
) -> None:
    server: PrivateCyrus = request.getfixturevalue(fixture)
    login = fresh_account(server)
    directory = server.run_tool("mbpath", f"user/{login}").stdout.strip()
    assert directory.startswith(str(server.files.data("bluemind_loc")))
    assert ("/uuid/" in directory) == (fixture == "cyrus_uuid")


def test_stop_leaves_no_process_even_with_a_client_connected() -> None:
    with server_root() as root, PrivateCyrus(root) as server, server.client() as client:
        client.login(server.admin, server.password)
        session = server.processes()[0]
        server.stop()
        assert processes_of_session(session) == ()
        assert not server.is_running


def test_mail_outlives_a_kill() -> None:
    with server_root() as root, PrivateCyrus(root, "uuid") as server:
        server.add_user_with_messages("jdoe@bluemind.loc", [ONE])
        server.kill()
        server.start()
        with server.client_as("jdoe@bluemind.loc") as client:
            assert len(messages_in(client, "INBOX")) == 1


def test_options_can_be_overridden() -> None:
    with server_root() as root, PrivateCyrus(root, overrides={"conversations": "yes"}) as server:
        assert "conversations: yes" in server.imapd_conf.read_text("utf-8").splitlines()
        server.add_user_with_messages("jdoe@bluemind.loc", [ONE])
        assert list(server.files.config_directory.rglob("*.conversations"))


def test_old_messages_move_to_an_archive_partition() -> None:
    with server_root() as root:
        archive = root / "archive"
        options = {
            "archive_enabled": "yes",
            "archive_after": "1d",
            "archivepartition-bluemind_loc": str(archive),
        }
        old = NewMessage(octets=ONE.octets, internaldate=datetime(2015, 1, 2, tzinfo=UTC))
        with PrivateCyrus(root, overrides=options) as server:
            server.add_user_with_messages("jdoe@bluemind.loc", [old])
            server.run_tool("cyr_expire", "-A", "1d", "-E", "3")
            assert [path.name for path in archive.rglob("1.")] == ["1."]


def test_a_root_that_the_server_cannot_enter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="cannot enter"):
        PrivateCyrus(tmp_path).start()


def test_a_refused_configuration_is_told_with_its_reason() -> None:
    with server_root() as root, pytest.raises(ServerDidNotStart, match="exit status 78"):
        PrivateCyrus(root, overrides={"defaultpartition": "bluemind_loc"}).start()


def test_nothing_but_errors_counts_as_an_error_in_the_log(cyrus_names: PrivateCyrus) -> None:
    if not shared_syslog().is_active:
        pytest.skip(f"syslog is not collected: {shared_syslog().why_inactive}")
    cyrus_names.admin_client().logout()
    assert any("login: " in line for line in cyrus_names.log_lines())
    assert cyrus_names.error_lines() == ()


@pytest.mark.parametrize(("signal_told", "is_error"), [("11", True), ("9", True), ("15", False)])
def test_a_process_that_a_stop_met_is_no_error(signal_told: str, *, is_error: bool) -> None:
    line = f"<19>master[7]: process path:imapd pid:8 signaled to death by signal {signal_told} (x)"
    assert is_error_line(line) == is_error


def test_a_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """
    Also if that process was killed and could not say goodbye.
    """
    told = tmp_path / "session"
    with server_root() as root:
        subprocess.run([sys.executable, "-c", _started_and_killed(root, told)], check=False)
        session = int(told.read_text("utf-8"))
        deadline = time.monotonic() + 5
        while processes_of_session(session) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert processes_of_session(session) == ()


def _started_and_killed(root: Path, told: Path) -> str:
    project = Path(__file__).resolve().parents[2]
    return textwrap.dedent(f"""
        import os, signal, sys
        from pathlib import Path
        sys.path.insert(0, {str(project)!r})
        from tests.support.private_cyrus import PrivateCyrus
        server = PrivateCyrus(Path({str(root)!r}))
        server.start()
        Path({str(told)!r}).write_text(str(server.processes()[0]), "utf-8")
        os.kill(os.getpid(), signal.SIGKILL)
    """)
