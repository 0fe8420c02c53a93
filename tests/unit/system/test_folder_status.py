"""What a server tells of one folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from respool.system import imap_listing
from respool.system.imap_listing import status


class Session:
    """Answers STATUS with one UIDVALIDITY after the other; the last one for ever."""

    def __init__(self, *told: int) -> None:
        self.left: Iterator[int] = iter(told)
        self.latest = 0
        self.asked = 0

    def ask(self, *_words: str, **_more: str) -> tuple[Any, ...]:
        self.asked += 1
        self.latest = next(self.left, self.latest)
        return ("f", (b"UIDVALIDITY", self.latest, b"UIDNEXT", 1, b"MESSAGES", 0))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is waited for."""
    monkeypatch.setattr(imap_listing, "_REST_SECONDS", 0.0)
    monkeypatch.setattr(imap_listing, "_MOST_SECONDS_WITHOUT", 0.2)


def test_a_folder_without_a_uidvalidity_is_asked_again() -> None:
    session = Session(0, 0, 7)
    assert status(session, "f").uidvalidity == 7  # type: ignore[arg-type]
    assert session.asked == 3


def test_a_server_that_has_none_is_not_asked_for_ever() -> None:
    assert status(Session(0), "f").uidvalidity == 0  # type: ignore[arg-type]
