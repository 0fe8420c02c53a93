"""Offsets of ``cyrus.index`` copied by hand from Cyrus's own headers, not from our tables.

For versions of which no server left us a sample: 6 to 10 are `imap/mailbox.h` @2.2.13 and
2.3.16 and index-format-history.txt @3.12.3; 14, 15, 18 are that history; 20 is
`imap/index_file.c` @3.13.1. Each field is its offset and the ``struct`` code of its width.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import Final

Offsets = Mapping[str, tuple[int, str]]

SIZES: Final = {
    6: (76, 60),
    7: (76, 72),
    8: (92, 80),
    9: (96, 80),
    10: (96, 88),
    14: (160, 104),
    15: (160, 104),
    18: (160, 112),
    20: (192, 144),
}

_OLD_HEADER: Offsets = {
    "generation": (0, "I"),
    "format": (4, "I"),
    "last_appenddate": (24, "I"),
    "last_uid": (28, "I"),
    "quota_used": (32, "Q"),
    "pop3_last_login": (40, "I"),
    "uidvalidity": (44, "I"),
    "deleted_count": (48, "I"),
    "answered_count": (52, "I"),
    "flagged_count": (56, "I"),
    "options": (60, "I"),
    "leaked_cache": (64, "I"),
}
_MODSEQ_HEADER: Offsets = {**_OLD_HEADER, "highestmodseq": (68, "Q")}
_HEADER_14: Offsets = {
    **_MODSEQ_HEADER,
    "deletedmodseq": (76, "Q"),
    "exists": (84, "I"),
    "first_expunged": (88, "I"),
    "last_repack_time": (92, "I"),
    "header_file_crc": (96, "I"),
    "sync_crc": (100, "I"),
    "recentuid": (104, "I"),
    "recenttime": (108, "I"),
    "pop3_show_after": (112, "I"),
    "quota_annot_used": (116, "I"),
    "sync_crc_annot": (120, "I"),
    "unseen": (124, "I"),
}
HEADERS: Final[Mapping[int, Offsets]] = {
    6: _OLD_HEADER,
    7: _OLD_HEADER,
    8: _MODSEQ_HEADER,
    9: _MODSEQ_HEADER,
    10: _MODSEQ_HEADER,
    14: _HEADER_14,
    15: _HEADER_14,
    18: {
        **_HEADER_14,
        "createdmodseq": (128, "Q"),
        "changes_epoch": (136, "I"),
        "quota_deleted_used": (140, "Q"),
        "quota_expunged_used": (148, "Q"),
    },
    20: {
        "generation": (0, "I"),
        "format": (4, "I"),
        "last_appenddate": (24, "q"),
        "quota_used": (32, "Q"),
        "pop3_last_login": (40, "q"),
        "deleted_count": (48, "I"),
        "answered_count": (52, "I"),
        "flagged_count": (56, "I"),
        "exists": (60, "I"),
        "options": (64, "I"),
        "leaked_cache": (68, "I"),
        "highestmodseq": (72, "Q"),
        "deletedmodseq": (80, "Q"),
        "last_uid": (88, "I"),
        "uidvalidity": (92, "I"),
        "header_file_crc": (96, "I"),
        "sync_crc": (100, "I"),
        "recenttime": (104, "q"),
        "pop3_show_after": (112, "q"),
        "sync_crc_annot": (120, "I"),
        "unseen": (124, "I"),
        "createdmodseq": (128, "Q"),
        "quota_deleted_used": (136, "Q"),
        "quota_expunged_used": (144, "Q"),
        "quota_annot_used": (152, "Q"),
        "changes_epoch": (160, "q"),
        "first_expunged": (168, "q"),
        "last_repack_time": (176, "q"),
        "recentuid": (184, "I"),
    },
}

_OLD_RECORD: Offsets = {
    "uid": (0, "I"),
    "internaldate": (4, "I"),
    "sentdate": (8, "I"),
    "size": (12, "I"),
    "header_size": (16, "I"),
    "content_offset": (20, "I"),
    "cache_offset": (24, "I"),
    "last_updated": (28, "I"),
    "system_flags": (32, "I"),
    "user_flags": (36, "4I"),
    "content_lines": (52, "I"),
    "cache_version": (56, "I"),
}
_LATER: Offsets = {name: at for name, at in _OLD_RECORD.items() if name != "content_offset"}
_RECORD_14: Offsets = {
    **_LATER,
    "gmtime": (20, "I"),
    "guid": (60, "20s"),
    "modseq": (80, "Q"),
    "cid": (88, "Q"),
    "cache_crc": (96, "I"),
}
_RECORD_15: Offsets = {
    **{name: at for name, at in _RECORD_14.items() if name != "content_lines"},
    "savedate": (52, "I"),
}
RECORDS: Final[Mapping[int, Offsets]] = {
    6: _OLD_RECORD,
    7: {**_OLD_RECORD, "message_uuid": (60, "12s")},
    8: {**_OLD_RECORD, "message_uuid": (60, "12s"), "modseq": (72, "Q")},
    9: {**_OLD_RECORD, "message_uuid": (60, "12s"), "modseq": (72, "Q")},
    10: {**_OLD_RECORD, "guid": (60, "20s"), "modseq": (80, "Q")},
    14: _RECORD_14,
    15: _RECORD_15,
    18: {**_RECORD_15, "createdmodseq": (96, "Q"), "cache_crc": (104, "I")},
    20: {
        "uid": (0, "I"),
        "cache_offset": (4, "I"),
        "internaldate": (8, "q"),
        "sentdate": (16, "q"),
        "size": (24, "Q"),
        "header_size": (32, "I"),
        "system_flags": (36, "I"),
        "user_flags": (40, "4I"),
        "cache_version": (56, "I"),
        "guid": (60, "20s"),
        "modseq": (80, "Q"),
        "cid": (88, "Q"),
        "createdmodseq": (96, "Q"),
        "gmtime": (104, "q"),
        "last_updated": (112, "q"),
        "savedate": (120, "q"),
        "basecid": (128, "Q"),
        "cache_crc": (136, "I"),
    },
}
HEADER_CRCS: Final = {14: 156, 15: 156, 18: 156, 20: 188}
RECORD_CRCS: Final = {14: 100, 15: 100, 18: 108, 20: 140}

_WIDE_TIMES: Final = 1_700_000_000_123_456_789


def index_by_hand(version: int) -> tuple[bytes, dict[str, object], dict[str, object]]:
    """An index of one record, with another number in each field, and those numbers by name."""
    header_size, record_size = SIZES[version]
    header, said = _filled(header_size, HEADERS[version])
    struct.pack_into(">IIII", header, 8, version, header_size, record_size, 1)
    record, row = _filled(record_size, RECORDS[version])
    row |= {"system_flags": 0x80000005, "header_size": 3, "cache_version": 6}
    for name in ("system_flags", "header_size", "cache_version"):
        struct.pack_into(">I", record, RECORDS[version][name][0], row[name])
    for octets, places in ((header, HEADER_CRCS), (record, RECORD_CRCS)):
        if version in places:
            at = places[version]
            struct.pack_into(">I", octets, at, zlib.crc32(octets[:at]))
    return bytes(header + record), said, row


def _filled(size: int, offsets: Offsets) -> tuple[bytearray, dict[str, object]]:
    octets = bytearray(size)
    values: dict[str, object] = {}
    for number, (name, (at, code)) in enumerate(sorted(offsets.items()), 1001):
        match code:
            case "4I":
                value: object = tuple(range(number, number + 4))
                struct.pack_into(">4I", octets, at, *range(number, number + 4))
            case "q":
                value = _WIDE_TIMES + number
                struct.pack_into(">q", octets, at, value)
            case "I" | "Q":
                value = number
                struct.pack_into(f">{code}", octets, at, value)
            case _:
                width = int(code.removesuffix("s"))
                value = bytes((number + each) % 255 + 1 for each in range(width)).hex()
                struct.pack_into(f">{code}", octets, at, bytes.fromhex(value))
        values[name] = value
    return octets, values
