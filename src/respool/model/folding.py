"""Text as it is compared where a person searches: case, accents and widths do not count."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from unicodedata import normalize

# What is written above or below a letter and is no letter: accents of Latin, Greek and
# Cyrillic, points of Hebrew, vowels of Arabic. The sound marks of Japanese and the vowels of
# Indian scripts make other letters, and stay.
_ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)

# Letters that Unicode does not take apart, as people type them who do not have them.
_TYPED: Final = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ŧ": "t",
        "ŋ": "n",
        "\u0131": "i",  # the i without a dot
        "ĸ": "q",
    }
)


def folded(text: str) -> str:
    r"""``text`` without case, accents and compatibility forms, each run of spaces as one.

    Letters of Korean and Japanese are whole again afterwards, so that no part of one is
    found in another. A catalogue has folded text: one made by other rules is made anew, by a
    migration.

    Source: Unicode 15, UAX #15 (NFKD, NFC), section 3.13 of the standard (case folding: ß is
    ss); CLDR 44, transform Latin-ASCII, for letters such as ø.

    >>> folded("  Éléments\tENVOYÉS ")
    'elements envoyes'
    >>> folded("Łódź, Straße, Ærø")
    'lodz, strasse, aero'
    >>> folded("ガ") == folded("カ")
    False
    """
    if text.isascii():
        return " ".join(text.lower().split())
    plain = _ACCENTS.sub("", normalize("NFKD", normalize("NFKD", text).casefold()))
    plain = plain.translate(_TYPED)
    return " ".join(normalize("NFC", plain).split())


@lru_cache(maxsize=256)
def folded_needle(text: str) -> str:
    """The same, of what is looked for again and again."""
    return folded(text)
