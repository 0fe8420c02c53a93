"""No file of a backup takes more than 64 MiB besides itself, however it was made."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LIMIT_MIB = 64
OCTETS = 1 << 25


@pytest.fixture(scope="module")
def growth() -> dict[str, tuple[float, str]]:
    """By how many MiB memory grew at most for each file, and what came of it."""
    command = [sys.executable, "-m", "tests.support.memory_growth", str(OCTETS)]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, check=True, timeout=120)
    lines = map(json.loads, done.stdout.splitlines())
    return {name: (beyond, outcome) for name, beyond, outcome in lines}


def test_files_made_to_cost_memory_cost_little(growth: dict[str, tuple[float, str]]) -> None:
    assert {name: beyond for name, (beyond, _) in growth.items() if beyond > LIMIT_MIB} == {}


def test_an_index_takes_less_than_a_quarter_of_itself(
    growth: dict[str, tuple[float, str]],
) -> None:
    """So one of 256 MiB, which is four million records of the shortest, takes less than 64."""
    allowed = OCTETS / 2**20 / 4
    found = {name: beyond for name, (beyond, _) in growth.items() if "-zeros" in name}

    assert len(found) > 9
    assert {name: beyond for name, beyond in found.items() if beyond > allowed} == {}


def test_each_of_them_gives_a_value_or_says_what_is_wrong(
    growth: dict[str, tuple[float, str]],
) -> None:
    codes = {"value", "format", "truncated-file", "library-missing"}

    assert len(growth) > 90
    assert {name: said for name, (_, said) in growth.items() if said not in codes} == {}
