from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from respool.errors import Locked
from respool.system.locks import exclusive, try_to_hold


def test_two_never_hold_a_lock_at_once(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"

    with exclusive(file, what="jdoe"):
        assert try_to_hold(file) is None
        with (
            pytest.raises(Locked, match="another run works on jdoe") as caught,
            exclusive(file, what="jdoe"),
        ):
            pytest.fail("held twice")

    assert caught.value.why == f"process {os.getpid()} holds {file}"


def test_a_lock_is_free_when_its_holder_has_failed(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"

    with pytest.raises(ZeroDivisionError), exclusive(file, what="jdoe"):
        raise ZeroDivisionError

    with exclusive(file, what="jdoe"):
        pass


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    """The file stays and says who it was; it stops nobody."""
    file = tmp_path / "a.lock"
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(child, 0)
    file.write_text(f"{child}\n", "ascii")

    with exclusive(file, what="jdoe"):
        assert file.read_text("ascii") == f"{os.getpid()}\n"


def test_other_locks_are_free(tmp_path: Path) -> None:
    with exclusive(tmp_path / "a.lock", what="a"), exclusive(tmp_path / "b.lock", what="b"):
        pass


def test_the_number_of_a_longer_holder_leaves_no_rest(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"
    file.write_text("12345678901234567890\n", "ascii")

    with exclusive(file, what="a"):
        assert file.read_text("ascii") == f"{os.getpid()}\n"


def test_a_holder_that_said_nothing_is_unknown(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        with pytest.raises(Locked) as caught, exclusive(file, what="a"):
            pytest.fail("held twice")

    assert caught.value.why == f"process unknown holds {file}"
