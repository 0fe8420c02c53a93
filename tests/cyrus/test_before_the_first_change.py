"""All that speaks against a restore is found before it changes anything, and told at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from respool.app.doctor import examine
from respool.app.restore import restore, restore_plan, save_plan
from respool.app.resume import resume
from respool.app.settings import Settings
from respool.cli.restore_text import plan_text
from respool.errors import Interrupted, NotReady, PlanRefused, SurveyChanged
from respool.model.checks import Mark
from respool.planning.plan import PlanHead
from respool.planning.request import Person
from respool.system import programs
from tests.support import golden
from tests.support.imap_contents import folder_names
from tests.support.private_cyrus import NewMessage, PrivateCyrus, server_root
from tests.support.restoring import Workplace, agreeing, live_state, settings_for, wish
from tests.support.small_disks import immutable, read_only, small_disk

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
LIVE = NewMessage(octets=b"Subject: live\r\n\r\nlive\r\n")
TAKEN = "taken"
SAME = Person.SAME
PARTITION = "bluemind_loc"


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateCyrus]:
    """A server with an account of jdoe that holds one message, and has a folder "taken"."""
    with server_root() as root, PrivateCyrus(root) as one:
        one.add_user_with_messages(JDOE, [LIVE])
        one.create_mailbox(f"user/jdoe/{TAKEN}@bluemind.loc")
        yield one


@pytest.fixture
def backups(as_root: None, tmp_path: Path) -> Path:
    """A backup of this test's own."""
    return golden.unpack_dataprotect(tmp_path / "own-backup")


@pytest.fixture
def settings(server: PrivateCyrus, golden_backup: Path, tmp_path: Path) -> Settings:
    return settings_for(server, golden_backup, tmp_path / "state")


def plan(settings: Settings, *folders: str, **more: Any) -> PlanHead:  # noqa: ANN401 - as wish
    return save_plan(settings, wish(JDOE, *folders, generation="88", person=SAME, **more), None)


def refusal(settings: Settings, **more: Any) -> tuple[str, ...]:  # noqa: ANN401 - as wish
    """Every reason against a small restore."""
    with pytest.raises(PlanRefused) as refused:
        plan(settings, "Drafts", **more)
    return refused.value.reasons


def bad(settings: Settings) -> dict[str, str]:
    """What doctor finds that keeps this machine from a restore."""
    return {each.what: each.found for each in examine(settings) if each.mark is Mark.BAD}


@contextmanager
def at_work(tmp_path: Path, name: str, *words: str) -> Iterator[int]:
    """A program called ``name`` that runs with ``words`` and does nothing; its process."""
    program = tmp_path / name
    program.write_text("#!/bin/sh\nsleep 600 & wait\n", "ascii")
    program.chmod(0o755)
    process = subprocess.Popen([str(program), *words], start_new_session=True)
    try:
        while name not in Path(f"/proc/{process.pid}/cmdline").read_text("ascii"):
            time.sleep(0.01)
        yield process.pid
    finally:
        os.killpg(process.pid, 9)
        process.wait()


@contextmanager
def few_files(at: Path, spare: int = 6) -> Iterator[None]:
    """A file system that takes hardly more files than there are: ``spare``, its root included."""
    with small_disk(at, "4m", inodes=sum(1 for _ in at.rglob("*")) + spare):
        yield


@contextmanager
def limits(server: PrivateCyrus, text: str) -> Iterator[None]:
    """Limits of the account, as SETQUOTA writes them; none afterwards."""
    with server.admin_client() as admin:
        admin._imap.setquota(f'"user/{JDOE}"', text)
        try:
            yield
        finally:
            admin._imap.setquota(f'"user/{JDOE}"', "()")


def without_end(backups: Path) -> None:
    """The description of generation 88 as it is while its mail is being written."""
    file = backups / "generation-88.json"
    description = json.loads(file.read_text("utf-8"))
    for part in description["parts"]:
        part["end"] = None
    file.write_text(json.dumps(description), "utf-8")


