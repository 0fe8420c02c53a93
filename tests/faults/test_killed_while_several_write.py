"""Much mail, which several processes of ours write: all of them killed, and gone on with."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from respool.exports.manifest import MANIFEST_FILE
from respool.targets.export.index_page import INDEX_FILE
from respool.targets.export.steps import WriteMessages
from respool.targets.spool.steps import CopyMessages
from tests.support.cut_off_restore import NAMING_FOR_IT
from tests.support.directions import fresh_target
from tests.support.exporting import tree_at
from tests.support.private_cyrus import PrivateCyrus
from tools.bench_mail import (
    FOLDER,
    LOGIN,
    Source,
    crowded_spool,
    hashes_of,
    hashes_over_imap,
    message_files,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
MESSAGES, SIZE = 3_000, 1_024
MOST_SECONDS = 60
# How many groups are noted as done when all processes are killed.
CUTS = (0, 2)
PAGES = (MANIFEST_FILE, INDEX_FILE)


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return crowded_spool(tmp_path_factory.mktemp("mail"), MESSAGES, SIZE)


def command(*words: str | Path, state: Path, jobs: int = 2) -> list[str]:
    base = [sys.executable, "-m", "respool", *map(str, words)]
    agreed = [] if "resume" in words else ["--yes"]
    return [*base, *agreed, "--json", "--state", str(state), "--jobs", str(jobs)]


def done(*words: str | Path, state: Path, jobs: int = 2) -> dict[str, Any]:
    """The receipt of a command that comes to its end."""
    ended = subprocess.run(
        command(*words, state=state, jobs=jobs),
        capture_output=True,
        check=False,
        timeout=MOST_SECONDS,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    receipt: dict[str, Any] = json.loads(ended.stdout)
    return receipt


def groups_done(state: Path, kind: str) -> int | None:
    """None until one was begun."""
    with suppress(sqlite3.Error):
        address = f"{(state / 'journal.db').as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as journal:
            found = Counter(
                state
                for (state,) in journal.execute("SELECT state FROM step WHERE kind = ?", (kind,))
            )
            return found["done"] if set(found) - {"waiting"} else None
    return None


def killed(*words: str | Path, state: Path, kind: str, after: int) -> None:
    """Begin a command and kill it once so many groups are done; its own processes end, too."""
    begun = command(*words, state=state)
    with subprocess.Popen(begun, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + MOST_SECONDS
        while (done := groups_done(state, kind)) is None or done < after:
            assert process.poll() is None, "it had ended before it was killed"
            assert time.monotonic() < deadline
        workers = copies_of(process.pid)
        assert len(workers) >= 3
        process.send_signal(signal.SIGKILL)
    while any(map(is_running, workers)):
        assert time.monotonic() < deadline, "some go on writing"
        time.sleep(0.01)


def copies_of(process: int) -> set[int]:
    """The processes that it has forked of itself; a server's programs are others."""
    words = Path(f"/proc/{process}/cmdline").read_bytes()
    found: set[int] = set()
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            found |= {int(each) for each in task.read_text("ascii").split()}
    return {each for each in found if Path(f"/proc/{each}/cmdline").read_bytes() == words}


def is_running(process: int) -> bool:
    try:
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())  # a zombie has none
    except OSError:
        return False


@pytest.mark.parametrize("form", ["maildir", "eml"])
def test_an_export_ends_like_one_that_one_process_wrote(
    mail: Source, tmp_path: Path, form: str
) -> None:
    words = ("restore", LOGIN, FOLDER, "--backups", mail.spool)
    clean = done(*words, "--to", f"{form}:{tmp_path / 'one'}", state=tmp_path / "s", jobs=1)
    assert clean["verdict"] == "proven"
    wanted = messages_of(tmp_path / "one")

    for cut in CUTS:
        place, state = tmp_path / f"cut{cut}", tmp_path / f"state{cut}"
        to = f"{form}:{place}"
        killed(*words, "--to", to, state=state, kind=WriteMessages.kind, after=cut)

        assert done("resume", "1", state=state)["verdict"] == "proven"

        assert messages_of(place) == wanted, cut


def messages_of(export: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """Mode, size, time and octets of each file but the pages; what the manifest says of each."""
    manifest = json.loads((export / MANIFEST_FILE).read_bytes())
    rows = [{**each, "file": None} for each in manifest["messages"]]
    files = [what for name, what in tree_at(export).items() if name not in PAGES]
    return sorted(files), rows


@pytest.mark.needs_cyrus
def test_a_restore_into_a_server_ends_with_every_message_once(
    mail: Source, tmp_path: Path, cyrus_names: PrivateCyrus
) -> None:
    server = ("--imapd-conf", cyrus_names.imapd_conf)
    wanted = hashes_of(message_files(mail.folders[0]))
    for cut in CUTS:
        target, state = fresh_target(cyrus_names, "user"), tmp_path / f"state{cut}"
        to = ("--to", target.written, "--into", "back", "--other-person")
        words = ("restore", LOGIN, FOLDER, "--backups", mail.spool, *to, *server)
        killed(*words, state=state, kind=CopyMessages.kind, after=cut)

        assert done("resume", "1", *server, state=state)["verdict"] == "proven"

        with cyrus_names.client_as(target.login) as client:
            assert hashes_over_imap(client, f"back/{FOLDER}") == wanted, cut


@pytest.mark.needs_cyrus
@pytest.mark.parametrize("point", NAMING_FOR_IT)
def test_names_that_another_process_was_giving_are_given_in_the_end(
    mail: Source, tmp_path: Path, cyrus_names: PrivateCyrus, point: str
) -> None:
    """Some messages have names, no index knows of any; the process may be lost alone, too."""
    server = ("--imapd-conf", cyrus_names.imapd_conf)
    target, state = fresh_target(cyrus_names, "user"), tmp_path / "state"
    to = ("--to", target.written, "--into", "named", "--other-person")
    words = ("restore", LOGIN, FOLDER, "--backups", mail.spool, *to, *server)
    cut_off = [sys.executable, "-m", "tests.support.cut_off_restore", point]
    ended = subprocess.run(
        [*cut_off, *command(*words, state=state)[3:]],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        check=False,
        timeout=MOST_SECONDS,
    )
    is_killed = ended.returncode == -signal.SIGKILL
    assert is_killed == NAMING_FOR_IT[point], ended.stderr.decode()
    waiting = list(cyrus_names.root.rglob(".respool-*[0-9]."))
    assert 0 < len(waiting) < MESSAGES
    assert any(waiting[0].parent.glob("[0-9]*."))

    assert done("resume", "1", *server, state=state)["verdict"] == "proven"

    wanted = hashes_of(message_files(mail.folders[0]))
    with cyrus_names.client_as(target.login) as client:
        assert hashes_over_imap(client, f"named/{FOLDER}") == wanted
