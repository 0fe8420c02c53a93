"""The command into files, with no server anywhere and by nobody in particular."""

from __future__ import annotations

import hashlib
import json
import mailbox
import os
import pwd
import re
import subprocess
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import golden
from tests.support.restoring import COMMAND, Ran
from tests.support.truth import read_truth

ACCOUNT = "jdoe@bluemind.loc"


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spool that anybody may read, as one that was fetched home."""
    place = golden.unpack_spool("3.4.9", tmp_path_factory.mktemp("fetched"))
    for each in (place, *place.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)
    return place


@pytest.fixture
def home() -> Iterator[Path]:
    """Where somebody without any rights may write, and may come to."""
    with tempfile.TemporaryDirectory(prefix="respool-home-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


# Whoever runs the tests has an interpreter that somebody else may not even see: nobody gets
# the right to read, and no other.
AS_NOBODY = ("--reuid=nobody", "--clear-groups", "--inh-caps=+dac_read_search")
MAY_READ = ("--ambient-caps=+dac_read_search", "--bounding-set=-all,+dac_read_search")
AS_ROOT_WITHOUT_RIGHTS = ("--bounding-set=-all", "--inh-caps=-all")


def run(
    backup: Path, home: Path, *words: str, rights: tuple[str, ...] = (*AS_NOBODY, *MAY_READ)
) -> Ran:
    """The command, by nobody where that can be, who has no server."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "RESPOOL_BACKUPS": str(backup),
        "RESPOOL_IMAPD_CONF": "/nonexistent",
        "RESPOOL_STATE": str(home / "state"),
    }
    before = ("setpriv", *rights) if os.geteuid() == 0 else ()
    process = subprocess.Popen(
        [*before, str(COMMAND), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=home,
    )
    output, errors = process.communicate(timeout=120)
    return Ran(status=process.returncode, output=output, errors=errors, pid=process.pid)


def true_guids() -> Counter[str]:
    """What the server itself said that the account holds."""
    boxes = read_truth("3.4.9").of_user(ACCOUNT)
    return Counter(message.sha1 for box in boxes for message in box.messages)


def sha1(octets: bytes) -> str:
    """In hex, as a GUID is written."""
    return hashlib.sha1(octets, usedforsecurity=False).hexdigest()


def in_maildir(place: Path) -> Counter[str]:
    """By the standard library: it knows every folder of a Maildir++."""
    root = mailbox.Maildir(place, create=False)
    folders = [root, *(root.get_folder(name) for name in root.list_folders())]
    return Counter(sha1(each.get_bytes(key)) for each in folders for key in each.keys())  # noqa: SIM118


def in_zip(place: Path) -> Counter[str]:
    """Every .eml of a zip."""
    with zipfile.ZipFile(place) as archive:
        assert archive.testzip() is None
        names = [name for name in archive.namelist() if name.endswith(".eml")]
        return Counter(sha1(archive.read(name)) for name in names)


def in_files(place: Path) -> Counter[str]:
    """Every .eml below a directory."""
    return Counter(sha1(file.read_bytes()) for file in place.rglob("*.eml"))


def in_mbox(place: Path) -> Counter[str]:
    """Split at From_ lines and unquoted, as mboxrd says."""
    found: Counter[str] = Counter()
    for file in place.rglob("*.mbox"):
        for part in re.split(rb"(?m)^From [^\n]*\n", file.read_bytes())[1:]:
            octets = re.sub(rb"(?m)^>(>*From )", rb"\1", part)
            found[sha1(octets.removesuffix(b"\n"))] += 1
    return found


FORMS = {
    "maildir": ("mail", in_maildir),
    "zip": ("jdoe.zip", in_zip),
    "mbox": ("jdoe.mbox", in_mbox),
    "eml": ("letters", in_files),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_of_an_account_comes_back_in_every_form_without_a_server_or_rights(
    form: str, backup: Path, home: Path
) -> None:
    name, read = FORMS[form]
    place = home / name

    ran = run(backup, home, "restore", ACCOUNT, "--to", f"{form}:{place}", "--yes", "--json")

    assert (ran.status, ran.json["verdict"]) == (0, "proven"), ran.errors
    assert ran.json["messages"] == true_guids().total()
    if form != "mbox":  # line ends of what follows a message are not its own there
        assert read(place) == true_guids()
    else:
        assert read(place).total() == true_guids().total()
    modes = {each.stat().st_mode & 0o777 for each in (place, *place.rglob("*"))}
    assert modes <= {0o600, 0o700}


def test_the_short_command_makes_a_maildir_and_it_can_be_verified_and_taken_away(
    backup: Path, home: Path
) -> None:
    ran = run(backup, home, "export", ACCOUNT, "mail", "Sent", "--yes")
    assert ran.status == 0, ran.errors
    assert "PROVEN" in ran.output
    assert "read back from the files" in ran.output

    verified = run(backup, home, "verify", "1", "--json")
    undone = run(backup, home, "undo", "1", "--yes", "--json")

    assert verified.json["verdict"] == "proven", verified.errors
    assert undone.json["state"] == "undone", undone.errors
    assert not (home / "mail").exists()


def test_a_message_that_was_altered_in_an_export_differs(backup: Path, home: Path) -> None:
    run(backup, home, "restore", ACCOUNT, "--to", f"eml:{home / 'letters'}", "--yes")
    victim = min((home / "letters").rglob("*.eml"))
    victim.write_bytes(victim.read_bytes().replace(b"Subject", b"Subjact", 1))

    verified = run(backup, home, "verify", "1", "--json")

    assert (verified.status, verified.json["verdict"]) == (30, "differs")


def test_nothing_that_is_there_is_written_over(backup: Path, home: Path) -> None:
    (home / "mail").mkdir()
    (home / "mail" / "letter").write_text("mine")

    refused = run(backup, home, "export", ACCOUNT, "mail", "--yes", "--json")

    assert (refused.status, refused.error["error"]) == (12, "plan-refused")
    assert [each.name for each in (home / "mail").iterdir()] == ["letter"]


def test_an_export_into_its_own_backup_is_refused(backup: Path, home: Path) -> None:
    refused = run(backup, home, "export", ACCOUNT, str(backup / "mail"), "--yes", "--json")

    assert (refused.status, refused.error["error"]) == (2, "usage")


@pytest.mark.parametrize(
    "option", ["--into=x", "--in-place", "--create-account", "--raise-quota", "--mend-line-ends"]
)
def test_what_is_for_servers_alone_is_refused(option: str, backup: Path, home: Path) -> None:
    words = ("restore", ACCOUNT, "--to", f"maildir:{home / 'mail'}", option, "--yes", "--json")

    refused = run(backup, home, *words)

    assert (refused.status, refused.error["error"]) == (2, "usage")


def test_files_that_may_not_be_read_are_losses_with_their_names(backup: Path, home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to take a right away from somebody else")
    file = min(backup.rglob("user/jdoe/[0-9]*."))
    owner = file.stat()
    os.chown(file, pwd.getpwnam("nobody").pw_uid, -1)
    file.chmod(0o600)
    try:
        words = ("export", ACCOUNT, "mail", "INBOX", "--yes", "--json")
        ran = run(backup, home, *words, rights=AS_ROOT_WITHOUT_RIGHTS)
    finally:
        os.chown(file, owner.st_uid, owner.st_gid)
        file.chmod(0o644)

    assert (ran.status, ran.json["verdict"]) == (3, "proven, backup incomplete"), ran.errors
    lost = [each for each in ran.json["findings"] if each["severity"] == "loss"]
    assert [each["uid"] for each in lost] == [int(file.name.removesuffix("."))]


def test_a_plan_of_an_export_is_carried_out_and_one_that_was_altered_is_not(
    backup: Path, home: Path
) -> None:
    to = ("--to", f"maildir:{home / 'mail'}")
    planned = run(backup, home, "plan", ACCOUNT, "Sent", *to, "--out", "a.plan")
    assert planned.status == 0, planned.errors
    lines = (home / "a.plan").read_text().splitlines()
    assert json.loads(lines[0])["target_kind"] == "export"

    done = run(backup, home, "restore", "--plan", "a.plan", "--yes", "--json")

    assert (done.status, done.json["verdict"]) == (0, "proven"), done.errors


def test_an_export_is_proven_by_its_own_manifest_wherever_it_was_taken(
    backup: Path, home: Path
) -> None:
    run(backup, home, "export", ACCOUNT, "jdoe.zip", "--yes")
    (home / "jdoe.zip").rename(home / "taken-away.zip")

    verified = run(backup, home, "verify", "--export", "taken-away.zip", "--json")

    assert (verified.status, verified.json["verdict"]) == (0, "proven"), verified.errors
    assert verified.json["messages"] == verified.json["expected"] > 0


def test_an_export_is_a_backup_that_can_be_exported_again(backup: Path, home: Path) -> None:
    run(backup, home, "export", ACCOUNT, "mail", "--yes")

    ran = run(home / "mail", home, "export", ACCOUNT, "again.zip", "--yes", "--json")

    assert (ran.status, ran.json["verdict"]) == (0, "proven"), ran.errors
    assert in_zip(home / "again.zip") == in_maildir(home / "mail")
