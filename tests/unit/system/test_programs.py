from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.errors import ProgramFailed
from respool.system import programs
from respool.system.ownership import Owner
from respool.system.programs import find_program, run_program, started

SHELL = "/bin/sh"
SWITCHERS = {"by setpriv": "setpriv", "by Python": "no-such-program"}


def program(directory: Path, name: str, *, mode: int = 0o755) -> Path:
    directory.mkdir(exist_ok=True)
    file = directory / name
    file.write_text("#!/bin/sh\n", "ascii")
    file.chmod(mode)
    return file


def test_status_output_and_errors_are_told_apart() -> None:
    done = run_program([SHELL, "-c", "echo out; echo err >&2; exit 3"])

    assert (done.status, done.signal_name) == (3, None)
    assert (done.output, done.errors) == ("out\n", "err\n")
    assert done.command[0] == SHELL


def test_a_crash_is_named_by_its_signal() -> None:
    done = run_program([SHELL, "-c", "kill -SEGV $$"])

    assert done.signal_name == "SIGSEGV"


def test_octets_that_are_no_utf8_are_kept() -> None:
    done = run_program([SHELL, "-c", r"printf 'caf\351'"])

    assert done.output == "caf\udce9"
    assert run_program([SHELL, "-c", 'printf %s "$1"', "-", "caf\udce9"]).output == "caf\udce9"


def test_words_are_never_read_by_a_shell() -> None:
    done = run_program(["/bin/echo", "$(id)", "; id", "*"])

    assert done.output == "$(id) ; id *\n"


def test_a_program_has_no_input_to_wait_for() -> None:
    assert run_program(["/bin/cat"]).output == ""


def test_a_program_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(ProgramFailed, match="did not end within 0 seconds"):
        run_program(["/bin/sleep", "60"], timeout_seconds=0.05)


@pytest.mark.parametrize("mode", [0o644, None], ids=["not-executable", "not-there"])
def test_a_program_that_cannot_be_run_is_named(tmp_path: Path, mode: int | None) -> None:
    file = tmp_path / "reconstruct"
    if mode is not None:
        program(tmp_path, "reconstruct", mode=mode)

    with pytest.raises(ProgramFailed, match="reconstruct cannot be run"):
        run_program([str(file)])


@pytest.fixture(params=["by setpriv", "by Python"])
def nobody(
    request: pytest.FixtureRequest, as_root: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Owner]:
    """Another user; a machine may lack the program that switches to one."""
    monkeypatch.setattr(programs, "_SWITCHER", SWITCHERS[request.param])
    programs._switcher.cache_clear()
    yield Owner(uid=65534, gid=65533)
    programs._switcher.cache_clear()


def test_root_hands_a_program_to_its_owner_with_no_other_group(nobody: Owner) -> None:
    told = ["/bin/grep", "-E", "^(Uid|Gid|Groups|Cap(Prm|Eff|Amb)):", "/proc/self/status"]

    done = run_program(told, owner=nobody)

    assert [line.split() for line in done.output.splitlines()] == [
        ["Uid:", *["65534"] * 4],
        ["Gid:", *["65533"] * 4],
        ["Groups:", "65533"],
        ["CapPrm:", "0" * 16],
        ["CapEff:", "0" * 16],
        ["CapAmb:", "0" * 16],
    ]


def test_one_that_is_gone_cannot_be_run(nobody: Owner) -> None:
    with pytest.raises(ProgramFailed, match="reconstruct cannot be run") as raised:
        run_program(["/nonexistent/reconstruct"], owner=nobody)

    assert "No such file" in str(raised.value.why)


def test_how_a_program_of_another_user_ends_is_its_own_affair(nobody: Owner) -> None:
    told = 'printf %s "$1"; echo err >&2; kill -SEGV $$'

    done = run_program([SHELL, "-c", told, "-", "--nnp"], owner=nobody)

    assert done.signal_name == "SIGSEGV"
    assert (done.output, done.errors) == ("--nnp", "err\n")
    assert done.command[0] == SHELL


def test_a_program_is_found_in_the_first_directory_that_has_it(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    program(one, "quota", mode=0o644)
    (one / "mbpath").mkdir()
    expected = program(two, "quota")
    program(two, "cyr_quota")

    directories = [tmp_path / "nowhere", one, two]

    assert find_program("quota", "cyr_quota", directories=directories) == expected
    assert find_program("mbpath", directories=directories) is None


def test_a_program_is_told_none_of_our_variables_for_keys_are_among_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RESPOOL_BLUEMIND_KEY", "4f2a-secret")
    monkeypatch.setenv("TZ", "Europe/Paris")
    done = run_program(["/usr/bin/env"])

    assert "RESPOOL" not in done.output
    assert "TZ=Europe/Paris" in done.output


def test_programs_that_were_started_work_beside_each_other() -> None:
    """Each waits until the other has said something."""
    reading = [SHELL, "-c", "cat"]
    with started(reading, is_told=True) as first, started([SHELL, "-c", "echo 2"]) as second:
        assert second.finished().output == "2\n"
        assert first.finished(told="1\n").output == "1\n"


def test_one_that_nobody_waited_for_is_stopped_at_the_end() -> None:
    begun = time.monotonic()
    with started(["/bin/sleep", "60"]):
        pass
    assert time.monotonic() - begun < 30