def folder_in(backups: Path, name: str) -> Path:
    """Where generation 88 has the messages of one of jdoe's folders."""
    part = "dp_spool/rsync/*/mail/imap/1233"
    (found,) = backups.glob(f"{part}/var/spool/cyrus/data/*/**/jdoe/{name}")
    return found


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
def test_ten_things_that_are_wrong_are_told_at_once_and_nothing_is_changed(
    server: PrivateCyrus,
    backups: Path,
    tmp_path: Path,
    *,
    as_json: bool,
) -> None:
    without_end(backups)
    place = Workplace(server=server, backups=backups, state=tmp_path / "state")
    before = live_state(server, [JDOE])
    words = ["restore", JDOE, "-g", "88", "--into", TAKEN, "--rename", "Drafts=a*b", "--yes"]
    reconstruct = ("-C", str(server.imapd_conf), "-r", f"user/{JDOE}")
    with (
        limits(server, "(STORAGE 1 MESSAGE 1 X-NUM-FOLDERS 3)"),
        small_disk(server.files.data(PARTITION), "200k", inodes=25),
        at_work(tmp_path, "reconstruct", *reconstruct),
    ):
        ran = place.run(*words, *(["--json"] if as_json else []))
    said = [
        "part 1233 of generation 88, which has this mail, has no end",
        "--into taken: that folder is there already",
        "'*'",
        "STORAGE would be",
        "MESSAGE would be",
        "X-NUM-FOLDERS would be",
        "MiB free",
        "more files",
        "reconstruct is at work",
        "--same-person",
    ]
    reasons = ran.error["reasons"] if as_json else why_lines(ran.errors)
    found = {each: [reason for reason in reasons if each in reason] for each in said}
    assert {each for each, those in found.items() if not those} == set()
    assert ran.status == 12
    if not as_json:
        assert ran.errors.startswith("error: plan-refused   NOTHING WAS CHANGED")
    assert live_state(server, [JDOE]) == before
    assert not list((place.state / "runs").glob("*"))


def why_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("  why:  ")]


def test_a_partition_into_which_nobody_can_write_is_refused_and_doctor_says_so(
    server: PrivateCyrus, settings: Settings
) -> None:
    data = server.files.data(PARTITION)
    account = next(data.glob("domain/*/*/*/user/jdoe"))
    with read_only(data):
        (reason,) = refusal(settings)
        assert reason.endswith("is on a file system that is mounted read-only")
        assert "read-only" in bad(settings)[f"partition {PARTITION}"]
    shutil.chown(account, "root", "root")
    try:
        (reason,) = refusal(settings)
        assert reason == f"nothing can be written: the user cyrus may not write into {account}"
    finally:
        shutil.chown(account, "cyrus", "mail")
    assert bad(settings) == {}


def test_a_directory_that_was_made_immutable_is_refused(
    server: PrivateCyrus, settings: Settings
) -> None:
    account = next(server.files.data(PARTITION).glob("domain/*/*/*/user/jdoe"))
    with immutable(account):
        (reason,) = refusal(settings)
    assert reason == f"nothing can be written: {account} is immutable (chattr -i {account})"


def test_room_is_needed_for_the_journal_and_for_metadata_too(
    server: PrivateCyrus, settings: Settings
) -> None:
    settings.state.mkdir(mode=0o700)
    with small_disk(settings.state, "64k"), small_disk(server.files.meta(PARTITION), "2m"):
        reasons = refusal(settings)
    assert any(f"no space: {settings.state} has" in reason for reason in reasons)
    with few_files(server.files.meta(PARTITION)):
        (reason,) = refusal(settings)
    assert reason.startswith(f"no space: {server.files.meta(PARTITION)} has room for")


def test_programs_of_another_version_than_the_server_are_refused(
    settings: Settings, put_before: Callable[[str, str], None]
) -> None:
    """An upgrade that was not finished, or another Cyrus on the same machine."""
    put_before("cyr_info", "#!/bin/sh\necho cyrus-imapd 2.5.11\n")
    (reason,) = refusal(settings)
    assert "its programs: 2.5.11" in reason
    assert "one version" in bad(settings)


def test_a_program_that_is_missing_is_refused(
    settings: Settings, put_before: Callable[[str, str], None]
) -> None:
    put_before("other", "")
    (programs.PROGRAM_DIRECTORIES[0] / "quota").unlink()
    (reason,) = refusal(settings)
    assert "the server's program quota is not on this machine" in reason


def test_a_server_whose_mail_is_another_ones_copy_is_refused(
    server: PrivateCyrus, settings: Settings
) -> None:
    text = server.cyrus_conf.read_text("utf-8")
    server.cyrus_conf.write_text(text.replace("/imapd -C", "/sync_server -C"), "utf-8")
    try:
        (reason,) = refusal(settings)
        assert "a replica" in reason
        assert "a replica" in bad(settings)["role"]
    finally:
        server.cyrus_conf.write_text(text, "utf-8")


def test_what_works_beside_a_restore_is_said_and_does_not_stop_it(
    server: PrivateCyrus, backups: Path, settings: Settings, tmp_path: Path
) -> None:
    """The nightly backup, cyr_expire, a part of another server, a list dated in the future."""
    file = backups / "generation-88.json"
    description = json.loads(file.read_text("utf-8"))
    part = description["parts"][0]
    description["parts"].append({**part, "id": 999, "tag": "mail/imap", "end": None})
    file.write_text(json.dumps(description), "utf-8")
    spool = str(server.files.root / "spool")
    databases = server.files.config_directory / "mailboxes.db"
    was = databases.stat()
    with (
        at_work(tmp_path, "rsync", "-a", spool, "/elsewhere"),
        at_work(tmp_path, "cyr_expire", "-C", str(server.imapd_conf), "-E", "3"),
    ):
        os.utime(databases, (was.st_atime, was.st_mtime + 10 * 86400))
        try:
            head = plan(replace(settings, backups=backups), "Drafts")
        finally:
            os.utime(databases, ns=(was.st_atime_ns, was.st_mtime_ns))
    codes = [each.code for each in head.findings]
    assert codes.count("server-at-work") == 2
    assert codes.count("backup-running") == 1
    assert codes.count("clock-doubtful") == 1
    assert plan_text(head).count("\nNOTE  the server: ") == 2


