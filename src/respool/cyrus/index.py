"""``cyrus.index``: header and records, both ways, through the tables of ``index_layouts``."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.index_checks import INDEX_SUBJECT, Mask, records_in_order, sound_records
from respool.cyrus.index_columns import NANOSECONDS, Octets, from_columns, to_columns
from respool.cyrus.index_layouts import (
    HEADER_CRC,
    HEADER_TIMES,
    IndexLayout,
    header_dtype,
    layout_of,
    record_dtype,
)
from respool.errors import TruncatedFile
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.inventory import RECORD, Rows

OPTION_SHARED_SEEN: Final = 4
_PREAMBLE_SIZE: Final = 24
_MODSEQ: Final = np.dtype([("modseq", RECORD["modseq"])])


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexHeader:
    """Header of an index: numbers as stored, not recounted; None where the version has none.

    Times are seconds since 1970; ``nanoseconds`` has what is left of those of version 20,
    by name, where it is not zero. ``minor``, ``start_offset``, ``record_size`` and
    ``num_records`` are what the file said.
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
    nanoseconds: Mapping[str, int] = field(default_factory=dict)


_HEADER_NAMES: Final = frozenset(each.name for each in fields(IndexHeader)) - {"nanoseconds"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What a ``cyrus.index`` holds: ``records`` are RECORD rows in ascending UID order."""

    version: int
    header: IndexHeader
    records: Rows
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """An index looked through: the UIDs of its records, and which of them can be believed."""

    layout: IndexLayout
    header: IndexHeader
    uids: NDArray[np.uint32]
    sound: Mask
    has_crcs: bool
    findings: tuple[Finding, ...]

    def in_order(self) -> tuple[Mask, tuple[Finding, ...]]:
        """The sound records whose UIDs are possible and ascend; findings about the others."""
        return records_in_order(self.uids, self.sound, has_crcs=self.has_crcs)


def parse_index(octets: Octets, columns: np.dtype[np.void] = RECORD) -> Index:
    """The value of a whole ``cyrus.index`` file; its records with ``columns`` of RECORD alone.

    Records that do not hold what their own CRC says, and those out of order, are left
    out, each with a finding (of very many of a kind, the first thousand). Versions without
    CRCs lose the records that no server can have written. An index that ends early gives
    the records that it has.

    Raises:
        TruncatedFile: not even the header is whole.
        UnknownIndexVersion: no table for its minor version.
        FormatError: sizes in the header that are smaller than those of its version.

    Source: imap/mailbox.c, ``mailbox_buf_to_index_header`` and ``_record``;
    imap/index_file.c, ``index_file_read_fields`` @3.13.1.
    """
    sifted = sift(octets)
    kept, disorder = sifted.in_order()
    sifted = replace(sifted, uids=sifted.uids[:0].copy(), sound=sifted.sound[:0].copy())
    records = to_columns(octets, sifted.layout, kept, columns)
    shifted = _with_right_modseqs(records, octets, sifted, kept)
    return Index(
        version=sifted.layout.version,
        header=sifted.header,
        records=records,
        findings=(*sifted.findings, *disorder, *shifted),
    )


def sift(octets: Octets) -> Sifted:
    """The records of an index before they are put in order, some thousand at a time.

    Raises:
        TruncatedFile, UnknownIndexVersion, FormatError: as `parse_index`.
    """
    layout = _layout_in(octets)
    header, header_findings, has_crcs = _parse_header(octets, layout)
    is_header_sound = not any(f.code == "index-header-crc-differs" for f in header_findings)
    count, count_findings = _record_count(octets, layout, header, is_header_sound=is_header_sound)
    uids, sound, damage = sound_records(octets, layout, count, has_crcs=has_crcs)
    return Sifted(
        layout=layout,
        header=header,
        uids=uids,
        sound=sound,
        has_crcs=has_crcs,
        findings=(*header_findings, *count_findings, *damage),
    )


def parse_index_header(octets: Octets) -> IndexHeader:
    """The header alone, of the first octets of a ``cyrus.index``; its CRC is not asked.

    Raises:
        TruncatedFile, UnknownIndexVersion, FormatError: as `parse_index`.
    """
    return _parse_header(octets, _layout_in(octets))[0]


def render_index(version: int, header: IndexHeader, records: Rows) -> bytes:
    """A whole ``cyrus.index`` of ``version``, all CRCs right, from RECORD rows in UID order.

    A header that was read of the same version keeps the sizes that its file had.

    Raises:
        UnknownIndexVersion: no table for ``version``.
        OverflowError: a number that does not fit its field.
    """
    return b"".join(index_pieces(version, header, len(records), [records]))


def index_pieces(
    version: int, header: IndexHeader, count: int, blocks: Iterable[Rows]
) -> Iterator[bytes]:
    """As `render_index`, piece by piece: the header of ``count`` records first, then the
    records of ``blocks``, one after the other.
    """
    layout = layout_of(version)
    if header.minor == version:
        layout = layout.with_sizes(header.start_offset, header.record_size)
    yield header_row(header, layout, count).tobytes()
    for records in blocks:
        yield from_columns(records, layout).tobytes()


def with_options(octets: bytes, *, added: int = 0, removed: int = 0) -> bytes:
    """The header of an index with these option bits set and others not; all else as it was.

    ``octets`` begin the file; the result is as long as the fields of its header.

    Raises:
        FormatError: as `parse_index`.
    """
    layout = layout_of(_layout_in(octets).version)
    patched = bytearray(octets[: layout.header_size])
    at = layout.offset_in_header("options")
    (present,) = struct.unpack_from(">I", patched, at)
    struct.pack_into(">I", patched, at, (present | added) & ~removed)
    if layout.has_crcs:
        crc_at = layout.offset_in_header(HEADER_CRC)
        struct.pack_into(">I", patched, crc_at, zlib.crc32(patched[:crc_at]))
    return bytes(patched)


def header_row(header: IndexHeader, layout: IndexLayout, count: int) -> np.void:
    """A header of ``count`` records as its on-disk row, sizes and CRC those of ``layout``.

    Raises:
        OverflowError: a number that does not fit its field.
    """
    head = np.zeros(1, dtype=header_dtype(layout))
    own = {
        "minor": layout.version,
        "start_offset": layout.header_size,
        "record_size": layout.record_size,
        "num_records": count,
    }
    for name, _, width in layout.header_fields:
        value = own.get(name, getattr(header, name, None) or 0)
        if name in HEADER_TIMES and width == 8:
            value = value * NANOSECONDS + header.nanoseconds.get(name, 0)
        if name != HEADER_CRC:
            head[name] = value
    if layout.has_crcs:
        crc_at = layout.offset_in_header(HEADER_CRC)
        head[HEADER_CRC] = zlib.crc32(head.tobytes()[:crc_at])
    row: np.void = head[0]
    return row


def _layout_in(octets: Octets) -> IndexLayout:
    if len(octets) < _PREAMBLE_SIZE:
        raise _cut(len(octets), _PREAMBLE_SIZE)
    minor, start_offset, record_size = struct.unpack(">III", octets[8:20])
    layout = layout_of(minor).with_sizes(start_offset, record_size)
    if len(octets) < layout.header_size:
        raise _cut(len(octets), layout.header_size)
    return layout


def _cut(size: int, wanted: int) -> TruncatedFile:
    return TruncatedFile(
        "cyrus.index ends inside its header",
        offset=size,
        expected=f"{wanted} octets",
        found=f"{size}",
    )


def _parse_header(
    octets: Octets, layout: IndexLayout
) -> tuple[IndexHeader, tuple[Finding, ...], bool]:
    """Header, findings, and whether the writer computed CRCs at all.

    2.4.0 to 2.4.11 built without zlib wrote 0 for every CRC.
    """
    row = np.frombuffer(octets[: layout.header_size], dtype=header_dtype(layout))[0]
    header = _header_of({name: int(row[name]) for name in layout.header_names}, layout)
    if not layout.has_crcs:
        return header, (), False
    stored = int(row[HEADER_CRC])
    if stored == 0 and layout.version == 12:
        return header, (), False
    if stored == zlib.crc32(octets[: layout.offset_in_header(HEADER_CRC)]):
        return header, (), True
    text = "the header does not hold what its CRC says; each record is checked by its own"
    return header, (_note("index-header-crc-differs", text),), True


def _header_of(numbers: Mapping[str, int], layout: IndexLayout) -> IndexHeader:
    values = {name: numbers[name] for name in numbers if name in _HEADER_NAMES}
    nanoseconds: dict[str, int] = {}
    if layout.has_nanoseconds:
        for name in HEADER_TIMES:
            values[name], rest = divmod(numbers[name], NANOSECONDS)
            if rest:
                nanoseconds[name] = rest
    return IndexHeader(**values, nanoseconds=nanoseconds)


def _record_count(
    octets: Octets, layout: IndexLayout, header: IndexHeader, *, is_header_sound: bool
) -> tuple[int, tuple[Finding, ...]]:
    present, rest = divmod(len(octets) - layout.header_size, layout.record_size)
    stated = header.num_records
    if not is_header_sound:
        return present, ()
    if stated > present:
        text = f"the header says {stated} records, the file ends after {present}"
        if _last_uid(octets, layout, present) == header.last_uid:  # UIDs ascend: none can follow
            return present, (_note("index-count-too-high", text),)
        return present, (
            Finding(severity=Severity.BLOCKS, code="index-cut", subject=INDEX_SUBJECT, text=text),
        )
    if stated < present or rest:
        text = f"{len(octets) - layout.header_size - stated * layout.record_size} octets follow"
        return stated, (_note("index-longer-than-its-count", f"{text} the last record"),)
    return stated, ()


def _last_uid(octets: Octets, layout: IndexLayout, count: int) -> int | None:
    if not count:
        return None
    at = layout.header_size + (count - 1) * layout.record_size
    last = np.frombuffer(octets[at : at + layout.record_size], dtype=record_dtype(layout))
    return int(last["uid"][0])


def _with_right_modseqs(
    records: Rows, octets: Octets, sifted: Sifted, kept: Mask
) -> tuple[Finding, ...]:
    """Put modseqs right that 3.0 wrote 32 bits too high when it went back to 8 or 9.

    Seen on 3.0.18, ``reconstruct -V 9``: no genuine modseq is above that of the header.
    """
    highest = sifted.header.highestmodseq
    if sifted.layout.version not in {8, 9} or highest is None or not len(records):
        return ()
    has_modseqs = "modseq" in (records.dtype.names or ())
    read = records if has_modseqs else to_columns(octets, sifted.layout, kept, _MODSEQ)
    modseqs, bits = read["modseq"], np.uint64(32)
    is_shifted = not (modseqs & np.uint64(0xFFFFFFFF)).any() and int(modseqs.max()) > highest
    if not is_shifted or int(modseqs.max()) >> 32 > highest:
        return ()
    if has_modseqs:
        records["modseq"] = modseqs >> bits
    text = "its modseqs are 2^32 times too high, as 3.0 writes them into old versions"
    return (_note("index-modseq-shifted", text),)


def _note(code: str, text: str) -> Finding:
    return Finding(severity=Severity.NOTE, code=code, subject=INDEX_SUBJECT, text=text)
