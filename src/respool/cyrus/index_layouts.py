"""The versions of ``cyrus.index``, as tables of field, offset and width in octets.

The tables are the code: parsing and rendering both go through the NumPy types made
from them. All numbers are big-endian. A further version is one more table.

Source: imap/mailbox.h of each release; docs/reference/formats/cyrus-index.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from respool.errors import UnknownIndexVersion

Field = tuple[str, int, int]

HEADER_CRC: Final = "header_crc"
RECORD_CRC: Final = "record_crc"
HEADER_FILE_CRC_OFFSET: Final = 96

_PREAMBLE: tuple[Field, ...] = (
    ("generation", 0, 4),
    ("format", 4, 4),
    ("minor", 8, 4),
    ("start_offset", 12, 4),
    ("record_size", 16, 4),
    ("num_records", 20, 4),
)

_COUNTERS: tuple[Field, ...] = (
    ("last_appenddate", 24, 4),
    ("last_uid", 28, 4),
    ("quota_used", 32, 8),
    ("pop3_last_login", 40, 4),
    ("uidvalidity", 44, 4),
    ("deleted_count", 48, 4),
    ("answered_count", 52, 4),
    ("flagged_count", 56, 4),
)

_STATE: tuple[Field, ...] = (
    ("options", 60, 4),
    ("leaked_cache", 64, 4),
    ("highestmodseq", 68, 8),
    ("deletedmodseq", 76, 8),
    ("exists", 84, 4),
)

# 19 moved the 8-octet numbers to multiples of eight.
_STATE_19: tuple[Field, ...] = (
    ("exists", 60, 4),
    ("options", 64, 4),
    ("leaked_cache", 68, 4),
    ("highestmodseq", 72, 8),
    ("deletedmodseq", 80, 8),
)

_UPKEEP: tuple[Field, ...] = (
    ("first_expunged", 88, 4),
    ("last_repack_time", 92, 4),
    ("header_file_crc", HEADER_FILE_CRC_OFFSET, 4),
    ("sync_crc", 100, 4),
    ("recentuid", 104, 4),
    ("recenttime", 108, 4),
)

_SINCE_13: tuple[Field, ...] = (
    ("pop3_show_after", 112, 4),
    ("quota_annot_used", 116, 4),
    ("sync_crc_annot", 120, 4),
)

_HEADER_12 = (*_PREAMBLE, *_COUNTERS, *_STATE, *_UPKEEP, (HEADER_CRC, 124, 4))
_HEADER_13 = (*_PREAMBLE, *_COUNTERS, *_STATE, *_UPKEEP, *_SINCE_13, (HEADER_CRC, 124, 4))

_TO_UNSEEN = (*_PREAMBLE, *_COUNTERS, *_STATE, *_UPKEEP, *_SINCE_13, ("unseen", 124, 4))
_LONG_CRC: Field = (HEADER_CRC, 156, 4)
_HEADER_14 = (*_TO_UNSEEN, _LONG_CRC)
_HEADER_16 = (*_TO_UNSEEN, ("createdmodseq", 128, 8), _LONG_CRC)
_HEADER_17 = (*_TO_UNSEEN, ("createdmodseq", 128, 8), ("changes_epoch", 136, 4), _LONG_CRC)
_HEADER_18 = (
    *_TO_UNSEEN,
    ("createdmodseq", 128, 8),
    ("changes_epoch", 136, 4),
    ("quota_deleted_used", 140, 8),
    ("quota_expunged_used", 148, 8),
    _LONG_CRC,
)
_HEADER_19 = (
    *_PREAMBLE,
    *_COUNTERS,
    *_STATE_19,
    *_UPKEEP,
    *_SINCE_13,
    ("unseen", 124, 4),
    ("createdmodseq", 128, 8),
    ("quota_deleted_used", 136, 8),
    ("quota_expunged_used", 144, 8),
    ("changes_epoch", 152, 4),
    _LONG_CRC,
)

_MESSAGE: tuple[Field, ...] = (
    ("uid", 0, 4),
    ("internaldate", 4, 4),
    ("sentdate", 8, 4),
    ("size", 12, 4),
    ("header_size", 16, 4),
    ("gmtime", 20, 4),
    ("cache_offset", 24, 4),
    ("last_updated", 28, 4),
    ("system_flags", 32, 4),
    ("user_flags", 36, 16),
)

_IDENTITY: tuple[Field, ...] = (
    ("cache_version", 56, 4),
    ("guid", 60, 20),
    ("modseq", 80, 8),
)

_LINES: Field = ("content_lines", 52, 4)
_SAVEDATE: Field = ("savedate", 52, 4)
_THREAD: Field = ("cid", 88, 8)

_RECORD_12 = (*_MESSAGE, _LINES, *_IDENTITY, ("cache_crc", 88, 4), (RECORD_CRC, 92, 4))
_RECORD_13 = (
    *_MESSAGE,
    _LINES,
    *_IDENTITY,
    _THREAD,
    ("cache_crc", 96, 4),
    (RECORD_CRC, 100, 4),
)
_RECORD_15 = (
    *_MESSAGE,
    _SAVEDATE,
    *_IDENTITY,
    _THREAD,
    ("cache_crc", 96, 4),
    (RECORD_CRC, 100, 4),
)
_RECORD_16 = (
    *_MESSAGE,
    _SAVEDATE,
    *_IDENTITY,
    _THREAD,
    ("createdmodseq", 96, 8),
    ("cache_crc", 104, 4),
    (RECORD_CRC, 108, 4),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexLayout:
    """One version: sizes in octets, and where each field of header and record lies."""

    version: int
    header_size: int
    record_size: int
    header_fields: tuple[Field, ...]
    record_fields: tuple[Field, ...]

    @property
    def header_names(self) -> tuple[str, ...]:
        """Names of the header's fields, in the order of the table."""
        return tuple(name for name, _, _ in self.header_fields)

    def offset_in_record(self, field: str) -> int:
        """Where ``field`` begins in a record."""
        return next(offset for name, offset, _ in self.record_fields if name == field)

    def offset_in_header(self, field: str) -> int:
        """Where ``field`` begins in the header."""
        return next(offset for name, offset, _ in self.header_fields if name == field)


