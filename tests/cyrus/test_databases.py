"""Databases that Cyrus's own tool wrote, spoilt as a crash or a torn copy leaves them."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.cyrus.databases import parse_database
from tests.support.server_root import server_root

pytestmark = [pytest.mark.needs_cyrus, pytest.mark.usefixtures("as_root")]
TOOL = "/usr/lib/cyrus/bin/cyr_dbtool"
Contents = dict[bytes, bytes]


@pytest.fixture
def database() -> Iterator[Path]:
    """A file that the tool, which becomes the user ``cyrus``, may write."""
    with server_root() as root:
        root.chmod(0o755)
        directory = root / "db"
        directory.mkdir()
        shutil.chown(directory, "cyrus")
        yield directory / "test.db"


def transactions(count: int) -> list[list[tuple[bytes, bytes | None]]]:
    """Additions, changes and deletions in no order, the same each time."""
    chance = random.Random(4)
    there: Contents = {}
    result = []
    for number in range(count):
        changes: list[tuple[bytes, bytes | None]] = []
        for _ in range(chance.randint(1, 5)):
            key = b"key%d" % chance.randint(1, 12)
            value = (
                None if key in there and chance.random() < 0.5 else b"%d-%d" % (number, len(key))
            )
            if value is None:
                del there[key]
            else:
                there[key] = value
            changes.append((key, value))
        result.append(changes)
    return result


def commands(changes: list[tuple[bytes, bytes | None]]) -> bytes:
    lines = [
        b"DELETE %s" % key if value is None else b"SET %s %s" % (key, value)
        for key, value in changes
    ]
    return b"\n".join([b"BEGIN", *lines, b"COMMIT", b""])


def batch(database: Path, container: str, text: bytes) -> bytes:
    words = [TOOL, "-n", str(database), container, "batch"]
    return subprocess.run(words, input=text, check=True, capture_output=True, timeout=60).stdout


@pytest.mark.parametrize("container", ["twoskip", "skiplist", "flat"])
def test_what_the_tool_wrote_is_read_as_the_tool_shows_it(database: Path, container: str) -> None:
    written = b"".join(commands(changes) for changes in transactions(60))

    shown = batch(database, container, written + b"SHOW\n")

    read = parse_database(database.read_bytes())
    assert read.container == container
    assert read.located.losses == ()
    assert {b"%s %s" % entry for entry in read} == set(shown.splitlines())


def test_a_twoskip_file_that_ends_after_any_commit_holds_what_was_committed(
    database: Path,
) -> None:
    """
    Each is cut again a little later, inside the next transaction.
    """
    sizes: list[int] = []
    expected: list[Contents] = []
    there: Contents = {}
    for changes in transactions(12):
        batch(database, "twoskip", commands(changes))
        for key, value in changes:
            there.pop(key, None) if value is None else there.update({key: value})
        sizes.append(database.stat().st_size)
        expected.append(dict(there))
    octets = database.read_bytes()

    read = [dict(parse_database(octets[: size + more])) for size in sizes for more in (0, 9)]

    assert read == [each for each in expected for _ in range(2)]
