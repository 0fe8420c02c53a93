"""What a terminal would obey is shown to people, and not sent."""

from __future__ import annotations

import pytest

from respool.cli.terminal import harmless, harmless_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext, Été, 会議", "plain\ttext, Été, 会議"),
        ("\x1b]0;title\x07", "^[]0;title^G"),
        ("a\rb\x7f\x00", "a^Mb^?^@"),
        ("\x9b2J", "<U+009B>2J"),
        ("invoice\u202efdp.exe", "invoice<U+202E>fdp.exe"),
        ("\u2066x\u2069", "<U+2066>x<U+2069>"),
        ("👩\u200d🔧", "👩\u200d🔧"),
    ],
)
def test_controls_are_written_out(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_lines_lose_their_ends_and_octets_that_are_no_utf_8_are_told() -> None:
    assert list(harmless_lines(b"caf\xe9\r\n\xc3\xa9\nend")) == ["caf<E9>", "é", "end"]
