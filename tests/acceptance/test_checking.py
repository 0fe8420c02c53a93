"""``check``, as it is typed: its statuses, and that it leaves nothing when it is ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import golden

SOURCE = Path(__file__).resolve().parents[2] / "src"


def typed(*words: str) -> list[str]:
    return [sys.executable, "-m", "respool", "check", *words]


def environment() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "TZ": "UTC",
        "PYTHONPATH": str(SOURCE),
        "RESPOOL_STATE": os.environ["RESPOOL_STATE"],
    }


def check(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        typed(*words), capture_output=True, check=False, text=True, timeout=60, env=environment()
    )


def test_a_sound_account_ends_with_0_and_says_so(golden_backup: Path) -> None:
    done = check("jdoe@bluemind.loc", "-g", "88", "--backups", str(golden_backup))

    assert (done.returncode, done.stderr) == (0, "")
    assert "Sound: nothing was found." in done.stdout


def test_a_damage_ends_with_3_and_is_told_by_kind_and_by_folder(
    as_root: None, tmp_path: Path
) -> None:
    place = golden.unpack_damaged("3.8.7", "message-file-empty", tmp_path)

    done = check("anna@bluemind.loc", "--backups", str(place))

    assert (done.returncode, done.stderr) == (3, "")
    assert "message-file-size-differs  The message is not restored" in done.stdout
    assert "user/anna@bluemind.loc:" in done.stdout
    assert "message 5: its file has 0 octets" in done.stdout


def test_without_a_job_nothing_can_be_done(golden_backup: Path) -> None:
    done = check("--jobs", "0", "--json", "--backups", str(golden_backup))

    assert done.returncode == 2
    assert json.loads(done.stderr)["error"] == "usage"


def test_directories_of_one_account_need_its_name(golden_backup: Path) -> None:
    done = check("--json", "--data", str(golden_backup))

    assert done.returncode == 2
    assert "whose they are" in json.loads(done.stderr)["what"]


@pytest.fixture
def slow_spool(tmp_path: Path) -> Path:
    """A folder whose files take some seconds to read: sparse, and so no burden to the disk."""
    data = tmp_path / "var/spool/cyrus/data/b_loc/domain/b/b.loc/j/user/jdoe"
    data.mkdir(parents=True)
    for uid in range(1, 40):
        with (data / f"{uid}.").open("wb") as file:
            file.truncate(1 << 30)
    return tmp_path


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_ended_in_the_middle_it_leaves_nothing(
    slow_spool: Path, number: signal.Signals, status: int
) -> None:
    with subprocess.Popen(
        typed("--jobs", "2", "--backups", str(slow_spool)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    ) as process:
        wait_until(lambda: len(list(children_of(process.pid))) == 2)
        workers = list(children_of(process.pid))
        os.killpg(process.pid, number) if number != signal.SIGKILL else process.kill()
        process.communicate(timeout=30)

        assert process.returncode == status
        wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def children_of(parent: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            yield int(stat.parent.name)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
