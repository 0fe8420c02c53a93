"""Parsers of what exports are made of, for the table of parsers that are given any octets."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any, cast

from respool.backups.export_zip import ZipFiles
from respool.exports.manifest import ManifestReader, folder_of
from respool.exports.mbox_scan import beginnings, flags_of
from respool.exports.mboxrd import parse_separator_line, unquoted
from respool.exports.written import unpack
from respool.exports.zip_records import Directory, parse_end
from tests.support.parser_seeds import Parser, literal


def _manifest() -> tuple[bytes, ...]:
    from respool.exports.manifest_head import ExportForm  # noqa: PLC0415 - Hypothesis is slow
    from tests.support.small_exports import MESSAGES, manifest_of  # noqa: PLC0415

    entries = [each.entry(f"{each.uid}.eml") for each in MESSAGES]
    return (manifest_of(ExportForm.EML, MESSAGES[:1], entries[:1]),)


def _manifest_of(octets: bytes) -> object:
    reader = ManifestReader(BytesIO(octets).readline)
    return reader.head, [(each, folder_of(octets[each.offset :])) for each in reader.entries()]


def _mbox_of(octets: bytes) -> object:
    starts = list(beginnings(octets[at : at + 7] for at in range(0, len(octets), 7)))
    assert starts == sorted(set(starts))
    assert all(octets[at : at + 5] == b"From " for at in starts[1:])
    assert len(unquoted(octets)) <= len(octets)
    return starts, flags_of(octets), parse_separator_line(octets)


def _zip() -> tuple[bytes, ...]:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("INBOX/1.eml", b"Subject: One\r\n\r\n" * 9)
        archive.writestr("INBOX/2.eml", b"", zipfile.ZIP_STORED)
    return (made.getvalue(),)


def _members_of(octets: bytes) -> object:
    files = ZipFiles(cast("Any", octets))
    return [(each, sum(map(len, files.pieces(each)))) for each in files.members()]


def _end_of(octets: bytes) -> Directory:
    return parse_end(octets[-98:], len(octets))


EXPORT_PARSERS: Mapping[str, Parser] = {
    "manifest": Parser(
        parse=_manifest_of,
        seeds=_manifest,
        words=(b'{"folder": "', b'", "uid": ', b"],\n", b"null", b"\\ud800", b"1e999", b"[[[["),
    ),
    "mbox": Parser(
        parse=_mbox_of,
        seeds=literal(
            b"From a Tue Oct  3 08:00:00 2017\nStatus: RO\nX-Keywords: $Junk\n\n>From\n\nFrom b\n"
        ),
        words=(b"From ", b"\n\n", b"\r\n", b">From ", b"Status: "),
        refuses=(),
        longest=400,
    ),
    "zip": Parser(
        parse=_members_of,
        seeds=_zip,
        words=(b"PK\1\2", b"PK\3\4", b"\xff\xff\xff\xff"),
        longest=600,
    ),
    "zip-end": Parser(parse=_end_of, seeds=_zip, words=(b"PK\5\6", b"PK\6\6"), longest=600),
    "written": Parser(
        parse=lambda octets: unpack(octets.decode("latin-1")),
        seeds=literal(b"eJyLjgUAARUAuQ=="),
        longest=300,
    ),
}
