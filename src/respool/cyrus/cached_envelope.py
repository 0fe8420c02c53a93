"""The envelope of a cache record: IMAP's own text, ``(date subject from … message-id)``.

Ten items: date, subject, from, sender, reply-to, to, cc, bcc, in-reply-to, message-id;
each NIL, a quoted string, a literal, or for addresses a list of ``(name route local host)``.
Strings are the sender's octets, unfolded, encoded words as they are.

Source: imap/message.c, ``message_write_envelope``; RFC 3501, section 7.4.2.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from respool.errors import FormatError, TruncatedFile
from respool.model.dataclasses import dataclass

LONGEST_ENVELOPE: Final = 1 << 20  # twenty thousand addresses; parsed, about twenty times that
_ITEM_COUNT: Final = 10
_DEPTH_LIMIT: Final = 8
_LITERAL: Final = re.compile(rb"\{([0-9]{1,9})\}\r\n")
_ATOM: Final = re.compile(rb"[^\x00-\x20()\"]+")

# The usual form, with nothing escaped and no literal; all else goes item by item.
_STRING: Final = rb'(?:NIL|"[^"\\]*+")'
_KEPT_STRING: Final = rb'(?:NIL|"([^"\\]*+)")'
_ONE_ADDRESS: Final = rb"\(" + rb" ".join([_STRING] * 4) + rb"\)"
_ADDRESSES: Final = rb"(?:NIL|\((?:" + _ONE_ADDRESS + rb")++\))"
_KEPT_ADDRESSES: Final = rb"(?:NIL|\(((?:" + _ONE_ADDRESS + rb")++)\))"
_USUAL: Final = re.compile(
    rb"\("
    + rb" ".join(
        (
            _KEPT_STRING,
            _KEPT_STRING,
            _KEPT_ADDRESSES,
            _ADDRESSES,
            _ADDRESSES,
            _KEPT_ADDRESSES,
            _KEPT_ADDRESSES,
            _ADDRESSES,
            _STRING,
            _KEPT_STRING,
        )
    )
    + rb"\)"
)
_groups: Final = re.Match.groups
_ADDRESS: Final = re.compile(
    rb"\(" + rb" ".join((_KEPT_STRING, _STRING, _KEPT_STRING, _KEPT_STRING)) + rb"\)"
)

Item: TypeAlias = "bytes | list[Item] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedAddress:
    """One address of an envelope: raw octets, encoded words as they are."""

    name: bytes | None
    local_part: bytes | None
    host: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedEnvelope:
    """The fields of a cached envelope that a listing needs, raw; None where NIL."""

    date: bytes | None
    subject: bytes | None
    from_addresses: tuple[CachedAddress, ...]
    to_addresses: tuple[CachedAddress, ...]
    cc_addresses: tuple[CachedAddress, ...]
    message_id: bytes | None


def parse_envelope(octets: bytes) -> CachedEnvelope:
    """The value of an envelope's text.

    Raises:
        FormatError: not ten items, or more than a MiB.
        TruncatedFile: it ends inside an item.
    """
    if len(octets) > LONGEST_ENVELOPE:
        found = f"{len(octets)} octets"
        raise FormatError("a cached envelope too long", expected="at most a MiB", found=found)
    usual = _USUAL.fullmatch(octets)
    if usual is None:
        return _item_by_item(octets)
    date, subject, senders, receivers, copied, message_id = usual.groups()
    return CachedEnvelope(
        date=date,
        subject=subject,
        from_addresses=() if senders is None else _usual_addresses(senders),
        to_addresses=() if receivers is None else _usual_addresses(receivers),
        cc_addresses=() if copied is None else _usual_addresses(copied),
        message_id=message_id,
    )


def _usual_addresses(octets: bytes) -> tuple[CachedAddress, ...]:
    """Those with a host; the marks of a group's begin and end have none."""
    return tuple(
        CachedAddress(name=name, local_part=local_part, host=host)
        for name, local_part, host in map(_groups, _ADDRESS.finditer(octets))
        if host is not None
    )


def _item_by_item(octets: bytes) -> CachedEnvelope:
    value, _ = _item(octets, 0, 0)
    if not isinstance(value, list) or len(value) != _ITEM_COUNT:
        raise FormatError("not a cached envelope", expected="a list of ten", found="another")
    return CachedEnvelope(
        date=_octets(value[0]),
        subject=_octets(value[1]),
        from_addresses=_addresses(value[2]),
        to_addresses=_addresses(value[5]),
        cc_addresses=_addresses(value[6]),
        message_id=_octets(value[9]),
    )


def _item(octets: bytes, at: int, depth: int) -> tuple[Item, int]:
    first = octets[at : at + 1]
    if first == b"(" and depth <= _DEPTH_LIMIT:
        return _items(octets, at + 1, depth)
    if first == b'"':
        return _quoted(octets, at + 1)
    literal = _LITERAL.match(octets, at)
    if literal:
        end = literal.end() + int(literal[1])
        if end > len(octets):
            raise TruncatedFile("a cached envelope ends in a literal", offset=at)
        return octets[literal.end() : end], end
    atom = _ATOM.match(octets, at)
    if atom is None:
        raise FormatError(
            "not a cached envelope", offset=at, expected="an item", found=repr(first)
        )
    return (None if atom[0].upper() == b"NIL" else atom[0]), atom.end()


def _items(octets: bytes, at: int, depth: int) -> tuple[Item, int]:
    values: list[Item] = []
    while octets[at : at + 1] != b")":
        if octets[at : at + 1] == b" ":
            at += 1
            continue
        value, at = _item(octets, at, depth + 1)
        values.append(value)
    return values, at + 1


def _quoted(octets: bytes, at: int) -> tuple[bytes, int]:
    collected = bytearray()
    while at < len(octets):
        octet = octets[at]
        if octet == 0x22:
            return bytes(collected), at + 1
        if octet == 0x5C:
            at += 1
        collected += octets[at : at + 1]
        at += 1
    raise TruncatedFile("a cached envelope ends in a string", offset=at)


def _octets(item: Item) -> bytes | None:
    return item if isinstance(item, bytes) else None


def _addresses(item: Item) -> tuple[CachedAddress, ...]:
    """As `_usual_addresses`."""
    found = []
    for entry in item if isinstance(item, list) else []:
        if isinstance(entry, list) and len(entry) == 4 and entry[3] is not None:
            name, _, local_part, host = (_octets(field) for field in entry)
            found.append(CachedAddress(name=name, local_part=local_part, host=host))
    return tuple(found)
