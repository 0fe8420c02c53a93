r"""Which flags of live messages are to be again as a backup had them.

``\Recent`` is never among them: no client can set it (RFC 3501, 2.3.2). ``\Deleted`` is only
where it was asked for by its name: a program may expunge what has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from respool.model.dataclasses import dataclass
from respool.model.messages import DELETED, RECENT, SYSTEM_FLAGS, is_keyword

ALL: Final = "all"
FLAGS: Final = "flags"
KEYWORDS: Final = "keywords"
_NAMED: Final = {name.removeprefix("\\").lower(): name for _, name in SYSTEM_FLAGS}
# What can stand after --state-only without "=": no folder is taken for one of these.
WORDS: Final = frozenset({ALL, FLAGS, KEYWORDS, *_NAMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class StateWish:
    r"""Flags alone are wanted: ``flags`` by name (``\Seen``, ``$Forwarded``), ascending.

    ``has_keywords``: every keyword, too. ``is_exact``: what a live message has and the
    backup's had not is cleared; else flags are only set. ``until`` is the label of a later
    generation: then that alone is put back which changed between the two, in both directions.
    """

    flags: tuple[str, ...]
    has_keywords: bool
    is_exact: bool = False
    until: str | None = None

    @property
    def clears(self) -> bool:
        """Whether flags may be cleared, too."""
        return self.is_exact or self.until is not None

    def means(self, flag: str) -> bool:
        """Whether ``flag`` is one of those that are wanted; case does not matter."""
        if flag.startswith("\\"):
            return flag in self.flags
        return self.has_keywords or flag.casefold() in {each.casefold() for each in self.flags}

    def text(self) -> str:
        r"""For people: ``\Seen, \Flagged and keywords``."""
        words = [*self.flags, *(["keywords"] if self.has_keywords else [])]
        return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def parse_state_wish(typed: str, *, is_exact: bool = False, until: str | None = None) -> StateWish:
    r"""What was typed after ``--state-only``: words of WORDS and keywords, with commas.

    >>> parse_state_wish("seen,$Forwarded").flags
    ('$Forwarded', '\\Seen')
    >>> parse_state_wish("all").text()
    '\\Answered, \\Draft, \\Flagged, \\Seen and keywords'

    Raises:
        ValueError: something that is no flag, or cannot be set.
    """
    found: set[str] = set()
    has_keywords = False
    for word in (each.strip() for each in typed.split(",")):
        has_keywords |= word.lower() in {ALL, KEYWORDS}
        found.update(_flags_of(word))
    if not found and not has_keywords:
        raise ValueError("no flag was named")
    return StateWish(
        flags=tuple(sorted(found)), has_keywords=has_keywords, is_exact=is_exact, until=until
    )


def _flags_of(word: str) -> Iterator[str]:
    name = word.removeprefix("\\").lower()
    if word.lower() in {ALL, FLAGS}:
        yield from (flag for flag in _NAMED.values() if flag != DELETED)
    elif name in _NAMED:
        yield _NAMED[name]
    elif name == RECENT.removeprefix("\\").lower():
        raise ValueError(f"{RECENT} cannot be set by anybody but the server")
    elif word.lower() != KEYWORDS:
        if not is_keyword(word):
            raise ValueError(f'"{word}" is no flag, and no keyword')
        yield word
