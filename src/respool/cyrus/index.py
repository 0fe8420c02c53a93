"""``cyrus.index``: header and records, both ways, through the tables of ``index_layouts``."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.index_layouts import (
    HEADER_CRC,
    RECORD_CRC,
    IndexLayout,
    header_dtype,
    layout_of,
    record_dtype,
)
from respool.errors import FormatError, TruncatedFile
from respool.model.findings import Finding, Severity
from respool.model.inventory import RECORD, Rows
from respool.model.messages import UID_LIMIT

OPTION_SHARED_SEEN: Final = 4
_SUBJECT: Final = "cyrus.index"
_PREAMBLE_SIZE: Final = 24

# Columns that RECORD and every version have under the same name.
_PLAIN_COLUMNS: Final = (
    "uid",
    "internaldate",
    "sentdate",
    "gmtime",
    "size",
    "header_size",
    "system_flags",
    "user_flags",
    "guid",
    "modseq",
    "cache_crc",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexHeader:
    """Header of an index: numbers as stored, not recounted; None where the version has none.

    Times are seconds since 1970. ``minor``, ``start_offset``, ``record_size`` and
    ``num_records`` are what the file said; `render_index` puts its own there.
    """

    generation: int = 0
    format: int = 0
    minor: int = 0
    start_offset: int = 0
    record_size: int = 0
    num_records: int = 0
    last_appenddate: int = 0
    last_uid: int = 0
    quota_used: int = 0
    pop3_last_login: int = 0
    uidvalidity: int = 0
    deleted_count: int = 0
    answered_count: int = 0
    flagged_count: int = 0
    options: int = 0
    leaked_cache: int | None = None
    highestmodseq: int | None = None
    deletedmodseq: int | None = None
    exists: int | None = None
    first_expunged: int | None = None
    last_repack_time: int | None = None
    header_file_crc: int | None = None
    sync_crc: int | None = None
    recentuid: int | None = None
    recenttime: int | None = None
    pop3_show_after: int | None = None
    quota_annot_used: int | None = None
    sync_crc_annot: int | None = None
    unseen: int | None = None
    createdmodseq: int | None = None
    changes_epoch: int | None = None
    quota_deleted_used: int | None = None
    quota_expunged_used: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What a ``cyrus.index`` holds: ``records`` are RECORD rows in ascending UID order."""

    version: int
    header: IndexHeader
    records: Rows
    findings: tuple[Finding, ...]


def parse_index(octets: bytes | memoryview) -> Index:
    """The value of a whole ``cyrus.index`` file.

    Records that do not hold what their own CRC says, and those out of order, are left
    out, each with a finding. An index that ends early gives the records that it has.

    Raises:
        TruncatedFile: not even the header is whole.
        UnknownIndexVersion: no table for its minor version.
        FormatError: sizes in the header that are not those of its version.

    Source: imap/mailbox.c, ``mailbox_buf_to_index_header`` and ``_record``.
    """
    view = memoryview(octets).cast("B")
    layout = _layout_in(view)
    header, header_findings, has_crcs = _parse_header(view, layout)
    is_header_sound = not any(f.code == "index-header-crc-differs" for f in header_findings)
    count, count_findings = _record_count(view, layout, header, is_header_sound=is_header_sound)
    start = layout.header_size
    body = view[start : start + count * layout.record_size]
    raw: Rows = np.frombuffer(body, dtype=record_dtype(layout.version), count=count)
    sound, crc_findings = _sound_mask(body, raw, layout, has_crcs=has_crcs)
    kept, order_findings = _in_order(raw[sound])
    return Index(
        version=layout.version,
        header=header,
        records=_to_columns(kept),
        findings=(*header_findings, *count_findings, *crc_findings, *order_findings),
    )


def parse_index_header(octets: bytes) -> IndexHeader:
    """The header alone, of the first octets of a ``cyrus.index``; its CRC is not asked.

    Raises:
        TruncatedFile, UnknownIndexVersion, FormatError: as `parse_index`.
    """
    view = memoryview(octets)
    return _parse_header(view, _layout_in(view))[0]


