"""Golden spools with their indexes in another version: of some no server left us a sample.

Written by our own writer, whose offsets are held against Cyrus's own elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from respool.cyrus.header import parse_header, render_header
from respool.cyrus.index import IndexHeader, parse_index, render_index
from respool.cyrus.index_layouts import layout_of
from respool.model.inventory import EXPUNGED, UNLINKED, Rows
from respool.model.state import UidSet
from tests.support import golden

FIRST_WITH_SEEN: Final = 12
_SEEN = np.uint32(1 << 4)
_SOME_NANOSECONDS: Final = (123_456_789, 0, 1, 999_999_999, 5)


def unpack_with_indexes(spool: str, version: int, into: Path, owner: str) -> Path:
    """The golden spool of server ``spool`` as if its indexes were of ``version``.

    Before 12, expunged records are in a cyrus.expunge, and what ``owner`` (the file of his
    read state, relative to var/lib/cyrus) has read is told there, in a flat file.
    """
    place = golden.unpack_spool(spool, into)
    lines: dict[bytes, bytes] = {}
    for file in sorted((place / "var/spool/cyrus").rglob("cyrus.index")):
        header = file.with_name("cyrus.header")
        uniqueid = parse_header(header.read_bytes()).uniqueid
        assert uniqueid is not None
        seen = _rewrite(file, version)
        lines[uniqueid.encode()] = f"1 1700000000 9999 1700000000 {seen}".encode()
        header.write_bytes(_header(header.read_bytes(), version))
    if version < FIRST_WITH_SEEN:
        table = b"".join(b"%s\t%s\n" % each for each in sorted(lines.items()))
        seen_file = place / "var/lib/cyrus" / owner
        seen_file.parent.mkdir(parents=True, exist_ok=True)
        seen_file.write_bytes(table)
    return place


def _rewrite(file: Path, version: int) -> UidSet:
    """Write one index in ``version``; the UIDs that are seen."""
    index = parse_index(file.read_bytes())
    rows, expunged = index.records.copy(), index.records[:0]
    if version < FIRST_WITH_SEEN:
        linked = rows[(rows["system_flags"] & np.uint32(UNLINKED)) == 0]
        is_expunged = (linked["system_flags"] & np.uint32(EXPUNGED)) != 0
        rows, expunged = linked[~is_expunged], linked[is_expunged][::-1].copy()
    if version >= 20:
        rows["nanoseconds"] = _SOME_NANOSECONDS
    head = replace(index.header, minor=0)
    file.write_bytes(render_index(version, head, _old(rows, version)))
    if len(expunged):
        expunged["system_flags"] &= ~np.uint32(EXPUNGED)
        octets = render_index(version, IndexHeader(), _old(expunged, version))
        file.with_name("cyrus.expunge").write_bytes(octets)
    return UidSet.of(rows["uid"][(rows["system_flags"] & _SEEN) != 0].tolist())


def _old(rows: Rows, version: int) -> Rows:
    """With what stands in the octets that versions before 12 use for something else."""
    rows = rows.copy()
    if "message_uuid" in layout_of(version).record_names:
        rows["message_uuid"] = np.void(b"not a SHA-1!")
    rows["content_offset"] = rows["header_size"]
    return rows


def _header(octets: bytes, version: int) -> bytes:
    header = parse_header(octets)
    jmap_id = "P-F" if version >= 20 and header.form == "dlist" else None
    return render_header(replace(header, jmap_id=jmap_id))