def test_a_part_that_is_being_emptied_is_refused(
    golden_backup: Path, settings: Settings, tmp_path: Path
) -> None:
    """So BlueMind removes old parts: rsync from an empty directory, then the directory goes."""
    (part,) = golden_backup.glob("dp_spool/rsync/*/mail/imap/1233")
    with at_work(tmp_path, "rsync", "-a", "--delete", f"{tmp_path}/empty/", f"{part}/") as pid:
        (reason,) = refusal(settings)
    assert reason.startswith(f"rsync (process {pid}) is writing to {part}, or emptying it")


def test_a_plan_whose_mail_has_gone_meanwhile_is_refused_with_every_reason(
    backups: Path, settings: Settings, tmp_path: Path
) -> None:
    mine = replace(settings, backups=backups)
    file = tmp_path / "kept.plan"
    save_plan(mine, wish(JDOE, "Drafts", "Projects", generation="88", person=SAME), file)
    for message in folder_in(backups, "Drafts").glob("*."):
        message.unlink()
    shutil.rmtree(folder_in(backups, "Projects/2017"))
    asked: list[PlanHead] = []
    with pytest.raises(SurveyChanged) as changed:
        restore_plan(mine, file, agreeing(asked))
    assert asked == []
    reasons = changed.value.reasons
    assert any(reason.startswith("Drafts: ") for reason in reasons)
    assert any(reason.startswith("Projects/2017: ") for reason in reasons)


def test_a_run_that_stopped_goes_on_only_when_all_that_stands_against_it_is_mended(
    server: PrivateCyrus, backups: Path, settings: Settings, tmp_path: Path
) -> None:
    """
    The mail that is left has gone from the backup, there is no room for it, and somebody
    rebuilds the account; each is told, and nothing is done.
    """
    mine = replace(settings, backups=backups)
    talk = agreeing()
    stopping = replace(talk, on_progress=lambda _progress: talk.stop.wish.set())
    with pytest.raises(Interrupted):
        restore(mine, wish(JDOE, "Drafts", generation="88", person=SAME, into="later"), stopping)
    before = live_state(server, [JDOE], without="later")
    away = tmp_path / "away"
    with ExitStack() as mended:
        drafts = folder_in(backups, "Drafts")
        shutil.move(drafts, away)
        mended.callback(shutil.move, away, drafts)
        mended.enter_context(few_files(server.files.data(PARTITION), spare=1))
        words = ("-C", str(server.imapd_conf), f"user/{JDOE}")
        mended.enter_context(at_work(tmp_path, "reconstruct", *words))
        with pytest.raises(NotReady) as refused:
            resume(mine, 1, agreeing())
        reasons = "\n".join(refused.value.reasons)
    assert "Drafts is gone from the backup" in reasons
    assert "no space" in reasons
    assert "reconstruct is at work" in reasons
    assert resume(mine, 1, agreeing()).verdict.value == "proven"
    assert live_state(server, [JDOE], without="later") == before
    with server.client_as(JDOE) as client:
        assert "later/Drafts" in folder_names(client)


def test_few_programs_are_run_for_a_plan_and_fewer_to_see_that_it_still_holds(
    server: PrivateCyrus, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes as long as reading thousands of records.

    What was told of a list of mailboxes stands while nobody has written to it.
    """
    ran: list[str] = []

    class Counted(subprocess.Popen[str]):
        def __init__(self, command: list[str], **more: Any) -> None:  # noqa: ANN401 - as its own
            is_switched = Path(command[0]).name == "setpriv"  # to the server's user
            ran.append(Path(command[command.index("--") + 1 if is_switched else 0]).name)
            super().__init__(command, **more)

    written = server.imapd_conf.parent.parent / "conf" / "mailboxes.db"
    os.utime(written, (1_000_000_000, 1_000_000_000))
    monkeypatch.setattr("subprocess.Popen", Counted)
    talk = replace(agreeing(), on_begin=lambda _run, _head: ran.append("begun"))
    receipt = restore(settings, wish(JDOE, "Drafts", generation="88", person=SAME), talk)

    before = Counter(ran[: ran.index("begun")])
    assert receipt.verdict.value == "proven"
    assert (before["mbpath"], before["cyr_dbtool"], before["test"]) == (2, 2, 2)
    assert before["cyr_info"] <= 1  # what it says stands while it is the same file
    assert before.total() - before["master"] <= 7
