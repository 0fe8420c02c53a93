from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from respool.system.answer_words import parse_words
from respool.system.mailbox_admin import Administration

ID, PARTITION = (
    "/shared/vendor/cmu/cyrus-imapd/uniqueid",
    "/shared/vendor/cmu/cyrus-imapd/partition",
)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (f'user/j ({ID} "a1" {PARTITION} default)', ("a1", "default")),
        (f'user/j ({PARTITION} default {ID} "a1")', ("a1", "default")),
        (f'user/j ({ID} "a1") user/j ({PARTITION} default)', ("a1", "default")),
        (f"user/j ({ID} NIL {PARTITION} default)", (None, "default")),
        (f'user/j ({ID} "a1")', ("a1", None)),
        (f"user/j ({ID})", (None, None)),
        ("", (None, None)),
    ],
)
def test_entries_are_told_by_their_names_however_they_come(
    answer: str, told: tuple[str | None, ...]
) -> None:
    def ask(*_words: str, response: str) -> tuple[Any, ...]:
        assert response == "METADATA"
        return parse_words([answer.encode()])

    session: Any = SimpleNamespace(can=lambda _what: True, ask=ask)

    assert Administration.over(session).server_entries("user/j", "uniqueid", "partition") == told
