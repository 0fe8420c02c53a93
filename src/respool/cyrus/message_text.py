"""What a person can read in a message, and what is attached to it. Octets in, text out.

Mail is as it is: nothing here raises on what a sender wrote, and what is too long, too deep
or in no known charset is left out, or read as well as it can be.

Source: RFC 2045 and 2046 (parts), RFC 2183 (attachments), RFC 2231 (their names).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from email.message import Message
from typing import Final

from respool.cyrus.encoded_words import decoded_words, known_codec
from respool.cyrus.message_parts import (
    LONGEST_TYPE,
    ODD_HEADER,
    Entity,
    children_of,
    decoded_body,
    entity_at,
    parsed_header,
)
from respool.model.dataclasses import dataclass

MOST_OCTETS: Final = 64 << 20  # of a message that is looked at
_MOST_TEXT: Final = 4 << 20  # of one part, still encoded
_DEEPEST: Final = 32
_MOST_PARTS: Final = 2000
_PARSED_HEADER: Final = 1 << 18
_TAG: Final = re.compile(r"<[^<>]*>")
_UNSEEN: Final = ("style", "script")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageText:
    """The text of all readable parts, and the names of attachments; one may have none."""

    text: str
    attachments: tuple[str, ...]


def message_text(octets: bytes) -> MessageText:
    r"""The text of a message, of those in it too, with their subjects.

    An attachment is a part that says so, or that has the name of a file.

    >>> message_text(b"Content-Type: text/html\r\n\r\n<p>two&nbsp;<b>words</b>").text.split()
    ['two', 'words']
    """
    texts: list[str] = []
    attachments: list[str] = []
    for count, (part, header) in enumerate(_leaves(octets[:MOST_OCTETS])):
        if count == _MOST_PARTS:
            break
        name = _file_name(header)
        is_attached = name is not None or header.get_content_disposition() == "attachment"
        if is_attached:
            attachments.append(name or "")
        if part.content_type.startswith("text/") and not is_attached:
            texts.append(_readable(octets, part, header))
        elif part.content_type == "message/rfc822":
            inner = parsed_header(octets[part.body : min(part.end, part.body + _PARSED_HEADER)])
            texts.append(decoded_words(str(inner.get("subject", ""))))
    return MessageText(text="\n".join(texts), attachments=tuple(attachments))


def _leaves(octets: bytes) -> Iterator[tuple[Entity, Message]]:
    """Every part that is not made of parts, and every message in another, in order."""
    waiting = [(entity_at(octets, 0, len(octets), "text/plain"), 0)]
    while waiting:
        part, depth = waiting.pop()
        if part.content_type.startswith("multipart/"):
            children = children_of(octets, part) if depth < _DEEPEST else iter(())
            below = [each for each, _ in zip(children, range(_MOST_PARTS), strict=False)]
            waiting.extend((each, depth + 1) for each in reversed(below))
            continue
        yield part, parsed_header(octets[part.start : min(part.body, part.start + _PARSED_HEADER)])
        if part.content_type == "message/rfc822" and depth < _DEEPEST:
            waiting.append((entity_at(octets, part.body, part.end, "text/plain"), depth + 1))


def _file_name(header: Message) -> str | None:
    fields = ("content-disposition", "content-type")
    if any(len(str(header.get(each, ""))) > LONGEST_TYPE for each in fields):
        return None
    try:
        name = header.get_filename()
    except ODD_HEADER:
        return None
    return None if name is None else decoded_words(str(name))


def _readable(octets: bytes, part: Entity, header: Message) -> str:
    body = decoded_body(octets, _shortened(part))
    text = _decoded(body, header)
    return _without_tags(text) if part.content_type == "text/html" else text


def _shortened(part: Entity) -> Entity:
    return Entity(
        start=part.start,
        body=part.body,
        end=min(part.end, part.body + _MOST_TEXT),
        content_type=part.content_type,
        boundary=part.boundary,
        encoding=part.encoding,
    )


def _decoded(body: bytes, header: Message) -> str:
    """In the charset that it names, else UTF-8, else as Windows wrote it."""
    try:
        is_short = len(str(header.get("content-type", ""))) <= LONGEST_TYPE
        charset = header.get_content_charset() if is_short else None
        codec = None if charset is None else known_codec(charset)
        return body.decode(codec or "utf-8", "replace" if codec else "strict")
    except (*ODD_HEADER, UnicodeError):
        return body.decode("cp1252", "replace")


def _without_tags(text: str) -> str:
    for name in _UNSEEN:
        text = "".join(_outside(text, name))
    return html.unescape(_TAG.sub(" ", text))


def _outside(text: str, name: str) -> Iterator[str]:
    """What is not between ``<style`` and ``</style``: found once each, so in linear time."""
    folded = text.lower() if text.isascii() else text
    at = 0
    while (start := folded.find(f"<{name}", at)) >= 0:
        yield text[at:start]
        end = folded.find(f"</{name}", start)
        if end < 0:
            at = start + 1
            break
        at = end
    yield text[at:]
