"""The versions of ``cyrus.index``, as tables of field, offset and width in octets.

The tables are the code: parsing and rendering both go through the NumPy types made
from them. All numbers are big-endian. A time of four octets is in seconds, one of eight
in nanoseconds. A further version is one more table.

Source: imap/mailbox.h of each release; imap/index_file.c @3.13.1;
docs/reference/formats/cyrus-index.md.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from respool.errors import FormatError, UnknownIndexVersion
from respool.model.dataclasses import dataclass
from respool.model.inventory import RECORD_TIMES

Field = tuple[str, int, int]

HEADER_CRC: Final = "header_crc"
RECORD_CRC: Final = "record_crc"
HEADER_FILE_CRC_OFFSET: Final = 96
FIRST_WITH_CRC: Final = 12  # and the first with a \\Seen bit
FIRST_WITH_GUID: Final = 10
_SIZE_LIMIT: Final = 1 << 12  # of a header or record that is larger than its table says

# Fields that are times, of the header and of a record.
HEADER_TIMES: Final = frozenset(
    {
        "last_appenddate",
        "pop3_last_login",
        "first_expunged",
        "last_repack_time",
        "recenttime",
        "pop3_show_after",
        "changes_epoch",
    }
)

_TIMES: Final = HEADER_TIMES | frozenset(RECORD_TIMES)

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

_OPTIONS: tuple[Field, ...] = (("options", 60, 4), ("leaked_cache", 64, 4))
_HIGHESTMODSEQ: Field = ("highestmodseq", 68, 8)

_STATE: tuple[Field, ...] = (
    *_OPTIONS,
    _HIGHESTMODSEQ,
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

# Up to 10 num_records is the number of messages, too.
_HEADER_6 = (*_PREAMBLE, *_COUNTERS, *_OPTIONS)
_HEADER_8 = (*_PREAMBLE, *_COUNTERS, *_OPTIONS, _HIGHESTMODSEQ)
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

# 20 has 64-bit times and sizes, each at a multiple of eight.
_HEADER_20 = (
    *_PREAMBLE,
    ("last_appenddate", 24, 8),
    ("quota_used", 32, 8),
    ("pop3_last_login", 40, 8),
    ("deleted_count", 48, 4),
    ("answered_count", 52, 4),
    ("flagged_count", 56, 4),
    *_STATE_19,
    ("last_uid", 88, 4),
    ("uidvalidity", 92, 4),
    ("header_file_crc", HEADER_FILE_CRC_OFFSET, 4),
    ("sync_crc", 100, 4),
    ("recenttime", 104, 8),
    ("pop3_show_after", 112, 8),
    ("sync_crc_annot", 120, 4),
    ("unseen", 124, 4),
    ("createdmodseq", 128, 8),
    ("quota_deleted_used", 136, 8),
    ("quota_expunged_used", 144, 8),
    ("quota_annot_used", 152, 8),
    ("changes_epoch", 160, 8),
    ("first_expunged", 168, 8),
    ("last_repack_time", 176, 8),
    ("recentuid", 184, 4),
    (HEADER_CRC, 188, 4),
)

_SIZES: tuple[Field, ...] = (
    ("uid", 0, 4),
    ("internaldate", 4, 4),
    ("sentdate", 8, 4),
    ("size", 12, 4),
    ("header_size", 16, 4),
)
_FLAGS: tuple[Field, ...] = (
    ("cache_offset", 24, 4),
    ("last_updated", 28, 4),
    ("system_flags", 32, 4),
    ("user_flags", 36, 16),
)
_CACHE_VERSION: Field = ("cache_version", 56, 4)
_LINES: Field = ("content_lines", 52, 4)

_RECORD_6 = (*_SIZES, ("content_offset", 20, 4), *_FLAGS, _LINES, _CACHE_VERSION)
_RECORD_7 = (*_RECORD_6, ("message_uuid", 60, 12))
_RECORD_8 = (*_RECORD_7, ("modseq", 72, 8))

_IDENTITY: tuple[Field, ...] = (
    _CACHE_VERSION,
    ("guid", 60, 20),
    ("modseq", 80, 8),
)
_RECORD_10 = (*_SIZES, ("content_offset", 20, 4), *_FLAGS, _LINES, *_IDENTITY)

_MESSAGE: tuple[Field, ...] = (*_SIZES, ("gmtime", 20, 4), *_FLAGS)
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
_RECORD_20 = (
    ("uid", 0, 4),
    ("cache_offset", 4, 4),
    ("internaldate", 8, 8),
    ("sentdate", 16, 8),
    ("size", 24, 8),
    ("header_size", 32, 4),
    ("system_flags", 36, 4),
    ("user_flags", 40, 16),
    *_IDENTITY,
    _THREAD,
    ("createdmodseq", 96, 8),
    ("gmtime", 104, 8),
    ("last_updated", 112, 8),
    ("savedate", 120, 8),
    ("basecid", 128, 8),
    ("cache_crc", 136, 4),
    (RECORD_CRC, 140, 4),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexLayout:
    """One version: sizes in octets, and where each field of header and record lies.

    Sizes may be larger than the fields need: servers lengthen a header in place.
    """

    version: int
    header_size: int
    record_size: int
    header_fields: tuple[Field, ...]
    record_fields: tuple[Field, ...]

    @property
    def header_names(self) -> tuple[str, ...]:
        """Names of the header's fields, in the order of the table."""
        return tuple(name for name, _, _ in self.header_fields)

    @property
    def record_names(self) -> tuple[str, ...]:
        """Names of a record's fields, in the order of the table."""
        return tuple(name for name, _, _ in self.record_fields)

    @property
    def has_crcs(self) -> bool:
        """Whether header and records carry a CRC."""
        return self.version >= FIRST_WITH_CRC

    @property
    def has_nanoseconds(self) -> bool:
        """Whether times are in nanoseconds."""
        return self.width_in_record("internaldate") == 8

    def width_in_record(self, field: str) -> int:
        """How many octets ``field`` has in a record."""
        return next(width for name, _, width in self.record_fields if name == field)

    def with_sizes(self, header_size: int, record_size: int) -> IndexLayout:
        """The same fields in a header and records of these sizes.

        Raises:
            FormatError: smaller than the fields, or larger than any server would make them.
        """
        if (header_size, record_size) == (self.header_size, self.record_size):
            return self
        if not (
            self.header_size <= header_size <= _SIZE_LIMIT
            and self.record_size <= record_size <= _SIZE_LIMIT
        ):
            raise FormatError(
                f"cyrus.index of version {self.version} with sizes of another",
                offset=12,
                expected=f"header {self.header_size}, record {self.record_size}",
                found=f"header {header_size}, record {record_size}",
            )
        return replace(self, header_size=header_size, record_size=record_size)

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
        _layout(6, (76, 60), _HEADER_6, _RECORD_6),  # 2.2
        _layout(7, (76, 72), _HEADER_6, _RECORD_7),  # 2.3.0
        _layout(8, (92, 80), _HEADER_8, _RECORD_8),  # 2.3.4
        _layout(9, (96, 80), _HEADER_8, _RECORD_8),  # 2.3.7
        _layout(10, (96, 88), _HEADER_8, _RECORD_10),  # 2.3.10
        _layout(12, (128, 96), _HEADER_12, _RECORD_12),  # 2.4
        _layout(13, (128, 104), _HEADER_13, _RECORD_13),  # 2.5, 3.0
        _layout(14, (160, 104), _HEADER_14, _RECORD_13),  # between releases
        _layout(15, (160, 104), _HEADER_14, _RECORD_15),  # between releases
        _layout(16, (160, 112), _HEADER_16, _RECORD_16),  # 3.2
        _layout(17, (160, 112), _HEADER_17, _RECORD_16),  # 3.4, 3.6, 3.8
        _layout(18, (160, 112), _HEADER_18, _RECORD_16),  # between releases
        _layout(19, (160, 112), _HEADER_19, _RECORD_16),  # 3.10, 3.12
        _layout(20, (192, 144), _HEADER_20, _RECORD_20),  # 3.13
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


def _number_type(name: str, width: int) -> object:
    if name == "user_flags":
        return (">u4", (4,))
    if name in {"guid", "message_uuid"}:
        return f"V{width}"
    if name in _TIMES and width == 8:
        return ">i8"
    return f">u{width}"


def _dtype(fields: tuple[Field, ...], size: int) -> np.dtype[np.void]:
    return np.dtype(
        {
            "names": [name for name, _, _ in fields],
            "formats": [_number_type(name, width) for name, _, width in fields],
            "offsets": [offset for _, offset, _ in fields],
            "itemsize": size,
        }
    )


@lru_cache(maxsize=64)
def header_dtype(layout: IndexLayout) -> np.dtype[np.void]:
    """The header of ``layout`` as a NumPy type of its exact size."""
    return _dtype(layout.header_fields, layout.header_size)


@lru_cache(maxsize=64)
def record_dtype(layout: IndexLayout) -> np.dtype[np.void]:
    """A record of ``layout`` as a NumPy type of its exact size."""
    return _dtype(layout.record_fields, layout.record_size)
