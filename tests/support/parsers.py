"""Every parser of the project: how it is called, what it may raise, octets to begin with.

Whoever writes a parser adds a row. `./dev fuzz` and tests/unit/test_fuzzed.py read the
table: any octets must give a value or one of the errors of the row, and nothing else.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC
from io import BytesIO

import numpy as np

from respool.app.wiring import STEP_KINDS
from respool.backups.dated_names import date_in
from respool.backups.descriptions import parse_description
from respool.bluemind.crc32c import masked_crc32c
from respool.bluemind.postfix_maps import address_book
from respool.bluemind.snappy_stream import LONGEST_BLOCK, STREAM_HEADER, plain_pieces
from respool.bluemind.stubs import parse_stub
from respool.cyrus.cache import parse_cache_envelope, parse_cache_headers, plausible_cache_record
from respool.cyrus.cached_envelope import parse_envelope
from respool.cyrus.dlist import parse_dlist
from respool.cyrus.encoded_words import decoded_words
from respool.cyrus.expunge import parse_expunge
from respool.cyrus.header import parse_header, render_header, with_keywords
from respool.cyrus.imapd_conf import parse_lines
from respool.cyrus.index import IndexHeader, parse_index, parse_index_header, render_index
from respool.cyrus.index_counts import count_index
from respool.cyrus.index_layouts import LAYOUTS
from respool.cyrus.mail_dates import parse_mail_date
from respool.cyrus.mailbox_records import (
    parse_dumped_records,
    parse_id_record,
    parse_shown_records,
)
from respool.cyrus.message_headers import (
    HeaderFields,
    fields_of_envelope,
    parse_message_headers,
)
from respool.cyrus.quota_root import parse_quota_file
from respool.cyrus.raw_index import raw_header, raw_records
from respool.cyrus.spool_paths import name_of_directory
from respool.errors import FormatError, LibraryMissing, PlanFileInvalid
from respool.model.inventory import RECORD, Rows
from respool.model.modified_utf7 import parse_modified_utf7
from respool.model.names import parse_internal_name
from respool.planning.codec import check_plan, parse_head, parse_step, parse_tail
from respool.system.answer_words import parse_words
from respool.system.fetch_answer import parse_fetch
from respool.targets.spool.program_output import parse_quota_output, parse_reconstruct_output
from tests.support.export_parsers import EXPORT_PARSERS
from tests.support.kept_parsers import KEPT_PARSERS
from tests.support.parser_seeds import (
    DLIST,
    DLIST_WORDS,
    Parser,
    drained,
    golden,
    literal,
    text_of,
)
from tests.support.right_crcs import with_right_index_crcs


def shown(fields: HeaderFields) -> bytes:
    """Header fields as they are printed: what cannot be printed is a crash."""
    return repr(dataclasses.astuple(fields)).encode("utf-8")


def _cache_record(octets: bytes) -> object:
    record = plausible_cache_record(octets, 4, 300, 1000)
    return None if record is None else parse_cache_envelope(record)


def _plan_lines() -> tuple[bytes, ...]:
    from respool.planning.codec import render_plan  # noqa: PLC0415 - Hypothesis is slow to load
    from tests.unit.planning.plans import HEAD  # noqa: PLC0415

    return tuple(line.encode("ascii") for line in render_plan(HEAD, ()))


def _whole_plan() -> tuple[bytes, ...]:
    return (b"\n".join(_plan_lines()),)


ENVELOPE = (
    b'("Tue, 3 Oct 2017 10:00:00 +0200" "R=?utf-8?Q?=C3=A9?=" (("A" NIL "alice" "b.loc")) NIL'
    b' NIL ((NIL NIL {4}\r\nj"do "b.loc")) NIL NIL NIL "<1@b.loc>")'
)
GENERATION = json.dumps(
    {
        "id": 87,
        "protectionTime": 1731891600000,
        "blueMind": {"displayName": "3.5"},
        "parts": [{"id": 1232, "tag": "mail/imap", "begin": 1, "end": 2, "size": 3, "valid": "V"}],
    }
).encode()
MESSAGE = (
    b'From: =?utf-8?B?w4k=?= <a@b.loc>, "x\\"y" (c) <d@e>\r\nTo: g: a@b, c@d;\r\n'
    b"Subject: =?iso-8859-1?Q?=E9?= =?x?q?y?=\r\n folded\r\n"
    b"Date: Tue, 3 Oct 2017 10:00:00 +0200 (CEST)\r\nMessage-ID: <1@b>\r\n\r\nbody\r\n"
)
MESSAGE_WORDS = (b"=?utf-8?B?", b"=?utf-7?Q?", b"?=", b"\r\n ", b"\r\n\r\n", b"Date: ", b"To: ")
RECORDS_2_5 = b"b.loc!user.jdoe\t%(P main I abc A %(jdoe lrs) V 1 M 2)\n$RACL\tx\n"
RECORDS_3_6 = b"Nb.loc!user\x1fjdoe\t%(I abc P main T r A %(jdoe lrs))\nIabc\t%(N user\x1fx)\n"
FETCHED = (
    b'1 (UID 7 FLAGS (\\Seen a[b NIL) INTERNALDATE " 3-Oct-2017 10:00:00 +0200"'
    b' RFC822.SIZE 12 BODY[] "")'
)


def _old_and_new_indexes() -> tuple[bytes, ...]:
    """One of each version, since servers left us some only."""
    rows: Rows = np.zeros(2, dtype=RECORD)
    rows["uid"] = 3, 5
    rows["size"] = 700
    head = IndexHeader(last_uid=5, uidvalidity=7)
    return tuple(render_index(version, head, rows) for version in LAYOUTS)


def _index_by_name(octets: bytes) -> object:
    """Records and header field by field, and the index that we would write of them."""
    index = parse_index(octets)
    render_index(index.version, index.header, index.records)
    return raw_header(index.header), drained(raw_records(index.records, index.version))


def _stored(octets: bytes) -> bytes:
    """A block of BlueMind's archive that holds ``octets`` as they are."""
    return (
        b"\0" + len(octets).to_bytes(2, "big") + masked_crc32c(octets).to_bytes(4, "big") + octets
    )


