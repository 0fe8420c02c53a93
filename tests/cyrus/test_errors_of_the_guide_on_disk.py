"""What the published manual procedure does wrong with files, other folders and quota.

Each test is named after the error that does not happen with respool; see also
``test_errors_of_the_guide``.
"""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import golden
from tests.support.guide import (
    ALICE,
    CONTACT,
    JDOE,
    PART,
    RESTORE_DIR,
    as_backed_up,
    as_owner,
    as_reader,
    directory_of,
    part_1234,
    proven,
    serve_guide,
    share_as_backed_up,
    size_of,
    storage_used,
)
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import Ran, Workplace
from tests.support.staging import Staging, stage_user
from tests.support.trees import unchanged

pytestmark = pytest.mark.needs_cyrus

YES = ("--yes", "--json")
JOHN = "john.doe@bluemind.loc"
NEIGHBOUR = "john.doe2@bluemind.loc"
BELOW = Path("var/spool/cyrus")
DOMAIN = Path("bluemind_loc/domain/b/bluemind.loc")


@pytest.fixture(scope="module")
def work(golden_backup: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """The guide's server for all tests here: each restores into a folder of its own."""
    with serve_guide(golden_backup, tmp_path_factory.mktemp("state")) as place:
        yield place


@pytest.fixture(scope="module")
def jdoe(work: Workplace) -> str:
    """The new folder of jdoe, restored from backup number 1234 beside the live ones."""
    proven(work.run("restore", JDOE, *PART, "--into", RESTORE_DIR, *YES))
    return RESTORE_DIR


@pytest.fixture
def staged(golden_backup: Path, tmp_path: Path) -> Staging:
    return stage_user(part_1234(golden_backup), tmp_path / "var/backups", "jdoe")


@pytest.fixture
def other_backups(as_root: None, tmp_path: Path) -> Path:
    """A golden tree that the test may alter before it is read."""
    return golden.unpack_dataprotect(tmp_path / "altered")


# Earlier restores, and what belongs to others.


def test_earlier_restores_and_folders_of_other_shares_do_not_come_along(
    work: Workplace, other_backups: Path
) -> None:
    """
    The guide's search over all letters takes both, and nests one restore in the next.
    """
    part = part_1234(other_backups)
    for kind in ("data", "meta"):
        domain = part / BELOW / kind / DOMAIN
        for copied in ("r/contact/restored-2016-01-01", "c/info/contact/secret"):
            shutil.copytree(domain / "c/contact/Clients/2018", domain / copied)
    place = replace(work, backups=other_backups)

    ran = place.run("restore", CONTACT, *PART, "--into", "beside", *YES, "--details")
    named = place.run("restore", CONTACT, "restored-2016-01-01", *PART, "--into", "named", *YES)

    proven(ran)
    proven(named)
    assert "left out: restored-2016-01-01: of an earlier restore, 2 messages" in ran.errors
    assert as_reader(work.server, ALICE, "beside") == share_as_backed_up("beside")
    assert len(as_reader(work.server, ALICE, "named")["named/restored-2016-01-01"]) == 2


def test_a_folder_of_that_name_is_not_merged_with(work: Workplace, jdoe: str) -> None:
    before = as_owner(work.server, JDOE, jdoe)

    ran = work.run("restore", JDOE, "=Drafts", *PART, "--into", jdoe, *YES)

    assert (ran.status, ran.error["error"]) == (12, "plan-refused")
    assert as_owner(work.server, JDOE, jdoe) == before


# Files.


def test_a_staged_copy_is_not_used_up(work: Workplace, staged: Staging) -> None:
    with unchanged(staged.data[0].parent):
        proven(staged_run(work, staged, "first"))
        proven(staged_run(work, staged, "second"))

    wanted = as_backed_up("second")["second/Sent"]
    assert as_owner(work.server, JDOE, "second")["second/Sent"] == wanted


def test_hard_links_into_the_backup_are_not_written_through(
    work: Workplace, golden_backup: Path, tmp_path: Path
) -> None:
    """
    chown and chmod on a staged copy of links change every generation. Here nothing is.
    """
    spool = part_1234(golden_backup) / BELOW
    staged = Staging(data=(tmp_path / "jdoe",), meta=(tmp_path / "jdoe-meta",))
    for kind, (place,) in (("data", staged.data), ("meta", staged.meta)):
        subprocess.run(["cp", "-al", spool / kind / DOMAIN / "j/user/jdoe", place], check=True)

    try:
        with ExitStack() as held_unchanged:
            for place in (golden_backup, tmp_path):
                held_unchanged.enter_context(unchanged(place))
            proven(staged_run(work, staged, "of-links"))
        linked = {file.stat().st_ino for file in staged.data[0].rglob("*.")}
        live = directory_of(work.server, "user/jdoe/of-links/Sent@bluemind.loc")
        made = {file.stat().st_ino for file in live.glob("*.")}
        assert (len(made), linked & made) == (5, set())
    finally:
        for place in (*staged.data, *staged.meta):
            shutil.rmtree(place)


def test_message_files_are_not_left_executable_or_another_s(work: Workplace, jdoe: str) -> None:
    inbox = directory_of(work.server, f"user/{JDOE}")
    made = directory_of(work.server, f"user/jdoe/{jdoe}@bluemind.loc")
    modes = {
        place: {(f.stat().st_uid, f.stat().st_gid, stat.S_IMODE(f.stat().st_mode)) for f in found}
        for place, found in ((inbox, inbox.glob("*.")), (made, made.rglob("*.")))
    }

    assert modes[made] == modes[inbox]
    assert len(modes[made]) == 1


# Quota.


def test_quota_is_counted_for_this_account_and_no_other_of_a_longer_name(
    work: Workplace,
) -> None:
    """
    The counts of john.doe and john.doe2 are both wrong before; dots count as they stand.
    """
    server = work.server
    server.create_user(NEIGHBOUR)
    with server.admin_client() as admin:
        admin._imap.setquota(f'"user/{NEIGHBOUR}"', "(STORAGE 1000)")
    right = storage_used(server, f"user/{JOHN}")
    for name in ("user.john^doe", "user.john^doe2"):
        miscount(server, f"j/{name}", 500 << 10)

    proven(work.run("restore", JOHN, *PART, "--into", "counted", *YES))

    added = size_of(as_owner(server, JOHN, "counted")) / 1024
    assert abs(storage_used(server, f"user/{JOHN}") - right - added) <= 1
    assert storage_used(server, f"user/{NEIGHBOUR}") == 500


def test_the_quota_of_a_mailshare_is_counted_too(work: Workplace) -> None:
    server = work.server
    right = storage_used(server, CONTACT)
    miscount(server, "c/contact", 700 << 10)

    proven(work.run("restore", CONTACT, "=INBOX", *PART, "--into", "counted", *YES))

    added = size_of(as_reader(server, ALICE, "counted")) / 1024
    assert abs(storage_used(server, CONTACT) - right - added) <= 1


def miscount(server: PrivateCyrus, file: str, octets: int) -> None:
    """Let the server believe that a quota root uses ``octets``."""
    place = server.files.config_directory / "domain/b/bluemind.loc/quota" / file
    text, count = re.subn(r"^%\(S \(\d+", f"%(S ({octets}", place.read_text("ascii"))
    assert count == 1
    place.write_text(text, "ascii")


def staged_run(work: Workplace, staged: Staging, into: str) -> Ran:
    """Sent is enough here: it has a few messages."""
    return work.run("restore", JDOE, "=Sent", *staged.options(), "--into", into, *YES)
