"""Parts of one message, by the numbers that IMAP gives them. Octets in, octets out.

Mail is as it is: nothing here raises on what a sender wrote. Boundaries are looked for
in the octets themselves, so that a part that is not encoded comes back as it was sent.

Source: RFC 3501, section 6.4.5 (numbers, HEADER, TEXT, MIME); RFC 2046, section 5.1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Final

from respool.model.dataclasses import dataclass

_SECTION: Final = re.compile(
    r"(?:(?P<word>HEADER|TEXT)"
    r"|(?P<numbers>[1-9][0-9]{0,8}(?:\.[1-9][0-9]{0,8}){0,63})(?:\.(?P<below>HEADER|TEXT|MIME))?)",
    re.ASCII | re.IGNORECASE,
)
_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_PARSED_HEADER: Final = 1 << 18  # octets of a header that are looked at; no sender needs more
LONGEST_TYPE: Final = 1 << 14  # the library takes minutes for the parameters of a longer one
ODD_HEADER: Final = (HeaderParseError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What was asked for of a message: ``2.1``, ``HEADER``, ``3.MIME``."""

    numbers: tuple[int, ...]
    word: str | None

    @classmethod
    def parse(cls, text: str) -> Section:
        """The section that ``text`` names.

        Raises:
            ValueError: it names none; there is no part 0.
        """
        found = _SECTION.fullmatch(text)
        if found is None:
            raise ValueError(f"no part of a message: {text!r:.80}")
        numbers = tuple(int(each) for each in (found["numbers"] or "").split(".") if each)
        word = found["word"] or found["below"]
        return cls(numbers=numbers, word=word.upper() if word else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Something with a header and a body: offsets of both in the message."""

    start: int
    body: int
    end: int
    content_type: str
    boundary: bytes | None
    encoding: str


def header_block(octets: bytes) -> bytes:
    """The header of a message with the blank line that ends it; all of it without one."""
    return octets[: _body_offset(octets, 0, len(octets))]


def section_of(octets: bytes, section: Section) -> bytes | None:
    """The octets of a section; None where the message has no such part.

    A part named by its number alone is decoded from its transfer encoding. ``HEADER``,
    ``TEXT`` and ``MIME`` are as they stand.
    """
    message: Entity | None = entity_at(octets, 0, len(octets), "text/plain")
    part: Entity | None = None
    for number in section.numbers:
        part = _numbered(octets, message, part, number)
        if part is None:
            return None
        message = _embedded(octets, part)
    if section.word == "MIME" and part is not None:
        return octets[part.start : part.body]
    if section.word is not None:
        return None if message is None else _said(octets, message, section.word)
    return None if part is None else decoded_body(octets, part)


def _said(octets: bytes, message: Entity, word: str) -> bytes:
    if word == "HEADER":
        return octets[message.start : message.body]
    return octets[message.body : message.end]


def _numbered(
    octets: bytes, message: Entity | None, part: Entity | None, number: int
) -> Entity | None:
    """The part of this number in a message, or in a part that is itself made of parts."""
    parent = message or part
    if parent is None:
        return None
    if parent.content_type.startswith("multipart/"):
        for count, found in enumerate(children_of(octets, parent), start=1):
            if count == number:
                return found
        return None
    # A message that is not made of parts has one, its body.
    return parent if message is not None and number == 1 else None


def _embedded(octets: bytes, part: Entity) -> Entity | None:
    """The message that a part is, or None."""
    if part.content_type != "message/rfc822":
        return None
    return entity_at(octets, part.body, part.end, "text/plain")


def children_of(octets: bytes, parent: Entity) -> Iterator[Entity]:
    """The parts of a multipart body; all of it as the only one where no boundary comes."""
    default = "message/rfc822" if parent.content_type == "multipart/digest" else "text/plain"
    start: int | None = None
    for delimiter in _delimiters(octets, parent):
        if start is not None:
            yield entity_at(octets, start, max(start, delimiter.start()), default)
        start = delimiter.end()
        if delimiter["last"]:
            return
    if start is None:
        yield entity_at(octets, parent.body, parent.end, default, is_headless=True)
    else:
        yield entity_at(octets, start, parent.end, default)


def _delimiters(octets: bytes, parent: Entity) -> Iterator[re.Match[bytes]]:
    """The lines that part a body; the line end before one belongs to it."""
    if not parent.boundary:
        return iter(())
    line = re.compile(
        rb"(?:\r?\n|(?<![^\n]))--"
        + re.escape(parent.boundary)
        + rb"(?P<last>--)?[ \t]*(?:\r?\n|\Z)"
    )
    return line.finditer(octets, parent.body, parent.end)


def entity_at(
    octets: bytes, start: int, end: int, default: str, *, is_headless: bool = False
) -> Entity:
    """What stands between two offsets; ``default`` is its type where it says none."""
    body = start if is_headless else _body_offset(octets, start, end)
    header = parsed_header(octets[start : min(body, start + _PARSED_HEADER)])
    boundary = _boundary(header)
    return Entity(
        start=start,
        body=body,
        end=end,
        content_type=_content_type(header, default),
        boundary=boundary,
        encoding=str(header.get("content-transfer-encoding", "")).strip().lower(),
    )


def _body_offset(octets: bytes, start: int, end: int) -> int:
    for line_end in (b"\r\n", b"\n"):
        if octets.startswith(line_end, start, end):
            return start + len(line_end)
    found = _BLANK_LINE.search(octets, start, end)
    return end if found is None else found.end()


def parsed_header(header: bytes) -> Message:
    """A header's fields; none where the library cannot read them."""
    try:
        return BytesHeaderParser().parsebytes(header)
    except ODD_HEADER:
        return Message()


def _content_type(header: Message, default: str) -> str:
    try:
        header.set_default_type(default)
        return header.get_content_type()
    except ODD_HEADER:
        return default


def _boundary(header: Message) -> bytes | None:
    try:
        if len(str(header.get("content-type", ""))) > LONGEST_TYPE:
            return None
        boundary = header.get_boundary()
    except ODD_HEADER:
        return None
    return boundary.encode("utf-8", "surrogateescape") if boundary else None


def decoded_body(octets: bytes, part: Entity) -> bytes:
    """The octets of a part without its transfer encoding."""
    body = octets[part.body : part.end]
    if part.content_type.startswith("multipart/"):
        return body
    carrier = Message()
    carrier["Content-Transfer-Encoding"] = part.encoding
    carrier.set_payload(body.decode("ascii", "surrogateescape"))
    try:
        decoded = carrier.get_payload(decode=True)
    except ODD_HEADER:
        return body
    return decoded if isinstance(decoded, bytes) else body
