"""A BlueMind 3.5 archive for tests: the streams of iq80's first writer, stubs, and a store.

The writer follows org.iq80.snappy's SnappyOutputStream: full blocks of 32768 plain octets
and one more, each compressed where that saves at least 15 in 100.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.bluemind.crc32c import masked_crc32c
from respool.bluemind.snappy_stream import COMPRESSED, LONGEST_BLOCK, STORED, STREAM_HEADER

STORE = Path("var/spool/bm-hsm/snappy/user")
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