def _raw_block(octets: bytes) -> int:
    """``octets`` as the raw Snappy block that a stream holds; its CRC is wrong."""
    octets = octets[:LONGEST_BLOCK]
    length = len(octets).to_bytes(2, "big")
    stream = STREAM_HEADER + b"\1" + length + bytes(4) + octets
    return drained(plain_pieces(BytesIO(stream).read))


PARSERS: Mapping[str, Parser] = {
    "archive-stream": Parser(
        parse=lambda octets: drained(plain_pieces(BytesIO(octets).read)),
        seeds=literal(
            STREAM_HEADER + _stored(b"Subject: a\r\n\r\nb") + _stored(b"c"),
            STREAM_HEADER + b"\1\0\6\x93\xe3\x14\x5a" + b"\x10\0a\x3d\1\0",
        ),
        words=(STREAM_HEADER, b"\x80\0", b"\xff\xff\xff\xff\x0f", b"\1\0\1"),
        refuses=(FormatError, LibraryMissing),
        longest=600,
    ),
    "archive-raw-block": Parser(
        parse=_raw_block,
        seeds=literal(b"\x10\0a\x3d\1", b"\x80\x80\2\xf4\0\x80abc"),
        words=(b"\xff\xff\xff\xff\x0f", b"\x80\x80\2", b"\xfe\1\0"),
        refuses=(FormatError, LibraryMissing),
        longest=300,
    ),
    "stub": Parser(
        parse=parse_stub,
        seeds=literal(
            b"Content-Type: text/html\r\nX-BM_HSM_ID: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff\r\n"
            b"X-BM_HSM_DATETIME: x\r\nSubject: a\r\n b\r\n\r\nbody\r\n"
        ),
        words=(b"X-BM_HSM_ID:", b"\r\n ", b"\n\n", b"Content-", b"../"),
        longest=600,
    ),
    "expunge": Parser(
        parse=parse_expunge,
        seeds=_old_and_new_indexes,
        words=(b"\0\0\0\x09", b"\x7f\xff\xff\xff"),
        longest=600,
    ),
    "index-counts": Parser(
        parse=lambda octets: count_index(with_right_index_crcs(octets)),
        seeds=_old_and_new_indexes,
        words=(b"\0\0\0\x06", b"\0\0\0\x14"),
        longest=600,
    ),
    "index-every-version": Parser(
        parse=lambda octets: _index_by_name(with_right_index_crcs(octets)),
        seeds=_old_and_new_indexes,
        words=(b"\0\0\0\x06", b"\0\0\0\x14", b"\x7f\xff\xff\xff", b"\0\0\0\x90"),
        longest=600,
    ),
    "index": Parser(
        parse=parse_index, seeds=golden("/cyrus.index"), words=(b"\0\0\0\x0c", b"\xff\xff\xff\xff")
    ),
    "index-right-crcs": Parser(
        parse=lambda octets: parse_index(with_right_index_crcs(octets)),
        seeds=golden("/cyrus.index"),
        words=(b"\0\0\0\x0c", b"\x7f\xff\xff\xff"),
    ),
    "index-header": Parser(parse=parse_index_header, seeds=golden("/cyrus.index"), longest=300),
    "header": Parser(
        parse=parse_header, seeds=golden("/cyrus.header"), words=DLIST_WORDS, longest=1024
    ),
    "header-written": Parser(
        parse=lambda octets: render_header(parse_header(octets)),
        seeds=golden("/cyrus.header"),
        words=DLIST_WORDS,
        refuses=(FormatError, ValueError),
        longest=1024,
    ),
    "header-keywords": Parser(
        parse=lambda octets: with_keywords(octets, ("a", "$b")),
        seeds=golden("/cyrus.header"),
        words=DLIST_WORDS,
        longest=1024,
    ),
    "dlist": Parser(parse=parse_dlist, seeds=DLIST, words=DLIST_WORDS, longest=512),
    "cache-record": Parser(
        parse=_cache_record,
        seeds=golden("/cyrus.cache"),
        words=(b"\0\0\0\0", b"\xff\xff\xff\xff"),
    ),
    "cache-headers": Parser(
        parse=lambda octets: parse_cache_headers(octets[4:]),
        seeds=golden("/cyrus.cache"),
        words=(b"\0\0\0\0", b"\xff\xff\xff\xff", b"\r\n ", b": "),
    ),
    "cache-envelope": Parser(
        parse=lambda octets: shown(fields_of_envelope(parse_envelope(octets))),
        seeds=literal(ENVELOPE, ENVELOPE.replace(b'{4}\r\nj"do', b'"jdo"')),
        words=(b"NIL", b"((", b"))", b"{3}\r\n", b'"', b"\\", *MESSAGE_WORDS),
        longest=1024,
    ),
    "message-headers": Parser(
        parse=lambda octets: shown(parse_message_headers(octets)),
        seeds=literal(MESSAGE),
        words=MESSAGE_WORDS,
        longest=2048,
    ),
    "message-headers-2.4": Parser(
        parse=lambda octets: shown(parse_message_headers(octets, is_first_kept=True)),
        seeds=literal(MESSAGE),
        words=MESSAGE_WORDS,
        longest=2048,
    ),
    "postfix-alias-map": Parser(
        parse=lambda octets: address_book([octets], [octets], ()).addresses_by_account(),
        seeds=literal(b"jdoe@e.org john@17.internal\nc@e.org +c@17.internal,\n a@e.org\n"),
        words=(b"@", b"+", b"\n ", b",", b".internal", b"# ", b" OK\n"),
        longest=256,
    ),
    "date-in-name": Parser(
        parse=lambda octets: date_in(octets.decode("utf-8", "surrogateescape"), UTC),
        seeds=literal(b"mail1-2024-11-19T01:00:00+01:00", b"zfs-auto-snap_daily-2024-11-19-0100"),
        words=(b"0001", b"9999", b"-23:59", b"T24", b"_UTC"),
        refuses=(),
        longest=80,
    ),
    "encoded-words": Parser(
        parse=lambda octets: decoded_words(octets.decode("latin-1")).encode("utf-8"),
        seeds=literal(b"=?utf-8?Q?Caf=C3=A9?= =?iso-8859-1*fr?b?6Q==?= x", b"=?utf-7?q?+2AA-?="),
        words=(*MESSAGE_WORDS, b"=?shift_jis?b?", b"=?iso-2022-jp?q?", b"=?utf-16?q?", b"=?hz?q?"),
        longest=512,
    ),
    "mail-date": Parser(
        parse=lambda octets: parse_mail_date(octets.decode("latin-1")),
        seeds=literal(b"Tue, 3 Oct 2017 10:00:00 +0200 (CEST)", b"3-Oct-17 10:00 GMT"),
        longest=128,
    ),
    "quota-root": Parser(
        parse=parse_quota_file,
        seeds=literal(b"12 34\n", b"1 2 M 3 4\n", b"%(S (12 34) M (1) SCAN %(S 1))\n"),
        words=(*DLIST_WORDS, b"AS", b"NF", b" -1"),
        longest=512,
    ),
    "imapd-conf": Parser(
        parse=lambda octets: drained(parse_lines(text_of(octets))),
        seeds=literal(b"a: b\n# c\\\nd\n@include: /x\nlong: a\\\n b\n"),
        words=(b"\\\n", b"@include:", b"#", b"\x85"),
        longest=512,
    ),
    "mailboxes-shown-2.5": Parser(
        parse=lambda octets: drained(parse_shown_records(text_of(octets), (3, 0, 18))),
        seeds=literal(RECORDS_2_5),
        words=(*DLIST_WORDS, b"\t", b"\n"),
        longest=1024,
    ),
    "mailboxes-shown-3.6": Parser(
        parse=lambda octets: drained(parse_shown_records(text_of(octets), (3, 8, 7))),
        seeds=literal(RECORDS_3_6),
        words=(*DLIST_WORDS, b"\t", b"\n", b"\x1f", b"!"),
        longest=1024,
    ),
    "mailboxes-by-id": Parser(
        parse=lambda octets: parse_id_record(text_of(octets), "abc"),
        seeds=literal(b"Iabc\t%(N user\x1fx T r)\n"),
        words=(b"Iabc\t%(", *DLIST_WORDS, b"\x1f"),
        longest=512,
    ),
    "mailboxes-dumped": Parser(
        parse=lambda octets: drained(parse_dumped_records(text_of(octets))),
        seeds=literal(b"user.jdoe\t0 main jdoe\tlrs\t\n"),
        words=(b"\t", b"!", b"^", b".."),
        longest=512,
    ),
    "modified-utf7": Parser(
        parse=lambda octets: parse_modified_utf7(octets.decode("latin-1")),
        seeds=literal(b"&AMk-t&AOk-", b"R&-D", b"&ZeVnLIqe-"),
        refuses=(ValueError,),
        longest=256,
    ),
    "internal-name": Parser(
        parse=lambda octets: parse_internal_name(text_of(octets)).display,
        seeds=literal(b"b.loc!user.john^doe.&AMk-t&AOk-"),
        refuses=(ValueError,),
        longest=256,
    ),
    "directory-name": Parser(
        parse=lambda octets: name_of_directory(text_of(octets.replace(b"\0", b"")).split("/")),
        seeds=literal(b"domain/b/b.loc/j/user/john^doe"),
        words=(b"domain/", b"user/", b"uuid/"),
        longest=256,
    ),
    "description": Parser(
        parse=lambda octets: parse_description(octets, 1),
        seeds=literal(GENERATION),
        words=(b'"parts"', b'"mail/imap"', b"1e999", b"null", b"[[", b"NaN"),
        longest=1024,
    ),
    "imap-words": Parser(
        parse=lambda octets: parse_words([octets, (octets + b"{3}", b"abc"), b")"]),
        seeds=literal(b'(a "b c") NIL x[y', b'LIST (\\HasNoChildren) "/" a'),
        refuses=(ValueError,),
        longest=256,
    ),
    "imap-fetch": Parser(
        parse=lambda octets: drained(parse_fetch([octets, (octets + b" BODY[] {3}", b"abc")])),
        seeds=literal(FETCHED),
        words=(b"UID ", b"FLAGS (", b"INTERNALDATE ", b"-Feb-", b"0001", b"9999", b"BODY[]"),
        longest=512,
    ),
    "plan-head": Parser(
        parse=lambda octets: parse_head(text_of(octets)),
        seeds=_plan_lines,
        refuses=(PlanFileInvalid,),
    ),
    "plan-step": Parser(
        parse=lambda octets: parse_step(text_of(octets), STEP_KINDS),
        seeds=literal(*(b'{"step":0,"kind":"%s"}' % kind.encode() for kind in STEP_KINDS)),
        words=tuple(kind.encode() for kind in STEP_KINDS),
        refuses=(PlanFileInvalid,),
        longest=1024,
    ),
    "plan-tail": Parser(
        parse=lambda octets: parse_tail(text_of(octets)),
        seeds=_plan_lines,
        refuses=(PlanFileInvalid,),
    ),
    "plan": Parser(
        parse=lambda octets: check_plan(text_of(octets).split("\n"), STEP_KINDS),
        seeds=_whole_plan,
        refuses=(PlanFileInvalid,),
    ),
    "reconstruct-output": Parser(
        parse=lambda octets: parse_reconstruct_output(text_of(octets), ""),
        seeds=literal(b"user/jdoe\nConverted a version 12 to 13\nuid 3 not found\n"),
        longest=512,
    ),
    "quota-output": Parser(
        parse=lambda octets: parse_quota_output(text_of(octets), ""),
        seeds=literal(b"user/jdoe: STORAGE usage was 1, now 2\n"),
        longest=512,
    ),
    **KEPT_PARSERS,
    **EXPORT_PARSERS,
}
