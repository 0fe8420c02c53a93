from __future__ import annotations

import pytest

from respool.system.answer_words import Part, parse_words


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (
            [b'(\\HasNoChildren) "/" user/john.doe/b[c@b.loc'],
            ((b"\\HasNoChildren",), b"/", b"user/john.doe/b[c@b.loc"),
        ),
        ([b'() "/" "f (o ]x"'], ((), b"/", b"f (o ]x")),
        ([(b'() "/" {3}', b'a"b'), b""], ((), b"/", b'a"b')),
        ([b'"a\\"b\\\\c" NIL "NIL"'], (b'a"b\\c', None, b"NIL")),
        (
            [b"x (STORAGE 1 2 MESSAGE 3 4)"],
            (b"x", (b"STORAGE", b"1", b"2", b"MESSAGE", b"3", b"4")),
        ),
        ([b'(("" "/")) NIL'], (((b"", b"/"),), None)),
        ([b"a 1", b"b 2"], (b"a", b"1", b"b", b"2")),
        ([None], ()),
    ],
)
def test_words_are_what_the_server_sent(parts: list[Part], words: tuple[object, ...]) -> None:
    """
    Brackets belong to atoms; quotes, literals and lists come apart.
    """
    assert parse_words(parts) == words


@pytest.mark.parametrize("text", [b"(a", b"a)", b"(a))"])
def test_parentheses_that_do_not_match_are_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="answer"):
        parse_words([text])
