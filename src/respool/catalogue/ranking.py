"""Which of many messages fit best what was asked, where not the newest are wanted first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from respool.catalogue.entries import Found
from respool.catalogue.words import pieces
from respool.model.conditions import Conditions
from respool.model.folding import folded

_MOST: Final = 10_000  # the newest ones, among which the best are looked for
_WHOLE, _WORDS, _BEGINS, _INSIDE = 8.0, 4.0, 2.0, 1.0


def best_first(found: Iterator[Found], wanted: Conditions) -> Iterator[Found]:
    """The newest ten thousand, those first that say most exactly what was asked.

    A subject that is what was asked, or has it as words of its own, comes before one that
    has it inside a word, a short one before a long one, and a newer one before an older.
    """
    needles = [text for text in (wanted.subject, wanted.text) if text is not None]
    first = list(islice(found, _MOST))
    first.sort(key=lambda each: -_score(each, needles))  # stable: newest first among equals
    yield from first
    yield from found


def _score(found: Found, needles: list[str]) -> float:
    subject = folded(found.message.subject or "")
    return sum(_fit(folded(each), subject) for each in needles)


def _fit(needle: str, subject: str) -> float:
    if needle not in subject:
        return 0.0
    share = len(needle) / max(len(subject), 1)
    if needle == subject:
        return _WHOLE
    words = [word for _, word in pieces(subject)]
    asked = [word for _, word in pieces(needle)]
    size = len(asked)
    if any(words[at : at + size] == asked for at in range(len(words))):
        return _WORDS + share
    begins = any(word.startswith(asked[0]) for word in words) if asked else False
    return (_BEGINS if begins else _INSIDE) + share
