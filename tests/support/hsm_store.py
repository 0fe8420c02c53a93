"""A BlueMind 3.5 archive for tests: the streams of iq80's first writer, stubs, and a store.

A mailbox is a header, an index and message files, as BlueMind's Cyrus has them.

The writer follows org.iq80.snappy's SnappyOutputStream: full blocks of 32768 plain octets
and one more, each compressed where that saves at least 15 in 100.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from respool.bluemind.crc32c import masked_crc32c
from respool.bluemind.snappy_stream import COMPRESSED, LONGEST_BLOCK, STORED, STREAM_HEADER
from respool.cyrus.header import MAGIC
from respool.cyrus.index import IndexHeader, render_index
from respool.cyrus.spool_paths import PathRules, mailbox_directory
from respool.model.inventory import RECORD, Rows
from tests.support.small_spools import MOTTO, mailbox_name

ID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
OTHER_ID = "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"
STORE = Path("var/spool/bm-hsm/snappy/user")
_KINDS = ("meta", "data")
_WORTH_COMPRESSING = 0.85
_NOTICE = b"<html><body><p>This message was archived.</p></body></html>\r\n"


def snappy_stream(octets: bytes, *, is_compressed: bool = False) -> bytes:
    """The stream of ``octets``; compressed needs the library, and skips the test without."""
    blocks = [octets[at : at + LONGEST_BLOCK] for at in range(0, len(octets), LONGEST_BLOCK)]
    return STREAM_HEADER + b"".join(_block(each, is_compressed=is_compressed) for each in blocks)


def block(flag: int, stored: bytes, crc: int) -> bytes:
    """One block as it is told, right or wrong."""
    return bytes([flag]) + len(stored).to_bytes(2, "big") + crc.to_bytes(4, "big") + stored


def stub_of(message: bytes, hsm_id: str, *, at: str = "Fri, 20 Jul 2018 04:12:33") -> bytes:
    """The stub that BlueMind's Composer makes of ``message``."""
    header = message.partition(b"\r\n\r\n")[0] + b"\r\n"
    fields = [
        b"Content-Type: text/html; charset=utf-8\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        f"X-BM_HSM_ID: {hsm_id}\r\nX-BM_HSM_DATETIME: {at}\r\n".encode(),
        *(each for each in _fields(header) if not each.lower().startswith(b"content")),
    ]
    return b"".join(fields) + b"\r\n" + _NOTICE


def letter(subject: str, body: bytes = b"Hello\r\n") -> bytes:
    """A small message."""
    return (
        f"From: Bob <bob@b.loc>\r\nSubject: {subject}\r\n"
        "Date: Mon, 19 Mar 2012 08:30:00 +0100\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
    ).encode() + body


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One message of a mailbox: its octets, and the numbers of its keywords."""

    octets: bytes
    keywords: tuple[int, ...] = ()
    date: int = 1_332_142_200


def write_messages(
    spool: Path,
    name: str,
    messages: Sequence[Kept],
    *,
    acl: Mapping[str, str],
    keywords: str = "$Label BMARCHIVED",
) -> Path:
    """The mailbox ``user/jdoe@b.loc`` with UIDs from 1; its directory of messages."""
    directory = mailbox_directory(mailbox_name(name), PathRules())
    meta, data = (spool / "var/spool/cyrus" / kind / "b_loc" / directory for kind in _KINDS)
    for each in (meta, data):
        each.mkdir(parents=True, exist_ok=True)
    rows: Rows = np.zeros(len(messages), dtype=RECORD)
    for at, message in enumerate(messages):
        rows["uid"][at] = at + 1
        rows["size"][at] = len(message.octets)
        rows["internaldate"][at] = message.date
        rows["guid"][at] = np.void(hashlib.sha1(message.octets).digest())
        for slot in message.keywords:
            rows["user_flags"][at, 0] |= np.uint32(1 << slot)
        file = data / f"{at + 1}."
        file.write_bytes(message.octets)
        os.utime(file, (message.date, message.date))
    head = IndexHeader(last_uid=len(messages), uidvalidity=7, highestmodseq=1)
    (meta / "cyrus.index").write_bytes(render_index(12, head, rows))
    written = "".join(f"{who}\t{rights}\t" for who, rights in acl.items())
    (meta / "cyrus.header").write_bytes(
        MAGIC
        + MOTTO
        + f"\t{hashlib.md5(name.encode()).hexdigest()[:16]}\n{keywords}\n{written}\n".encode()
    )
    return data


def write_body(spool: Path, owner: tuple[str, str], hsm_id: str, stream: bytes) -> Path:
    """Put a stream where SnappyStore does; ``owner`` is domain uid and mailbox uid."""
    domain, mailbox = owner
    file = spool / STORE / domain / mailbox / hsm_id[0] / hsm_id[1] / hsm_id
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(stream)
    return file


def _fields(header: bytes) -> Iterator[bytes]:
    field = b""
    for line in header.splitlines(keepends=True):
        if field and line[:1] not in {b" ", b"\t"}:
            yield field
            field = b""
        field += line
    if field:
        yield field


def _block(plain: bytes, *, is_compressed: bool) -> bytes:
    crc = masked_crc32c(plain)
    if is_compressed:
        library = pytest.importorskip("cramjam", reason="the extra hsm is not installed")
        packed = bytes(library.snappy.compress_raw(plain))
        if len(packed) <= _WORTH_COMPRESSING * len(plain):
            return block(COMPRESSED, packed, crc)
    return block(STORED, plain, crc)
