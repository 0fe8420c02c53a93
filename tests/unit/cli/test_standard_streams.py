from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from respool.cli.failures import OutputLost
from respool.cli.standard_streams import MessageStream, ResultStream

LONG = b"x" * 300_000  # more than a pipe takes that nobody reads
FULL = Path("/dev/full")


def test_a_result_that_cannot_be_written_is_lost() -> None:
    with (
        FULL.open("wb") as full,
        ResultStream(full.fileno(), "w", closefd=False) as stream,
        pytest.raises(OutputLost) as caught,
    ):
        stream.write(b"x")
    assert caught.value.why == "no space left on device"


def test_a_result_whose_reader_has_gone_is_another_thing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with ResultStream(writing, "w") as stream, pytest.raises(BrokenPipeError):
        stream.write(b"x")


def test_a_message_that_cannot_be_written_or_read_is_let_go() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with FULL.open("wb") as full, MessageStream(full.fileno(), "w", closefd=False) as stream:
        assert stream.write(b"xyz") == 3
    with MessageStream(writing, "w") as stream:
        assert stream.write(b"xyz") == 3


@pytest.mark.parametrize("kind", [ResultStream, MessageStream])
def test_where_nothing_is_taken_at_once_it_is_written_later(
    kind: type[ResultStream | MessageStream],
) -> None:
    """Whoever shares a terminal may have told it not to let anybody wait."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    read: list[bytes] = []

    def read_all() -> None:
        with os.fdopen(reading, "rb") as stream:
            read.append(stream.read())

    reader = threading.Thread(target=read_all)
    reader.start()
    with kind(writing, "w") as stream:
        left = memoryview(LONG)
        while left:
            left = left[stream.write(left) :]
    reader.join()

    assert read == [LONG]
