"""Records of ``annotations.db`` and ``cyrus.annotations``: whose value of what, on what.

The key is ``<of>``, the entry and the userid, each closed by NUL. ``<of>`` is a mailbox's
internal name up to 3.4 and its uniqueid from 3.6 on, in ``cyrus.annotations`` a UID; empty
for the server's own. The userid is empty where everybody sees the value; 3.6 and later write
the owner of the mailbox as ``[.OwNeR.]``.

Source: imap/annotate.c, ``make_key`` and ``split_attribs``; seen on 2.4.20 to 3.10.3.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

from respool.errors import FormatError
from respool.model.dataclasses import dataclass

ANNOTATIONS_FILE: Final = "annotations.db"
MESSAGE_ANNOTATIONS_FILE: Final = "cyrus.annotations"
OWNER: Final = "[.OwNeR.]"
VERSION_KEY_START: Final = b"\x1f"  # keys of the database's own, such as its version

_LENGTH: Final = struct.Struct(">I")
_CONTROL: Final = re.compile(rb"[\x01-\x1f\x7f]")
_ZERO: Final = bytes(4)
_MODSEQ_AND_FLAGS: Final = 9
_IS_DELETED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationKey:
    """Which annotation: ``of`` is a mailbox's name or uniqueid, or a UID, as it is written."""

    of: bytes
    entry: str
    userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationValue:
    """The value; ``is_deleted`` where the record only remembers that there was one."""

    value: bytes
    is_deleted: bool


def parse_annotation_key(key: bytes) -> AnnotationKey:
    """The key of a record.

    Raises:
        FormatError: it has not three parts, or its entry is no path, or controls are in it.
    """
    parts = key.removesuffix(b"\0").split(b"\0")
    is_path = len(parts) == 3 and parts[1].startswith(b"/")
    if not is_path or _CONTROL.search(parts[1] + parts[2]):
        raise FormatError("not the key of an annotation", found=repr(key[:80]))
    return AnnotationKey(of=parts[0], entry=_text(parts[1]), userid=_text(parts[2]))


def parse_annotation_value(octets: bytes) -> AnnotationValue:
    """The value of a record, as a host of any width and order wrote it.

    The length is an ``unsigned long`` of the host: 4 octets, or 8 of which 4 are zero. Value
    and content type end with NUL each; then a time as wide as the length, which only 2.x
    sets; from 3.2 on 8 octets of modseq and one of flags.

    Raises:
        FormatError: none of these.
    """
    for width, length in _lengths(octets):
        end = width + length
        type_end = octets.find(b"\0", end + 1)
        if octets[end : end + 1] != b"\0" or type_end < 0:
            continue
        rest = len(octets) - type_end - 1
        if rest in {width, width + _MODSEQ_AND_FLAGS}:
            is_deleted = rest > width and bool(octets[-1] & _IS_DELETED)
            return AnnotationValue(value=octets[width:end], is_deleted=is_deleted)
    raise FormatError("not the value of an annotation", found=repr(octets[:40]))


def _lengths(octets: bytes) -> Iterator[tuple[int, int]]:
    """How wide the length could be, and what it is then."""
    if len(octets) >= 8 and octets[4:8] == _ZERO:  # 64 bits, little-endian
        yield 8, _LENGTH.unpack_from(octets)[0]
    if len(octets) >= 8 and octets[:4] == _ZERO:  # 64 bits, big-endian
        yield 8, _LENGTH.unpack_from(octets, 4)[0]
    if len(octets) >= 4:
        yield 4, _LENGTH.unpack_from(octets)[0]


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")
