"""A quota root: what its mailboxes use, and what they may.

The value of a record of ``quotas.db``, or a whole file of the format ``quotalegacy``.

Source: imap/quota_db.c, ``quota_parseval``; lib/cyrusdb_quotalegacy.c, ``myfetch``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from respool.cyrus.dlist import KeyValues, Value, parse_dlist
from respool.errors import FormatError, TruncatedFile
from respool.model.dataclasses import dataclass

RESOURCES: Final[Mapping[str, str]] = {
    "S": "STORAGE",
    "M": "MESSAGE",
    "AS": "X-ANNOTATION-STORAGE",
    "NF": "X-NUM-FOLDERS",
}
_NUMBER: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaNumbers:
    """Used and limit of each resource, by its IMAP name; one without a limit has none there.

    What is used of STORAGE and X-ANNOTATION-STORAGE is in octets, their limits in KiB; the
    others are counts.
    """

    used: Mapping[str, int]
    limits: Mapping[str, int]


def parse_quota_file(octets: bytes) -> QuotaNumbers:
    """The numbers of a quota root that has a file of its own.

    Raises:
        TruncatedFile: empty, or without the line end that the server insists on.
        FormatError: of neither form.
    """
    if not octets.endswith(b"\n"):
        raise TruncatedFile("a quota root is cut", offset=len(octets), expected="LF", found="end")
    return parse_quota(octets)


def parse_quota(octets: bytes) -> QuotaNumbers:
    """The numbers of a quota root, as a record of a database has them.

    Raises:
        TruncatedFile: it ends before the limit.
        FormatError: of neither form.
    """
    numbers = list(_from_dlist(octets) if octets.startswith(b"%") else _from_plain(octets))
    return QuotaNumbers(
        used={RESOURCES[key]: used for key, used, _ in numbers},
        limits={RESOURCES[key]: limit for key, _, limit in numbers if limit >= 0},
    )


def _from_dlist(octets: bytes) -> Iterator[tuple[str, int, int]]:
    """``%(S (used limit) M (used) … SCAN %(…) MODSEQ n)``: what is no resource is passed over."""
    body, end = parse_dlist(octets)
    if not isinstance(body, KeyValues) or octets[end:].strip():
        raise FormatError("not a quota root", offset=end, expected="one key-value list")
    for key in RESOURCES:
        numbers = body.get(key)
        if numbers is None:
            continue
        if not isinstance(numbers, tuple) or not numbers:
            raise FormatError("not a quota root", expected=f"{key} (used limit)", found="no list")
        counts = [_number(value) for value in numbers]
        yield key, counts[0], counts[1] if len(counts) > 1 else -1


def _from_plain(octets: bytes) -> Iterator[tuple[str, int, int]]:
    """``used limit``, of storage first, then of each resource that is named before them.

    A third number is what an interrupted ``quota -f`` left.
    """
    fields = octets.decode("ascii", "surrogateescape").split()
    key = "S"
    while True:
        if len(fields) < 2:
            raise TruncatedFile("a quota root ends too early", expected="used and limit")
        yield key, _number(fields[0]), _number(fields[1])
        fields = fields[2:]
        if fields and _NUMBER.fullmatch(fields[0]):
            fields = fields[1:]
        if not fields:
            return
        key, fields = fields[0].upper(), fields[1:]
        if key not in RESOURCES:
            raise FormatError("not a quota root", expected="a resource", found=repr(key[:20]))


def _number(value: Value) -> int:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise FormatError("not a quota root", expected="a number", found=repr(value)[:60])
    return int(value)