def _layout(
    version: int, sizes: tuple[int, int], header: tuple[Field, ...], record: tuple[Field, ...]
) -> IndexLayout:
    return IndexLayout(
        version=version,
        header_size=sizes[0],
        record_size=sizes[1],
        header_fields=header,
        record_fields=record,
    )


LAYOUTS: Final = {
    layout.version: layout
    for layout in (
        _layout(12, (128, 96), _HEADER_12, _RECORD_12),  # 2.4
        _layout(13, (128, 104), _HEADER_13, _RECORD_13),  # 2.5, 3.0
        _layout(14, (160, 104), _HEADER_14, _RECORD_13),  # between releases
        _layout(15, (160, 104), _HEADER_14, _RECORD_15),  # between releases
        _layout(16, (160, 112), _HEADER_16, _RECORD_16),  # 3.2
        _layout(17, (160, 112), _HEADER_17, _RECORD_16),  # 3.4, 3.6, 3.8
        _layout(18, (160, 112), _HEADER_18, _RECORD_16),  # between releases
        _layout(19, (160, 112), _HEADER_19, _RECORD_16),  # 3.10, 3.12
    )
}


def layout_of(version: int) -> IndexLayout:
    """The table of a minor version.

    Raises:
        UnknownIndexVersion: there is none.
    """
    layout = LAYOUTS.get(version)
    if layout is None:
        known = ", ".join(str(known) for known in LAYOUTS)
        raise UnknownIndexVersion(
            f"cyrus.index of minor version {version}",
            offset=8,
            expected=f"one of {known}",
            found=str(version),
        )
    return layout


def _number_type(width: int) -> object:
    if width == 16:
        return (">u4", (4,))
    return "V20" if width == 20 else f">u{width}"


def _dtype(fields: tuple[Field, ...], size: int) -> np.dtype[np.void]:
    return np.dtype(
        {
            "names": [name for name, _, _ in fields],
            "formats": [_number_type(width) for _, _, width in fields],
            "offsets": [offset for _, offset, _ in fields],
            "itemsize": size,
        }
    )


@cache
def header_dtype(version: int) -> np.dtype[np.void]:
    """The header of ``version`` as a NumPy type of its exact size."""
    layout = layout_of(version)
    return _dtype(layout.header_fields, layout.header_size)


@cache
def record_dtype(version: int) -> np.dtype[np.void]:
    """A record of ``version`` as a NumPy type of its exact size."""
    layout = layout_of(version)
    return _dtype(layout.record_fields, layout.record_size)
