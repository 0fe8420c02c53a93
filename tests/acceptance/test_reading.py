"""``backups``, ``accounts``, ``show``, ``ls`` and ``cat``, as they are typed."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.support import golden

JDOE = "jdoe@bluemind.loc"
ALICE = "alice@bluemind.loc"
SOURCE = Path(__file__).resolve().parents[2] / "src"


def respool(
    *words: str, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """What a command wrote, and its status. Zone and language are those of a plain server."""
    environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    environment |= {"PYTHONPATH": str(SOURCE), "RESPOOL_STATE": os.environ["RESPOOL_STATE"]}
    return subprocess.run(
        [sys.executable, "-m", "respool", *words],
        capture_output=True,
        check=False,
        timeout=60,
        env={**environment, **(variables or {})},
    )


def answer(backup: Path, *words: str) -> dict[str, Any]:
    done = respool(*words, "--backups", str(backup), "--json")
    assert done.returncode == 0, done.stderr.decode()
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def lines(backup: Path, *words: str) -> list[Any]:
    done = respool(*words, "--backups", str(backup), "--json")
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def refused(status: int, *words: str) -> dict[str, Any]:
    """The error of a command, which must end with ``status`` and print no result."""
    done = respool(*words, "--json")
    assert (done.returncode, done.stdout) == (status, b"")
    error: dict[str, Any] = json.loads(done.stderr)
    return error


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return {part: golden.truth(f"dataprotect/truth-{part}.json") for part in ("1233", "1234")}


def test_backups_lists_generations_with_their_parts(golden_backup: Path) -> None:
    found = answer(golden_backup, "backups")

    assert (found["backups"], found["kind"]) == (str(golden_backup), "dataprotect")
    assert [(each["generation"], each["state"]) for each in found["generations"]] == [
        (89, "complete"),
        (88, "complete"),
        (87, "complete"),
    ]
    newest = found["generations"][0]
    assert newest["taken_at"] == "2024-11-20T01:00:00Z"
    assert newest["is_latest"]
    assert newest["accounts"] == 7
    assert newest["kept_until"] is None
    assert [part["part"] for part in newest["parts"]] == [1234]


def test_backups_says_to_people_what_was_recognised(golden_backup: Path) -> None:
    done = respool("backups", "--backups", str(golden_backup))

    text = done.stdout.decode()
    assert done.returncode == 0
    assert "DataProtect" in text.splitlines()[0]
    assert "TAKEN (UTC)" in text
    assert "complete = latest" in text


def test_the_variable_names_the_backup_too(golden_backup: Path) -> None:
    done = respool("backups", variables={"RESPOOL_BACKUPS": str(golden_backup)})

    assert done.returncode == 0


def test_accounts_are_listed_for_one_generation_and_for_all(golden_backup: Path) -> None:
    one = answer(golden_backup, "accounts", "-g", "88")
    everything = answer(golden_backup, "accounts", "-g", "all")

    assert (one["generation"], everything["generation"]) == ("88", "all")
    assert {(each["account"], each["kind"]) for each in one["accounts"]} == {
        ("contact@bluemind.loc", "mailshare"),
        ("info@bluemind.loc", "mailshare"),
        ("1digit@bluemind.loc", "user"),
        (ALICE, "user"),
        (JDOE, "user"),
        ("john.doe@bluemind.loc", "user"),
        ("jdoe@example.org", "user"),
    }
    assert {(each["first"], each["last"]) for each in everything["accounts"]} == {("87", "89")}


def test_show_counts_as_the_server_did(golden_backup: Path, truth: dict[str, Any]) -> None:
    found = answer(golden_backup, "show", JDOE, "-g", "88")

    boxes = truth["1233"]["mailboxes"]
    live = [each for each in found["mailboxes"] if not each["path"].startswith("DELETED")]
    assert (found["account"], found["kind"], found["generation"]) == (JDOE, "user", "88")
    assert {each["name"] for each in live} == {
        name for name, box in boxes.items() if box.get("owner") == JDOE
    }
    for each in live:
        box = boxes[each["name"]]
        seen = box["seen_by"].get(JDOE, [])
        assert each["messages"] == len(box["messages"])
        assert each["unseen"] == len(box["messages"]) - len(seen)
        assert each["expunged"] == len(box.get("expunged_uids") or [])
        assert each["size_bytes"] == sum(message["size"] for message in box["messages"])
        assert each["uidvalidity"] == box["status"]["uidvalidity"]
        assert each["acl"] == box["acl"]
        assert each["index_version"] == 13
        assert each["findings"] == []


def test_unread_of_a_mailshare_is_unknown_unless_shared(golden_backup: Path) -> None:
    contact = answer(golden_backup, "show", "contact@bluemind.loc")
    info = answer(golden_backup, "show", "share/info@bluemind.loc")

    assert contact["kind"] == "mailshare"
    assert {each["unseen"] for each in contact["mailboxes"]} == {None}
    assert all(each["unseen"] is not None for each in info["mailboxes"])


def test_ls_lists_messages_as_the_server_did(golden_backup: Path, truth: dict[str, Any]) -> None:
    found = lines(golden_backup, "ls", JDOE, "INBOX", "-g", "part:1233")

    said = truth["1233"]["mailboxes"][f"user/{JDOE}"]["messages"]
    assert [each["uid"] for each in found] == [message["uid"] for message in said]
    for each, message in zip(found, said, strict=True):
        assert each["guid"] == message["sha1"]
        assert each["size_bytes"] == message["size"]
        assert sorted(each["flags"]) == sorted(message["flags"])
        assert (each["expunged"], each["archived"], each["findings"]) == (False, False, [])


def test_ls_has_every_field_of_its_shape(golden_backup: Path) -> None:
    first = lines(golden_backup, "ls", JDOE, "INBOX")[0]

    assert first == {
        "uid": 1,
        "guid": "3c826e6d3ddc9c2d3563bd6be968440920687a4e",
        "internaldate": "1999-01-01T12:00:00Z",
        "size_bytes": 637,
        "flags": ["\\Seen"],
        "modseq": 58,
        "expunged": False,
        "archived": False,
        "subject": "Phone list",
        "subject_raw": "Phone list",
        "from": [{"name": "Peter Novak", "address": "peter.novak@example.com"}],
        "to": [{"name": "Jane Doe", "address": JDOE}],
        "cc": [],
        "date": "1999-01-01T12:00:00Z",
        "message_id": "<37f4816b.in-01@example.com>",
        "seen_by": [],
        "annotations": [
            {"entry": "/comment", "userid": None, "value": "shared note"},
            {"entry": "/comment", "userid": JDOE, "value": "note"},
        ],
        "hsm": None,
        "findings": [],
    }


def test_ls_adds_what_was_expunged_where_that_is_asked(
    golden_backup: Path, truth: dict[str, Any]
) -> None:
    words = ("ls", "contact@bluemind.loc", "Archives", "-g", "89")

    plain = lines(golden_backup, *words)
    full = lines(golden_backup, *words, "--include-expunged")

    box = truth["1234"]["mailboxes"]["contact/Archives@bluemind.loc"]
    assert plain == []
    assert [each["uid"] for each in full] == sorted(box["expunged_uids"])
    assert all(each["expunged"] for each in full)


def test_a_folder_without_a_generation_is_that_of_the_newest_that_has_it(
    golden_backup: Path,
) -> None:
    done = respool("ls", JDOE, "Projects/2017", "--backups", str(golden_backup))

    assert done.returncode == 0
    assert "generation 88" in done.stderr.decode()
    assert "Project plan, version 1" in done.stdout.decode()


def test_cat_gives_the_octets(golden_backup: Path, truth: dict[str, Any]) -> None:
    for message in truth["1233"]["mailboxes"][f"user/{ALICE}"]["messages"]:
        words = ("cat", ALICE, "INBOX", str(message["uid"]), "-g", "88")
        done = respool(*words, "--backups", str(golden_backup))
        assert hashlib.sha1(done.stdout, usedforsecurity=False).hexdigest() == message["sha1"]

    found = answer(golden_backup, "cat", ALICE, "INBOX", "1", "-g", "88")
    octets = base64.b64decode(found["octets_base64"])
    assert hashlib.sha1(octets, usedforsecurity=False).hexdigest() == found["guid"]


def test_the_archive_partition_is_read_like_the_rest(as_root: None, tmp_path: Path) -> None:
    backup = golden.unpack_dataprotect_bm4(tmp_path)

    found = lines(backup, "ls", JDOE, "INBOX")
    archived = next(each for each in found if each["archived"])
    done = respool("cat", JDOE, "INBOX", str(archived["uid"]), "--backups", str(backup))

    assert hashlib.sha1(done.stdout, usedforsecurity=False).hexdigest() == archived["guid"]
    assert archived["subject"] is not None


@pytest.mark.parametrize("damage", golden.damages())
def test_a_damaged_backup_is_shown_with_its_findings(
    damage: str, as_root: None, tmp_path: Path
) -> None:
    place = golden.unpack_damaged("3.8.7", damage, tmp_path)

    shown = answer(place, "show", "anna@bluemind.loc")
    listed = lines(place, "ls", "anna@bluemind.loc", "INBOX")

    expected = golden.expected_of_damage("3.8.7", damage)
    there = {key: set(expected[key]) for key in ("sound", "bytes_only", "record_only", "doubtful")}
    assert len(shown["mailboxes"]) == 3
    assert {each["uid"] for each in listed} == set().union(*there.values())
    flagged = {each["uid"] for each in listed if each["findings"]}
    assert flagged <= there["bytes_only"] | there["record_only"] | there["doubtful"]


def test_names_that_are_none_are_shown_harmless_and_given_exactly(
    as_root: None, tmp_path: Path
) -> None:
    place = golden.unpack_damaged("3.0.18", "name-with-newline", tmp_path)

    text = respool("show", "anna@bluemind.loc", "--backups", str(place)).stdout.decode()
    found = answer(place, "show", "anna@bluemind.loc")

    assert "Fac\\ntures" in text
    assert "Fac\ntures" in {each["path"] for each in found["mailboxes"]}


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (10, "account-not-in-generation", ("show", "nobody@bluemind.loc")),
        (10, "account-not-in-generation", ("show", "share/jdoe@bluemind.loc")),
        (10, "generation-not-found", ("show", JDOE, "-g", "1")),
        (10, "generation-not-found", ("show", JDOE, "-g", "1233")),
        (10, "generation-not-found", ("accounts", "-g", "2001-01-01")),
        (10, "folder-not-in-generation", ("ls", JDOE, "Nothing")),
        (10, "folder-not-in-generation", ("ls", JDOE, "Projects/2017", "-g", "89")),
        (10, "folder-not-in-generation", ("ls", JDOE, "../alice")),
        (10, "message-not-in-mailbox", ("cat", JDOE, "INBOX", "4711")),
        (2, "usage", ("show", JDOE, "-g", "yesterday")),
        (2, "ambiguous-name", ("show", "jdoe")),
    ],
)
def test_what_is_not_there_is_an_error_with_its_status(
    golden_backup: Path, status: int, code: str, words: tuple[str, ...]
) -> None:
    error = refused(status, *words, "--backups", str(golden_backup))

    assert (error["error"], error["exit_status"]) == (code, status)


def test_an_error_is_said_to_people_as_what_why_and_hint(golden_backup: Path) -> None:
    done = respool("ls", JDOE, "Projects/2017", "-g", "89", "--backups", str(golden_backup))

    assert done.returncode == 10
    assert done.stdout == b""
    assert done.stderr.decode().splitlines() == [
        "error: folder-not-in-generation   NOTHING WAS CHANGED",
        '  "Projects/2017" of jdoe@bluemind.loc is not in generation 89 (20 Nov 2024 01:00 UTC)',
        "  why:  last in generation 88 (19 Nov 2024 01:00 UTC)",
        "  hint: respool ls jdoe@bluemind.loc Projects/2017 -g 88",
    ]


@pytest.mark.parametrize("place", ["/nonexistent", "/proc/sys", "/dev/null"])
def test_places_without_a_backup_are_refused(place: str) -> None:
    assert refused(10, "backups", "--backups", place)["error"] == "backup-not-found"


@pytest.mark.parametrize(
    "words", [(), ("nonsense",), ("show",), ("cat", JDOE, "INBOX", "x"), ("ls", "--nonsense")]
)
def test_wrong_usage_has_status_2(words: tuple[str, ...]) -> None:
    assert respool(*words).returncode == 2


def test_a_reader_that_goes_away_is_no_error(golden_backup: Path) -> None:
    script = (
        f"{sys.executable} -m respool ls {JDOE} INBOX --json --backups {golden_backup}"
        " | head -n 1; exit ${PIPESTATUS[0]}"
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout.splitlines()) == 1


def test_the_commands_change_nothing_in_a_backup(
    golden_backup: Path, unchanged: Callable[[Path], AbstractContextManager[None]]
) -> None:
    with unchanged(golden_backup):
        answer(golden_backup, "backups")
        answer(golden_backup, "accounts", "-g", "all")
        answer(golden_backup, "show", JDOE)
        lines(golden_backup, "ls", JDOE, "INBOX", "--include-expunged")
        answer(golden_backup, "cat", JDOE, "INBOX", "1")


@pytest.mark.parametrize("words", [("--help",), ("show", "--help"), ("--version",)])
def test_the_help_needs_no_backup(words: tuple[str, ...]) -> None:
    done = respool(*words, variables={"RESPOOL_BACKUPS": "/nonexistent"})

    assert done.returncode == 0
    assert b"respool" in done.stdout


def test_the_help_loads_none_of_the_large_libraries() -> None:
    """
    What makes the help fast: within 100 ms on a quiet machine, which no test can promise.
    """
    probe = (
        "import sys; sys.argv = ['respool', '--help']\n"
        "from respool.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "large = {'numpy', 'rich', 'typer', 'imapclient', 'sqlite3', 'email'}\n"
        "print(sorted(large & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, check=True, timeout=60
    )

    assert done.stderr == b"[]\n"


def loaded_by(words: list[str]) -> set[str]:
    """All modules that a command has loaded when it ends."""
    probe = (
        "import sys\n"
        "from respool.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, *words], capture_output=True, check=True, timeout=60
    )
    return set(done.stderr.decode().splitlines()[-1].split())


def test_the_help_of_a_command_loads_no_other_and_nothing_that_works() -> None:
    loaded = loaded_by(["restore", "--help"])

    assert "respool.cli.commands.restore" in loaded
    assert "respool.cli.commands.find" not in loaded
    assert loaded & {"numpy", "rich", "imapclient", "sqlite3", "ssl"} == set()


def test_a_plan_into_files_loads_no_other_target_and_nothing_that_speaks_with_servers(
    golden_backup: Path, tmp_path: Path
) -> None:
    """What makes it fast: loading all of respool takes longer than many a plan."""
    loaded = loaded_by(
        ["plan", JDOE, "--backups", str(golden_backup), "--to", f"maildir:{tmp_path}/mail"]
    )

    ours = {".".join(each.split(".")[:3]) for each in loaded if each.startswith("respool.")}
    assert "respool.targets.export" in ours
    assert ours & {"respool.targets.imap", "respool.targets.state"} == set()
    assert {each for each in ours if each.startswith("respool.finishing")} == set()
    alone = {"imapclient", "imaplib", "httpx", "ssl", "pydantic", "respool.targets.spool.planner"}
    assert loaded & alone == set()
    assert "respool.system.cyrus_server" not in loaded
