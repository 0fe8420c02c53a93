"""Encoded words (RFC 2047) of subjects and names, decoded leniently and in linear time.

Mail is as it is: nothing here raises on what a sender wrote. The standard library's
decoder is not used: its expression takes seconds for a header of broken words.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

# The longest registered name of a charset has 45 characters; "*en" is RFC 2231's language.
_HEAD: Final = re.compile(r"=\?([A-Za-z0-9_:.()+-]{1,45})(?:\*[A-Za-z0-9-]{0,20})?\?([bBqQ])\?")
_LONGEST_WORD: Final = 8192  # of RFC 2047: 75; so many broken ones cost little
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# Codecs that no mail means: domain names (slow) and Python's own escapes.
_NO_CHARSET: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})


def decoded_words(raw: str) -> str:
    """``raw`` with its encoded words decoded; those that are broken stay as they are.

    Words that follow each other in one charset are joined before they are decoded, since
    mailers cut characters in two. Spaces between two words are no text.

    >>> decoded_words("=?utf-8?Q?Caf=C3=A9?= fermé")
    'Café fermé'
    """
    if "=?" not in raw:
        return raw
    pieces: list[str] = []
    pending, charset = b"", ""
    text_from = 0
    for start, end, word_charset, octets in _words(raw):
        between = raw[text_from:start]
        is_joined = bool(charset) and (not between or between.isspace())
        if not is_joined or word_charset != charset:
            pieces += (_decoded(pending, charset), "" if is_joined else between)
            pending, charset = b"", word_charset
        pending += octets
        text_from = end
    pieces += (_decoded(pending, charset), raw[text_from:])
    return "".join(pieces) or raw


def _words(raw: str) -> Iterator[tuple[int, int, str, bytes]]:
    """Each encoded word that is whole: where it begins and ends, its charset, its octets."""
    position = 0
    while (start := raw.find("=?", position)) >= 0:
        position = start + 2
        head = _HEAD.match(raw, start)
        if head is None:
            continue
        end = raw.find("?=", head.end())
        if end < 0:
            return
        octets = None
        if end - head.end() <= _LONGEST_WORD:
            octets = _octets(head[2], raw[head.end() : end])
        if octets is not None:
            position = end + 2
            yield start, position, head[1], octets


def _octets(encoding: str, text: str) -> bytes | None:
    coded = text.encode("utf-8", "surrogatepass")
    if encoding in "qQ":
        return binascii.a2b_qp(coded, header=True)
    try:
        return binascii.a2b_base64(coded + b"=" * (-len(coded) % 4))
    except binascii.Error:
        return None


def _decoded(octets: bytes, charset: str) -> str:
    if not octets:
        return ""
    codec = known_codec(charset)
    if codec is not None:
        try:
            return _SURROGATE.sub("\ufffd", octets.decode(codec, "replace"))
        except ValueError:  # a codec that knows no replacement
            pass
    return octets.decode("ascii", "replace")


@lru_cache(maxsize=64)
def known_codec(charset: str) -> str | None:
    """The library's codec of a charset that mail may mean, or None."""
    try:
        found = codecs.lookup(charset)
    except (LookupError, ValueError):
        return None
    name = found.name.replace("_", "-")
    is_text = getattr(found, "_is_text_encoding", True)
    return found.name if is_text and name not in _NO_CHARSET else None
