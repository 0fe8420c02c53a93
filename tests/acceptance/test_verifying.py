"""``respool verify`` reads a run's mail back later, and tells who changed what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.restoring import Ran, Workplace

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
FOLDER = "restored-2024-11-19/Projects/2017"
NAME = "user/jdoe/restored-2024-11-19/Projects/2017@bluemind.loc"


@pytest.fixture
def done(live: Workplace) -> Workplace:
    """A server with one finished run."""
    assert live.run("restore", JDOE, "Projects/2017", "--yes").status == 0
    return live


def verified(done: Workplace) -> Ran:
    return done.run("verify", "1", "--json")


def row(ran: Ran) -> dict[str, Any]:
    return next(each for each in ran.json["mailboxes"] if each["to"] == FOLDER)


def message_file(done: Workplace, uid: int) -> Path:
    directory = done.server.run_tool("mbpath", "-7", NAME).stdout.strip()
    return Path(directory) / f"{uid}."


def uids_in(done: Workplace) -> list[int]:
    with done.server.client_as(JDOE) as client:
        client.select_folder(FOLDER, readonly=True)
        return sorted(client.search("ALL"))


def test_what_was_not_touched_is_still_proven(done: Workplace) -> None:
    """
    No backup is needed for it.
    """
    kept = (done.state / "runs" / "1" / "receipt.json").read_bytes()
    ran = done.run("verify", "1", "--json", without=("RESPOOL_BACKUPS",))
    assert ran.status == 0
    assert (ran.json["verdict"], ran.json["messages"]) == ("proven", 13)
    assert all(each["differs"] == each["changed_since"] == [] for each in ran.json["mailboxes"])
    assert (done.state / "runs" / "1" / "receipt.json").read_bytes() == kept


def flag(done: Workplace, uid: int) -> None:
    with done.server.client_as(JDOE) as client:
        client.select_folder(FOLDER)
        client.add_flags([uid], ["\\Flagged", "$later"])


def delete(done: Workplace, uid: int) -> None:
    with done.server.client_as(JDOE) as client:
        client.select_folder(FOLDER)
        client.add_flags([uid], ["\\Deleted"])
        client.expunge()


def add(done: Workplace, _uid: int) -> None:
    with done.server.client_as(JDOE) as client:
        client.append(FOLDER, b"Subject: new\r\n\r\nnew\r\n")


@pytest.mark.parametrize(
    ("change", "aspect", "proven"),
    [
        pytest.param(flag, "flags", 5, id="flags"),
        pytest.param(delete, "deleted", 5, id="deleted"),
        pytest.param(add, "extra", 6, id="added"),
    ],
)
def test_what_the_owner_changed_since_is_told_apart(
    done: Workplace, change: Callable[[Workplace, int], None], aspect: str, proven: int
) -> None:
    """
    The restore itself is still what it was: exit status 0.
    """
    change(done, uids_in(done)[1])
    ran = verified(done)
    assert ran.status == 0
    assert ran.json["verdict"] == "proven"
    assert [each["aspect"] for each in row(ran)["changed_since"]] == [aspect]
    assert (row(ran)["differs"], row(ran)["proven"]) == ([], proven)


def test_all_that_the_owner_changed_is_told_at_once(done: Workplace) -> None:
    """
    A message deleted and one added do not cancel each other out.
    """
    first, second = uids_in(done)[:2]
    flag(done, first)
    delete(done, second)
    add(done, 0)
    ran = verified(done)
    assert ran.status == 0
    aspects = [each["aspect"] for each in row(ran)["changed_since"]]
    assert sorted(aspects) == ["deleted", "extra", "flags"]
    assert row(ran)["proven"] == 4


def test_octets_that_changed_on_disk_differ(done: Workplace) -> None:
    """
    At equal size, so that nothing but reading the message can tell.
    """
    uid = uids_in(done)[0]
    file = message_file(done, uid)
    octets = bytearray(file.read_bytes())
    octets[-5] ^= 0x01
    file.write_bytes(octets)
    ran = verified(done)
    assert ran.status == 30
    assert ran.json["verdict"] == "differs"
    assert [(each["uid"], each["aspect"]) for each in row(ran)["differs"]] == [(uid, "octets")]


def test_a_message_file_that_is_gone_differs(done: Workplace) -> None:
    message_file(done, uids_in(done)[0]).unlink()
    ran = verified(done)
    assert ran.status == 30
    assert ran.json["verdict"] == "differs"


def test_a_folder_that_is_gone_is_told(done: Workplace) -> None:
    """
    Renamed or deleted: its messages cannot be read back where they were put.
    """
    with done.server.client_as(JDOE) as client:
        client.delete_folder(f"{FOLDER}/Q3")
    ran = verified(done)
    gone = next(each for each in ran.json["mailboxes"] if each["to"] == f"{FOLDER}/Q3")
    assert ran.status == 30
    assert [each["aspect"] for each in gone["differs"]] == ["folder"]
    assert row(ran)["proven"] == 6


def test_for_people_it_says_what_the_owner_changed(done: Workplace) -> None:
    flag(done, uids_in(done)[0])
    ran = done.run("verify", "1")
    assert ran.status == 0
    assert "PROVEN BUT FOR WHAT ITS OWNER CHANGED SINCE: 12 of 13" in ran.output
    assert "Changed by its owner since: 1 thing" in ran.output


def test_looking_changes_no_flag_and_no_right(done: Workplace) -> None:
    with done.server.client_as(JDOE) as client:
        before = client.getacl(FOLDER), client.folder_status(FOLDER, ["UNSEEN", "HIGHESTMODSEQ"])
    verified(done)
    with done.server.client_as(JDOE) as client:
        after = client.getacl(FOLDER), client.folder_status(FOLDER, ["UNSEEN", "HIGHESTMODSEQ"])
    assert after == before


def test_a_run_that_is_not_known_is_not_found(done: Workplace) -> None:
    ran = done.run("verify", "7", "--json")
    assert (ran.status, ran.error["error"]) == (10, "run-not-found")


def test_without_any_run_none_is_found(untouched: Workplace) -> None:
    ran = untouched.run("verify", "1", "--json")
    assert (ran.status, ran.error["error"]) == (10, "run-not-found")
    assert not untouched.state.exists()
