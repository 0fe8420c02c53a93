"""Text as words to look for: pure. What is folded away here is folded away in what is typed.

Words of scripts that put no spaces between them (Chinese, Japanese, Korean) are pairs of
characters that follow each other, and the last one alone: whatever part of such a text
is looked for, its pairs are among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from respool.model.folding import folded

LONGEST: Final = 64  # characters of what is kept as one: longer words are kept in pieces
INSIDE: Final = 32  # characters that are together in a piece wherever they stand in a word
_DENSE: Final = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u318f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_PIECE: Final = re.compile(f"([{_DENSE}]+)|([^\\W_{_DENSE}]+)")
_PLAIN: Final = re.compile("[a-z0-9]+")

# What a word is of, as its first letter.
SUBJECT, SENDER, RECIPIENT, MESSAGE_ID, BODY = "s", "f", "t", "i", "b"


def pieces(text: str) -> Iterator[tuple[bool, str]]:
    """The words of a folded text in order: whether it is of a dense script, and the word."""
    if text.isascii():
        for word in _PLAIN.findall(text):
            yield False, word
        return
    for dense, word in _PIECE.findall(text):
        yield bool(dense), dense or word


def words_of(text: str) -> tuple[set[str], set[str]]:
    """The words of a text: those to look inside of, and the pairs of dense scripts."""
    plain: set[str] = set()
    pairs: set[str] = set()
    for is_dense, word in pieces(folded(text)):
        if is_dense:
            pairs.update(word[at : at + 2] for at in range(len(word)))
        else:
            plain.update(kept_of(word))
    return plain, pairs


def kept_of(word: str) -> tuple[str, ...]:
    """What is kept of a word: of a long one, as a link may be, pieces that overlap by half.

    >>> [len(each) for each in kept_of("a" * 130)]
    [64, 64, 64, 34]
    """
    if len(word) <= LONGEST:
        return (word,)
    return tuple(word[at : at + LONGEST] for at in range(0, len(word) - INSIDE, INSIDE))


def id_word(message_id: str) -> str:
    """The word that stands for a Message-ID, with or without its brackets."""
    plain = message_id.strip().strip("<>")
    return MESSAGE_ID + blake2b(plain.encode("utf-8", "replace"), digest_size=6).hexdigest()


def number_word(letter: str, number: int) -> str:
    """The word that stands for an address of this number."""
    return f"{letter}{number:x}"
