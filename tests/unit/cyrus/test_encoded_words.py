from __future__ import annotations

from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.encoded_words import decoded_words
from tests.support.processor_time import at_most

WORDS = st.sampled_from(
    [
        "=?utf-8?Q?Caf=C3=A9?=",
        "=?iso-8859-1?B?6Q==?=",
        "=?UTF-8?b?w6k?=",
        "=?utf-8?q?_a_?=",
        "plain",
    ]
)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("=?utf-8?Q?Caf=C3?= =?utf-8?Q?=A9?=", "Café"),  # a character cut in two
        ("=?utf-8*fr?Q?Caf=C3=A9?=", "Café"),
        ("=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
        ("=?utf-8?Q?what??=", "what?"),
        ("=?utf-8?Q?open", "=?utf-8?Q?open"),
        ("=?utf-8?B?x?= =?utf-8?Q?b?=", "=?utf-8?B?x?= b"),
        ("=?x-unknown?Q?=E9?=", "\ufffd"),
        ("=?punycode?Q?abc-def?=", "abc-def"),
        ("=?hex?Q?41?=", "41"),
        ("C:\\users =?utf-8?Q?=C3=A9?=", "C:\\users é"),
        ("=?", "=?"),
    ],
)
def test_words_are_decoded_and_the_rest_is_kept(raw: str, text: str) -> None:
    assert decoded_words(raw) == text


def test_no_charset_gives_half_a_character() -> None:
    """Lone surrogates could not be printed."""
    assert decoded_words("=?utf-7?Q?+2AA-?=") == "\ufffd"


@given(words=st.lists(WORDS, min_size=1, max_size=6))
def test_sound_words_are_decoded_as_by_the_standard_library(words: list[str]) -> None:
    raw = " ".join(words)

    assert decoded_words(raw) == str(make_header(decode_header(raw)))


@given(text=st.text(max_size=60))
def test_any_text_comes_back_as_text(text: str) -> None:
    decoded_words(f"=?utf-8?B?{text}?= =?utf-7?Q?{text}?=").encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("piece", ["=?a?q? ", "=?a?b?A ", "=?", "=?x?q?a?= "])
def test_many_broken_words_take_no_time(piece: str) -> None:
    with at_most(1):
        decoded_words(piece * (64 * 1024 // len(piece)))
