"""The command into an account of a server that is only spoken to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import golden
from tests.support.directions import INTO, TargetAccount, folders_of, fresh_target, true_folders
from tests.support.imap_contents import HeldMessage, folder_names
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import Workplace
from tests.support.truth import read_truth

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"


@pytest.fixture(scope="module")
def server(as_root: None) -> Iterator[PrivateCyrus]:
    with server_root() as root, PrivateCyrus(root, "uuid") as one:
        yield one


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return golden.unpack_spool("3.4.9", tmp_path_factory.mktemp("fetched"))


@pytest.fixture
def place(server: PrivateCyrus, backup: Path, tmp_path: Path) -> Workplace:
    """The command, which knows of no server on its own machine."""
    variables = {
        "RESPOOL_TO_PASSWORD": server.password,
        "RESPOOL_IMAPD_CONF": "/nonexistent",
    }
    return Workplace(server=server, backups=backup, state=tmp_path / "state", variables=variables)


def address(server: PrivateCyrus, login: str) -> str:
    """Where an account is, as a person would type it."""
    return f"imap://{login.replace('@', '%40')}@127.0.0.1:{server.port}"


def in_order(messages: tuple[HeldMessage, ...]) -> list[tuple[object, ...]]:
    """All of each message but its UID, which is the server's to give."""
    return [
        (each.flags, each.internaldate, each.size_bytes, each.sha1)
        for each in sorted(messages, key=lambda each: each.uid)
    ]


def restored_as_it_was(server: PrivateCyrus, target: TargetAccount, *paths: str) -> bool:
    """Whether the folders of the new tree hold what the old server said that they held."""
    held = folders_of(server, target, target.login)
    true = true_folders(read_truth("3.4.9"), JDOE)
    return all(in_order(held[path]) == in_order(true[path]) for path in paths)


def test_folders_come_back_into_another_server_as_its_user(
    place: Workplace, server: PrivateCyrus
) -> None:
    target = fresh_target(server, "user")
    words = ("--to", address(server, target.login), "--into", INTO, "--yes", "--json")

    ran = place.run("restore", JDOE, "INBOX", "Sent", *words)

    assert (ran.status, ran.json["verdict"]) == (0, "proven"), ran.errors
    assert restored_as_it_was(server, target, "INBOX", "Sent")
    verified = place.run("verify", "1", "--json")
    assert (verified.status, verified.json["verdict"]) == (0, "proven"), verified.errors
    undone = place.run("undo", "1", "--yes", "--json")
    assert (undone.status, undone.json["state"]) == (0, "undone"), undone.errors
    taken = {each["mailbox"] for each in undone.json["mailboxes"]}
    assert taken == {INTO, f"{INTO}/Sent"}  # the INBOX is the folder itself
    listed = place.run("runs").output
    assert "undone" in listed
    assert "proven" not in listed
    with server.client_as(target.login) as client:  # what the server keeps of it is its own
        assert folder_names(client) == {"INBOX"}


def test_an_administrator_restores_for_a_user(place: Workplace, server: PrivateCyrus) -> None:
    target = fresh_target(server, "user")
    words = ("--to", address(server, server.admin), "--as", target.login, "--into", INTO)

    ran = place.run("restore", JDOE, "Sent", *words, "--yes", "--json")

    assert (ran.status, ran.json["verdict"]) == (0, "proven"), ran.errors
    assert restored_as_it_was(server, target, "Sent")


def test_who_logs_in_is_found_in_the_file_of_credentials_under_the_new_domain(
    place: Workplace, server: PrivateCyrus, tmp_path: Path
) -> None:
    server.create_user("jdoe@example.com")
    credentials = tmp_path / "credentials"
    credentials.write_text(f"# all of them\njdoe@example.com {server.password}\n")
    credentials.chmod(0o600)
    words = ("--to", f"imap://127.0.0.1:{server.port}", "--map-domain", "bluemind.loc=example.com")

    ran = place.run(
        *("restore", JDOE, "Sent", *words, "--credentials", str(credentials)),
        *("--into", INTO, "--yes", "--json"),
        without=("RESPOOL_TO_PASSWORD",),
    )

    assert (ran.status, ran.json["verdict"]) == (0, "proven"), ran.errors
    with server.client_as("jdoe@example.com") as client:
        assert client.folder_exists(f"{INTO}/Sent")


def test_a_wrong_password_changes_nothing_and_is_never_shown(
    place: Workplace, server: PrivateCyrus, tmp_path: Path
) -> None:
    target = fresh_target(server, "user")
    secret = tmp_path / "secret"
    secret.write_text("not-the-password\n")
    words = ("--to", address(server, target.login), "--yes", "--json")
    place = Workplace(
        server=server,
        backups=place.backups,
        state=place.state,
        variables={"RESPOOL_TO_PASSWORD_FILE": str(secret), "RESPOOL_IMAPD_CONF": "/nonexistent"},
    )

    ran = place.run("restore", JDOE, "Sent", *words)

    assert (ran.status, ran.error["error"]) == (13, "login-refused")
    written = [each.read_bytes() for each in place.state.rglob("*") if each.is_file()]
    assert not any(b"not-the-password" in each for each in (*written, ran.errors.encode()))


def test_credentials_that_others_may_read_are_refused(place: Workplace, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text("jdoe@bluemind.loc secret\n")
    credentials.chmod(0o644)
    words = ("--to", "imaps://127.0.0.1:1", "--credentials", str(credentials), "--yes", "--json")

    refused = place.run("restore", JDOE, "Sent", *words)

    assert (refused.status, refused.error["error"]) == (2, "usage")


def test_a_plan_for_another_server_is_carried_out_and_one_that_was_altered_is_not(
    place: Workplace, server: PrivateCyrus, tmp_path: Path
) -> None:
    target = fresh_target(server, "user")
    file = tmp_path / "a.plan"
    to = ("--to", address(server, target.login), "--into", INTO)
    planned = place.run("plan", JDOE, "Sent", *to, "--out", str(file))
    assert planned.status == 0, planned.errors
    assert server.password not in file.read_text()

    done = place.run("restore", "--plan", str(file), "--yes", "--json")

    assert (done.status, done.json["verdict"]) == (0, "proven"), done.errors
    assert restored_as_it_was(server, target, "Sent")
