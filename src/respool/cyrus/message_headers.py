"""The few header fields that a listing shows, of a message file's first octets or its cache.

Mail is as it is: nothing here raises on what a sender wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

from respool.cyrus.cache import CachedAddress, CachedEnvelope

READ_SIZE: Final = 64 * 1024
_WANTED: Final = frozenset({b"subject", b"from", b"to", b"date", b"message-id"})
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressField:
    """One person in a header, decoded; either half may be missing."""

    name: str | None
    address: str | None

    def as_json(self) -> dict[str, str | None]:
        """The shape in ``from`` and ``to``."""
        return {"name": self.name, "address": self.address}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFields:
    """What a listing shows of one message; ``date`` is the sender's, in UTC."""

    subject_raw: str | None
    subject: str | None
    from_addresses: tuple[AddressField, ...]
    to_addresses: tuple[AddressField, ...]
    date: datetime | None
    message_id: str | None


def parse_message_headers(octets: bytes) -> HeaderFields:
    """The fields of a message's first octets; the first of each where it comes twice."""
    found = _first_fields(octets)
    subject = found.get(b"subject")
    return HeaderFields(
        subject_raw=subject,
        subject=None if subject is None else decoded_words(subject),
        from_addresses=_people(found.get(b"from")),
        to_addresses=_people(found.get(b"to")),
        date=_utc(found.get(b"date")),
        message_id=found.get(b"message-id") or None,
    )


def fields_of_envelope(envelope: CachedEnvelope) -> HeaderFields:
    """The same fields, of a cached envelope."""
    subject = _optional_text(envelope.subject)
    return HeaderFields(
        subject_raw=subject,
        subject=None if subject is None else decoded_words(subject),
        from_addresses=_cached_people(envelope.from_addresses),
        to_addresses=_cached_people(envelope.to_addresses),
        date=_utc(_optional_text(envelope.date)),
        message_id=_optional_text(envelope.message_id) or None,
    )


def decoded_words(raw: str) -> str:
    """``raw`` with its encoded words (RFC 2047) decoded; as it is where they are broken.

    >>> decoded_words("=?utf-8?Q?Caf=C3=A9?= fermé")
    'Café fermé'
    """
    if "=?" not in raw:
        return raw
    try:
        pieces = decode_header(raw)
    except (HeaderParseError, ValueError):
        return raw
    return "".join(_decoded(octets, charset) for octets, charset in pieces) or raw


def _decoded(octets: bytes | str, charset: str | None) -> str:
    if isinstance(octets, str):
        return octets
    if charset is None:
        return octets.decode("raw-unicode-escape", "replace")
    try:
        return octets.decode(charset, "replace")
    except (LookupError, ValueError):
        return octets.decode("ascii", "replace")


def _first_fields(octets: bytes) -> dict[bytes, str]:
    end = re.search(rb"\r?\n\r?\n", octets)
    block = octets if end is None else octets[: end.start()]
    found: dict[bytes, str] = {}
    for field in re.split(rb"\r?\n(?![ \t])", block):
        name, colon, value = field.partition(b":")
        key = name.strip().lower()
        if colon and key in _WANTED and key not in found:
            found[key] = _FOLD.sub("", _octets_as_text(value)).strip()
    return found


def _octets_as_text(octets: bytes) -> str:
    """8-bit octets without a charset: UTF-8 where they are, else as Windows wrote them."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def _optional_text(octets: bytes | None) -> str | None:
    return None if octets is None else _FOLD.sub("", _octets_as_text(octets)).strip()


def _people(raw: str | None) -> tuple[AddressField, ...]:
    if not raw:
        return ()
    try:
        pairs = getaddresses([raw])
    except (ValueError, IndexError, RecursionError):
        pairs = []
    if not any(address for _, address in pairs):
        return (AddressField(name=decoded_words(raw), address=None),)
    return tuple(
        AddressField(name=decoded_words(name) or None, address=address or None)
        for name, address in pairs
        if name or address
    )


def _cached_people(addresses: Iterable[CachedAddress]) -> tuple[AddressField, ...]:
    people = []
    for cached in addresses:
        name = _optional_text(cached.name)
        local_part, host = _optional_text(cached.local_part), _optional_text(cached.host)
        address = f"{local_part or ''}@{host}" if host else local_part
        people.append(AddressField(name=decoded_words(name) if name else None, address=address))
    return tuple(people)


def _utc(raw: str | None) -> datetime | None:
    if not raw:
        return None
    try:
        parsed = parsedate_to_datetime(raw)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
