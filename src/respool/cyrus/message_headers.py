"""The few header fields that a listing shows, of a message file's first octets or its cache.

Mail is as it is: nothing here raises on what a sender wrote.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import getaddresses
from functools import lru_cache
from typing import Final

from respool.cyrus.cached_envelope import CachedAddress, CachedEnvelope
from respool.cyrus.encoded_words import decoded_words
from respool.cyrus.mail_dates import parse_mail_date
from respool.model.dataclasses import dataclass

READ_SIZE: Final = 64 * 1024
_OF_2_5_AND_3_0: Final = 13
_LAST_CACHE_OF_2_5: Final = 3
_LONGEST_KEPT: Final = 500  # characters
_WANTED: Final = frozenset({b"subject", b"from", b"to", b"cc", b"date", b"message-id"})
_ADDRESSES: Final = frozenset({b"from", b"to", b"cc"})
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")
_HEADER_END: Final = re.compile(rb"\r?\n\r?\n")
_FIELD_END: Final = re.compile(rb"\r?\n(?![ \t])")


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
    cc_addresses: tuple[AddressField, ...]
    date: datetime | None
    message_id: str | None


def parse_message_headers(octets: bytes, *, is_first_kept: bool = False) -> HeaderFields:
    """The fields of a message's first octets, chosen as the server would for its envelope.

    Where a field comes twice, releases from 3.0 on take the last. Those before
    (``is_first_kept``) took the first, and all addresses of all ``From``, ``To`` or ``Cc``.

    Source: imap/message.c, ``message_parse_string`` and ``_address`` of 2.5 and 3.0;
    seen on 2.4.20 to 3.10.3.
    """
    found = _fields_of(octets, is_first_kept=is_first_kept)
    subject = found.get(b"subject")
    return HeaderFields(
        subject_raw=subject,
        subject=None if subject is None else decoded_words(subject),
        from_addresses=_people(found.get(b"from")),
        to_addresses=_people(found.get(b"to")),
        cc_addresses=_people(found.get(b"cc")),
        date=parse_mail_date(found.get(b"date")),
        message_id=found.get(b"message-id") or None,
    )


def keeps_first_field(index_version: int | None, cache_version: int = 0) -> bool:
    """Whether the server of such an index took the first of a field that comes twice.

    Index version 13 is both 2.5's, which did, and 3.0's, which does not: there the
    record's cache version tells, 3 or 6.
    """
    if index_version == _OF_2_5_AND_3_0:
        return 0 < cache_version <= _LAST_CACHE_OF_2_5
    return index_version is not None and index_version < _OF_2_5_AND_3_0


def fields_of_envelope(envelope: CachedEnvelope) -> HeaderFields:
    """The same fields, of a cached envelope."""
    subject, date, message_id = cached_simple_fields(envelope)
    return HeaderFields(
        subject_raw=_optional_text(envelope.subject),
        subject=subject,
        from_addresses=tuple(map(cached_person, envelope.from_addresses)),
        to_addresses=tuple(map(cached_person, envelope.to_addresses)),
        cc_addresses=tuple(map(cached_person, envelope.cc_addresses)),
        date=date,
        message_id=message_id,
    )


def cached_simple_fields(
    envelope: CachedEnvelope,
) -> tuple[str | None, datetime | None, str | None]:
    """Subject, date and Message-ID of a cached envelope, decoded."""
    subject = _optional_text(envelope.subject)
    return (
        None if subject is None else decoded_words(subject),
        parse_mail_date(_optional_text(envelope.date)),
        _optional_text(envelope.message_id) or None,
    )


def _fields_of(octets: bytes, *, is_first_kept: bool) -> dict[bytes, str]:
    end = _HEADER_END.search(octets)
    block = octets if end is None else octets[: end.start()]
    found: dict[bytes, str] = {}
    for field in _FIELD_END.split(block):
        name, colon, value = field.partition(b":")
        key = name.strip().lower()
        if not colon or key not in _WANTED:
            continue
        text = _text(value)
        if not is_first_kept or key not in found:
            found[key] = text
        elif key in _ADDRESSES:
            found[key] += f", {text}"
    return found


def _text(octets: bytes) -> str:
    """Unfolded; 8-bit octets without a charset are UTF-8, else as Windows wrote them."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        text = octets.decode("cp1252", "replace")
    if "\n" in text:
        text = _FOLD.sub("", text)
    return text.strip()


def _optional_text(octets: bytes | None) -> str | None:
    return None if octets is None else _text(octets)


def _people(raw: str | None) -> tuple[AddressField, ...]:
    """Those of one field; the same few people stand in most messages of a folder."""
    if not raw:
        return ()
    return _parsed(raw) if len(raw) > _LONGEST_KEPT else _kept(raw)


def _parsed(raw: str) -> tuple[AddressField, ...]:
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


_kept: Final = lru_cache(maxsize=1024)(_parsed)


def cached_person(cached: CachedAddress) -> AddressField:
    """One address of a cached envelope, decoded."""
    name = _optional_text(cached.name)
    local_part, host = _optional_text(cached.local_part), _optional_text(cached.host)
    address = f"{local_part or ''}@{host}" if host else local_part
    return AddressField(name=decoded_words(name) if name else None, address=address)
