"""Answers to FETCH, as messages: flags and dates octet by octet, not through a general lexer.

A keyword may be spelled ``a[b``, ``NIL`` or ``007``; only here it stays what it is.

Source: RFC 3501, section 7.4.2; seen on Cyrus 3.6.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, TypeAlias

from respool.model.dataclasses import dataclass

Part: TypeAlias = "bytes | tuple[bytes, bytes] | None"

_FLAGS: Final = re.compile(rb"FLAGS \(([^()]*)\)")
_UID: Final = re.compile(rb"\bUID (\d+)")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)")
_SHA1: Final = re.compile(rb'\bDIGEST\.SHA1 "?([0-9A-Fa-f]{40})\b')
_MODSEQ: Final = re.compile(rb"\bMODSEQ \((\d+)\)")
_EMPTY: Final = re.compile(rb'\bBODY\[\](?:<\d+>)? (?:""|NIL)')
_DATE: Final = re.compile(
    rb'\bINTERNALDATE "([ 0-9]\d)-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"'
)
_MONTHS: Final = (b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedMessage:
    """One answer; None is what was not in it. ``guid`` is the server's own word for it.

    ``modseq`` grows with each change of the message (RFC 7162).
    """

    uid: int
    flags: frozenset[str] | None
    internaldate: datetime | None
    size_bytes: int | None
    octets: bytes | None
    guid: str | None = None
    modseq: int | None = None


def parse_fetch(parts: Sequence[Part]) -> Iterator[FetchedMessage]:
    """The messages of an answer, as the standard library's client hands it over.

    A literal comes as a pair: what stood before it, and its octets; what follows it is
    the next part. Answers without a UID, which nobody asked for, are left out.
    """
    pending: tuple[bytes, bytes] | None = None
    for part in parts:
        if isinstance(part, tuple):
            if pending is not None:
                yield from _message(*pending)
            pending = part
        elif part is not None:
            head, octets = (b"", None) if pending is None else pending
            pending = None
            yield from _message(head + part, octets)
    if pending is not None:
        yield from _message(*pending)


def _message(text: bytes, octets: bytes | None) -> Iterator[FetchedMessage]:
    flags = _FLAGS.search(text)
    rest = text if flags is None else text[: flags.start()] + text[flags.end() :]
    uid, size, sha1 = _UID.search(rest), _SIZE.search(rest), _SHA1.search(rest)
    modseq = _MODSEQ.search(rest)
    if uid is None:
        return
    if octets is None and _EMPTY.search(rest):
        octets = b""
    yield FetchedMessage(
        uid=int(uid[1]),
        flags=None if flags is None else frozenset(_words(flags[1])),
        internaldate=_date(rest),
        size_bytes=None if size is None else int(size[1]),
        octets=octets,
        guid=None if sha1 is None else sha1[1].decode("ascii").lower(),
        modseq=None if modseq is None else int(modseq[1]),
    )


def _words(octets: bytes) -> Iterator[str]:
    return (word.decode("utf-8", "surrogateescape") for word in octets.split())


def _date(text: bytes) -> datetime | None:
    found = _DATE.search(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[at]) for at in (1, 3, 4, 5, 6))
    offset = timedelta(hours=int(found[8]), minutes=int(found[9]))
    month = _MONTHS.index(found[2]) + 1
    try:
        zone = timezone(offset if found[7] == b"+" else -offset)
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):  # 31 February; a year that UTC does not have
        return None