def render_index(version: int, header: IndexHeader, records: Rows) -> bytes:
    """A whole ``cyrus.index`` of ``version``, all CRCs right, from RECORD rows in UID order.

    What RECORD does not carry (thread ids, save dates) is zero; ``last_updated`` is the
    header's ``last_appenddate``.

    Raises:
        UnknownIndexVersion: no table for ``version``.
        OverflowError: a number that does not fit its field.
    """
    layout = layout_of(version)
    head = np.zeros(1, dtype=header_dtype(version))
    own = {
        "minor": version,
        "start_offset": layout.header_size,
        "record_size": layout.record_size,
        "num_records": len(records),
    }
    for name in layout.header_names:
        if name != HEADER_CRC:
            head[name] = own.get(name, getattr(header, name) or 0)
    crc_at = layout.offset_in_header(HEADER_CRC)
    head[HEADER_CRC] = zlib.crc32(head.tobytes()[:crc_at])
    rows = _from_columns(records, version, header.last_appenddate)
    _put_record_crcs(rows, layout)
    return head.tobytes() + rows.tobytes()


def with_options(octets: bytes, options: int) -> bytes:
    """The header of an index with these option bits set besides; all else as it was.

    ``octets`` begin the file; the result is as long as its header.

    Raises:
        FormatError: as `parse_index`.
    """
    layout = _layout_in(memoryview(octets))
    patched = bytearray(octets[: layout.header_size])
    at = layout.offset_in_header("options")
    (present,) = struct.unpack_from(">I", patched, at)
    struct.pack_into(">I", patched, at, present | options)
    crc_at = layout.offset_in_header(HEADER_CRC)
    struct.pack_into(">I", patched, crc_at, zlib.crc32(patched[:crc_at]))
    return bytes(patched)


def _layout_in(view: memoryview) -> IndexLayout:
    if len(view) < _PREAMBLE_SIZE:
        raise _cut(len(view), _PREAMBLE_SIZE)
    minor, start_offset, record_size = struct.unpack_from(">III", view, 8)
    layout = layout_of(minor)
    if (start_offset, record_size) != (layout.header_size, layout.record_size):
        raise FormatError(
            f"cyrus.index of version {minor} with sizes of another",
            offset=12,
            expected=f"header {layout.header_size}, record {layout.record_size}",
            found=f"header {start_offset}, record {record_size}",
        )
    if len(view) < layout.header_size:
        raise _cut(len(view), layout.header_size)
    return layout


def _cut(size: int, wanted: int) -> TruncatedFile:
    return TruncatedFile(
        "cyrus.index ends inside its header",
        offset=size,
        expected=f"{wanted} octets",
        found=f"{size}",
    )


def _parse_header(
    view: memoryview, layout: IndexLayout
) -> tuple[IndexHeader, tuple[Finding, ...], bool]:
    """Header, findings, and whether the writer computed CRCs at all.

    2.4.0 to 2.4.11 built without zlib wrote 0 for every CRC.
    """
    row = np.frombuffer(view[: layout.header_size], dtype=header_dtype(layout.version))[0]
    known = {field.name for field in fields(IndexHeader)}
    header = IndexHeader(**{name: int(row[name]) for name in layout.header_names if name in known})
    stored = int(row[HEADER_CRC])
    if stored == 0 and layout.version == 12:
        return header, (), False
    if stored == zlib.crc32(view[: layout.offset_in_header(HEADER_CRC)]):
        return header, (), True
    text = "the header does not hold what its CRC says; each record is checked by its own"
    return header, (_note("index-header-crc-differs", text),), True


def _record_count(
    view: memoryview, layout: IndexLayout, header: IndexHeader, *, is_header_sound: bool
) -> tuple[int, tuple[Finding, ...]]:
    present, rest = divmod(len(view) - layout.header_size, layout.record_size)
    stated = header.num_records
    if not is_header_sound:
        return present, ()
    if stated > present:
        text = f"the header says {stated} records, the file ends after {present}"
        if _last_uid(view, layout, present) == header.last_uid:  # UIDs ascend: none can follow
            return present, (_note("index-count-too-high", text),)
        return present, (
            Finding(severity=Severity.BLOCKS, code="index-cut", subject=_SUBJECT, text=text),
        )
    if stated < present or rest:
        text = f"{len(view) - layout.header_size - stated * layout.record_size} octets follow"
        return stated, (_note("index-longer-than-its-count", f"{text} the last record"),)
    return stated, ()


