from __future__ import annotations

import os
from pathlib import Path

import pytest

from respool.system.processes import parse_process, processes


@pytest.mark.parametrize(
    ("line", "name", "words"),
    [
        (b"/usr/lib/cyrus/bin/reconstruct\0-r\0user/x\0", "reconstruct", ("-r", "user/x")),
        (b"rsync\0-a\0/a b\0/c\0", "rsync", ("-a", "/a b", "/c")),
        (b"/usr/bin/perl\0-w\0/usr/bin/rsnapshot\0daily\0", "rsnapshot", ("daily",)),
        (b"/bin/sh\0/tmp/reconstruct\0user/x\0", "reconstruct", ("user/x",)),
        (b"python3.11\0/opt/borg\0create\0", "borg", ("create",)),
        (b"imapd: idle jdoe\0\0\0", "imapd:", ("idle", "jdoe")),
        (b"bash\0", "bash", ()),
    ],
)
def test_a_process_is_called_by_its_program_or_script(
    line: bytes, name: str, words: tuple[str, ...]
) -> None:
    found = parse_process(7, line)

    assert found is not None
    assert (found.name, found.words) == (name, words)


def test_what_the_kernel_runs_itself_is_no_program() -> None:
    assert parse_process(2, b"") is None


def test_an_option_is_read_beside_its_letter_or_within_its_word() -> None:
    beside = parse_process(7, b"reconstruct\0-C\0/etc/a.conf\0-r\0")
    within = parse_process(7, b"reconstruct\0-C/etc/a.conf\0")
    neither = parse_process(7, b"reconstruct\0--Config\0-r\0")

    assert beside is not None
    assert within is not None
    assert neither is not None
    assert (beside.option("C"), within.option("C")) == ("/etc/a.conf", "/etc/a.conf")
    assert neither.option("C") is None


def test_those_that_run_are_listed_without_ourselves(tmp_path: Path) -> None:
    for pid, line in ((41, b"rsync\0-a\0"), (42, b""), (os.getpid(), b"respool\0plan\0")):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "cmdline").write_bytes(line)
    (tmp_path / "43").mkdir()  # ended meanwhile
    (tmp_path / "uptime").write_text("1", "ascii")

    assert [(each.pid, each.name) for each in processes(tmp_path)] == [(41, "rsync")]
