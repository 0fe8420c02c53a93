"""Octets of a message on a terminal: readable, and unable to command it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

_JOINERS: Final = frozenset("\u200c\u200d")  # they shape Persian and emoji, and move nothing
_SURROGATES: Final = range(0xDC80, 0xDD00)  # what surrogateescape makes of lone octets


def harmless_lines(octets: bytes) -> Iterator[str]:
    """The lines of ``octets``, without their ends, as `harmless` shows them."""
    for line in octets.split(b"\n"):
        yield harmless(line.removesuffix(b"\r").decode("utf-8", "surrogateescape"))


def harmless(text: str) -> str:
    r"""``text`` with what a terminal would obey written out; tabs stay.

    Control characters are ``^[`` as `cat -v` has them; those of 8 bits and those that
    turn the direction of text ``<U+202E>``; octets that are no UTF-8 ``<E9>``.

    >>> harmless("a" + chr(27) + "[2J" + chr(0x202E) + "\tb" + chr(0xDCE9))
    'a^[[2J<U+202E>\tb<E9>'
    """
    if text.isprintable():
        return text
    return "".join(_shown(text))


def _shown(text: Iterable[str]) -> Iterator[str]:
    for each in text:
        code = ord(each)
        if each.isprintable() or each == "\t" or each in _JOINERS:
            yield each
        elif code < 0x20 or code == 0x7F:
            yield f"^{chr(code ^ 0x40)}"
        elif code in _SURROGATES:
            yield f"<{code - 0xDC00:02X}>"
        else:
            yield f"<U+{code:04X}>"
