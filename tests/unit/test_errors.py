"""What errors say to people."""

from __future__ import annotations

import errno
import os

import pytest

from respool.errors import StepFailed, TargetError
from respool.plain_words import without_numbers
from respool.system.message_files import SourceDiffers, _read


def test_a_cause_has_no_number_of_the_system() -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/srv/restored")

    assert StepFailed("it cannot be written", why=str(full)).why == (
        "No space left on device: '/srv/restored'"
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1006)",
            "certificate verify failed",
        ),
        ("[Errno -2] Name or service not known", "Name or service not known"),
        ("[Errno 111] Connection refused; [Errno 5] x", "Connection refused; x"),
        ("a folder called [Errno] stays", "a folder called [Errno] stays"),
    ],
)
def test_nor_what_is_for_programmers(said: str, told: str) -> None:
    assert without_numbers(said) == told
    assert TargetError("no server", why=said).why == told


def test_a_message_that_cannot_be_read_says_so_in_words() -> None:
    def unreadable(_size: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(SourceDiffers, match=r"^Input/output error$"):
        _read(unreadable, 1)