def _last_uid(view: memoryview, layout: IndexLayout, count: int) -> int | None:
    if not count:
        return None
    at = layout.header_size + (count - 1) * layout.record_size
    return int(np.frombuffer(view[at:], dtype=record_dtype(layout.version), count=1)["uid"][0])


def _sound_mask(
    body: memoryview, raw: Rows, layout: IndexLayout, *, has_crcs: bool
) -> tuple[NDArray[np.bool_], tuple[Finding, ...]]:
    if not has_crcs:
        return np.ones(len(raw), dtype=np.bool_), ()
    stored = raw[RECORD_CRC]
    sound: NDArray[np.bool_] = stored == np.fromiter(
        _crcs(body, layout), dtype=np.uint32, count=len(raw)
    )
    findings = tuple(
        Finding(
            severity=Severity.LOSS,
            code="index-record-damaged",
            subject=_SUBJECT,
            text=f"record {number + 1} does not hold what its CRC says",
        )
        for number in np.flatnonzero(~sound).tolist()
    )
    return sound, findings


def _crcs(body: memoryview, layout: IndexLayout) -> Iterator[int]:
    crc32, length = zlib.crc32, layout.offset_in_record(RECORD_CRC)
    for start in range(0, len(body), layout.record_size):
        yield crc32(body[start : start + length])


def _in_order(raw: Rows) -> tuple[Rows, tuple[Finding, ...]]:
    """The rows whose UIDs are possible and ascend, and a finding for each other one."""
    uids = raw["uid"].astype("i8")
    possible = (uids > 0) & (uids < UID_LIMIT)
    candidates = np.where(possible, uids, 0)
    before = np.concatenate([[0], np.maximum.accumulate(candidates)[:-1]]) if len(raw) else uids
    good = possible & (uids > before)
    findings = tuple(
        Finding(
            severity=Severity.LOSS,
            code="index-record-out-of-order" if is_possible else "index-record-impossible-uid",
            subject=_SUBJECT,
            text=f"a record of UID {uid}, left out",
            uid=uid if is_possible else None,
        )
        for uid, is_possible in zip(uids[~good].tolist(), possible[~good].tolist(), strict=True)
    )
    return raw[good], findings


def _to_columns(raw: Rows) -> Rows:
    """RECORD rows of on-disk rows. The cache offset of 3.x has 48 bits, 16 with the version."""
    rows: Rows = np.zeros(len(raw), dtype=RECORD)
    for name in _PLAIN_COLUMNS:
        rows[name] = raw[name]
    version = raw["cache_version"].astype("u8")
    rows["cache_offset"] = raw["cache_offset"].astype("u8") | ((version >> 16) << 32)
    rows["cache_version"] = version & 0xFFFF
    return rows


def _from_columns(records: Rows, version: int, updated: int) -> Rows:
    rows: Rows = np.zeros(len(records), dtype=record_dtype(version))
    for name in _PLAIN_COLUMNS:
        column = records[name]
        if column.dtype.kind in "iu" and column.ndim == 1:
            _check_fits(column, rows.dtype[name].itemsize, name)
        rows[name] = column
    offsets = records["cache_offset"]
    rows["cache_offset"] = offsets & np.uint64(0xFFFFFFFF)
    high = (offsets >> np.uint64(32)).astype("u4") << np.uint32(16)
    rows["cache_version"] = (records["cache_version"] & np.uint32(0xFFFF)) | high
    rows["last_updated"] = updated
    return rows


def _check_fits(column: NDArray[np.integer], width: int, name: str) -> None:
    if len(column) and (int(column.min()) < 0 or int(column.max()) >= 1 << (8 * width)):
        raise OverflowError(f"{name} does not fit {width} octets of a cyrus.index record")


def _put_record_crcs(rows: Rows, layout: IndexLayout) -> None:
    body = memoryview(rows.tobytes())
    rows[RECORD_CRC] = np.fromiter(_crcs(body, layout), dtype=np.uint32, count=len(rows))


def _note(code: str, text: str) -> Finding:
    return Finding(severity=Severity.NOTE, code=code, subject=_SUBJECT, text=text)
