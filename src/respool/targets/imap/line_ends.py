"""Bare line feeds and carriage returns: looked for, and mended where that was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import field
from typing import Final, TypeAlias

from respool.model.dataclasses import dataclass

Reader: TypeAlias = Callable[[int], bytes]

_PIECE_OCTETS: Final = 1 << 20
_CR: Final = b"\r"


@dataclass(slots=True)
class MendedReader:
    r"""The octets of ``read`` with every line end as CRLF; all else as it is.

    A line feed without a carriage return before it gets one, a carriage return without a
    line feed after it gets one. It is asked for pieces, as ``read`` is; a piece may be longer
    or shorter than asked for, and none comes before the end.
    """

    read: Reader
    _held: bytes = b""
    _rest: bytearray = field(default_factory=bytearray)
    _is_at_end: bool = False

    def __call__(self, size: int) -> bytes:
        """Up to ``size`` octets; none at the end."""
        while len(self._rest) < size and not self._is_at_end:
            piece = self.read(_PIECE_OCTETS)
            self._is_at_end = not piece
            octets = self._held + piece
            self._held = b""
            if octets.endswith(_CR) and piece:  # its line feed may come with the next piece
                octets, self._held = octets[:-1], _CR
            self._rest += mended(octets)
        taken = bytes(self._rest[:size])
        del self._rest[:size]
        return taken


def mended(octets: bytes) -> bytes:
    r"""``octets`` with every line end as CRLF.

    >>> mended(b"a\nb\rc\r\nd")
    b'a\r\nb\r\nc\r\nd'
    """
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class MendedForm:
    """SHA-1 (hex) and size of a message once its line ends are mended."""

    guid: str
    size_bytes: int


def mended_form(read: Reader) -> MendedForm:
    """What the octets of ``read`` would be, mended; nothing is held."""
    digest = hashlib.sha1(usedforsecurity=False)
    size_bytes = 0
    reader = MendedReader(read)
    while piece := reader(_PIECE_OCTETS):
        digest.update(piece)
        size_bytes += len(piece)
    return MendedForm(guid=digest.hexdigest(), size_bytes=size_bytes)
