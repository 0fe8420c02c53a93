"""Modified UTF-7, the encoding of mailbox names in Cyrus and IMAP (RFC 3501, section 5.1.3)."""

from __future__ import annotations

import base64
import binascii


class InvalidModifiedUtf7(ValueError):
    """Text that no encoder could have written."""


def render_modified_utf7(text: str) -> str:
    """``text`` as ASCII; printable ASCII stays, the rest goes into ``&…-``.

    >>> render_modified_utf7("Été & R&D")
    '&AMk-t&AOk- &- R&-D'
    """
    pieces: list[str] = []
    pending: list[str] = []

    def flush() -> None:
        if pending:
            octets = "".join(pending).encode("utf-16-be", "surrogatepass")
            coded = base64.b64encode(octets).rstrip(b"=").replace(b"/", b",")
            pieces.append(f"&{coded.decode('ascii')}-")
            pending.clear()

    for character in text:
        if " " <= character <= "~":
            flush()
            pieces.append("&-" if character == "&" else character)
        else:
            pending.append(character)
    flush()
    return "".join(pieces)


def parse_modified_utf7(encoded: str) -> str:
    """The text that ``encoded`` stands for.

    Strict: what `render_modified_utf7` would not have written is refused, so that
    two encoded names never decode to one.

    Raises:
        InvalidModifiedUtf7: octets outside printable ASCII, a shift without end, or
            a form that is not the shortest.

    >>> parse_modified_utf7("&ZeVnLIqe-")
    '日本語'
    """
    text = "".join(_pieces(encoded))
    if render_modified_utf7(text) != encoded:
        raise InvalidModifiedUtf7(f"not the one form of its name: {encoded!r}")
    return text


def _pieces(encoded: str) -> list[str]:
    pieces: list[str] = []
    position = 0
    while position < len(encoded):
        start = encoded.find("&", position)
        if start < 0:
            pieces.append(encoded[position:])
            break
        end = encoded.find("-", start)
        if end < 0:
            raise InvalidModifiedUtf7(f"'&' without '-': {encoded!r}")
        pieces.append(encoded[position:start])
        pieces.append(_shifted(encoded[start + 1 : end]) if end > start + 1 else "&")
        position = end + 1
    return pieces


def _shifted(coded: str) -> str:
    padded = coded.replace(",", "/") + "=" * (-len(coded) % 4)
    try:
        return base64.b64decode(padded, validate=True).decode("utf-16-be")
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise InvalidModifiedUtf7(f"not modified UTF-7: {coded!r}") from error
