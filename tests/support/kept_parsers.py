"""Rows of the table of parsers: databases and what is in them, message parts, stubs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from respool.bluemind.stubs import joined, parse_stub
from respool.cyrus.annotations import parse_annotation_key, parse_annotation_value
from respool.cyrus.databases import Database, parse_database
from respool.cyrus.mailboxes_db import MailboxTable
from respool.cyrus.message_parts import Section, header_block, section_of
from respool.cyrus.seen import last_change, parse_seen
from respool.cyrus.subscriptions import parse_subscriptions
from respool.errors import FormatError
from respool.model.names import MailboxName
from tests.support.parser_seeds import DLIST_WORDS, Parser, drained, golden, literal
from tests.support.right_crcs import with_right_twoskip_crcs

INBOX: Final = MailboxName(domain="b.loc", parts=("user", "jdoe"))
MULTIPART: Final = (
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
    b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nin\r\n--b\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nw6k=\r\n--b--\r\nend"
)
STUB: Final = (
    b"Content-Type: text/html\r\nX-BM_HSM_ID: 0a1b2c3d-0000-1111-2222-333344445555\r\n"
    b"X-BM_HSM_DATETIME: 1\r\nSubject: x\r\n y\r\n\r\n<html>"
)
VALUE_64: Final = b"\0\0\0\3\0\0\0\0abc\0text/plain\0" + bytes(8)
DATABASE_WORDS: Final = (b"$\0\0\0\0\0\0\0", b"-\0\0\0\0\0\0\0", b"\0\0\0\xff", b"\xff\xff")
SECTIONS: Final = tuple(Section.parse(text) for text in ("1.1", "2", "1.HEADER"))


def _entries(database: Database) -> int:
    return drained(iter(database))


def _table(octets: bytes) -> int:
    table = MailboxTable(parse_database(octets))
    return len(table) + len(table.damaged) + len(tuple(table.records()))


def _table_of(line: bytes) -> int:
    key, _, value = line.partition(b"\t")
    table = MailboxTable([(key, value), (b"Iabc", value)])
    table.name_of_id("abc")
    return len(table) + len(table.damaged)


def _parts(octets: bytes) -> int:
    found = [section_of(octets, section) for section in SECTIONS]
    return len(header_block(octets)) + sum(len(each) for each in found if each is not None)


def _stub(octets: bytes) -> int:
    stub = parse_stub(octets)
    return 0 if stub is None else sum(map(len, joined(stub, [octets])))


KEPT_PARSERS: Final[Mapping[str, Parser]] = {
    "twoskip": Parser(
        parse=lambda octets: _entries(parse_database(octets)),
        seeds=golden("/cyrus.annotations", "3.10.3/spool.tar.gz"),
        words=DATABASE_WORDS,
    ),
    "twoskip-right-crcs": Parser(
        parse=lambda octets: _entries(parse_database(with_right_twoskip_crcs(octets))),
        seeds=golden("/cyrus.annotations", "3.10.3/spool.tar.gz"),
        words=DATABASE_WORDS,
    ),
    "skiplist": Parser(
        parse=lambda octets: _entries(parse_database(octets)),
        seeds=golden(".seen", "2.4.20/spool.tar.gz"),
        words=DATABASE_WORDS,
    ),
    "flat": Parser(
        parse=lambda octets: _entries(parse_database(octets)),
        seeds=literal(b"a\tb\nuser.jdoe\t\xff\x89\xff\xff\n"),
        words=(b"\t", b"\n", b"\xff"),
        longest=512,
    ),
    "mailboxes-db": Parser(
        parse=_table,
        seeds=literal(
            b"b.loc!user.jdoe\t0 main jdoe\tlrs\t\nuser.x\t%(P main I abc A %(x lrs))\n",
            b"Nb.loc\x1duser\x1fjdoe\t%(I abc P main T r)\nIabc\t%(N b.loc\x1duser\x1fjdoe)\n",
        ),
        words=(*DLIST_WORDS, b"\t", b"\n", b"\x1f", b"\x1d"),
        longest=512,
    ),
    "mailboxes-db-record": Parser(
        parse=_table_of,
        seeds=literal(
            b"b.loc!user.jdoe\t0 main jdoe\tlrs\t",
            b"b.loc!user.jdoe\t%(P main I abc A %(jdoe lrs) V 1 M 2)",
            b"Nb.loc\x1duser\x1fjdoe\t%(I abc P main T r A %(jdoe lrs) H (%(N x M 1)))",
        ),
        words=(*DLIST_WORDS, b"\t", b"\x1f", b"\x1d", b" H (%(N ", b"T rde"),
        longest=512,
    ),
    "seen": Parser(
        parse=lambda octets: (last_change(octets), parse_seen(octets).uids.count),
        seeds=literal(b"1 1731900000 12 1731900001 1:5,7,9:12", b"1 0 0 0 "),
        words=(b"2147483647", b"4294967295", b":", b",", b"1 "),
        longest=512,
    ),
    "annotation-key": Parser(
        parse=parse_annotation_key,
        seeds=literal(b"b.loc!user.jdoe\0/comment\0jdoe\0", b"7\0/altsubject\0\0"),
        longest=256,
    ),
    "annotation-value": Parser(
        parse=parse_annotation_value,
        seeds=literal(VALUE_64, VALUE_64 + bytes(9), b"\0\0\0\1a\0text/plain\0\0\0\0\0"),
        words=(b"\0\0\0\0", b"text/plain\0"),
        longest=256,
    ),
    "subscriptions": Parser(
        parse=lambda octets: parse_subscriptions(octets.split(b"\n"), INBOX),
        seeds=literal(
            b"b.loc!user.jdoe.Sent\nuser.x", b"\x1fVER\x1f\nNINBOX\x1fSent\nNb\x1duser\x1fx"
        ),
        words=(b"\x1fVER\x1f\n", b"NINBOX", b"\x1f", b"\x1d", b"!", b"."),
        longest=256,
    ),
    "message-parts": Parser(
        parse=_parts,
        seeds=literal(MULTIPART),
        words=(b"--b\r\n", b"--b--", b"boundary=", b"multipart/digest", b"x-uuencode", b"base64"),
        longest=1024,
    ),
    "section-name": Parser(
        parse=lambda octets: Section.parse(octets.decode("latin-1")),
        seeds=literal(b"2.1.MIME", b"HEADER"),
        refuses=(ValueError,),
        longest=64,
    ),
    "stub-joined": Parser(
        parse=_stub,
        seeds=literal(STUB),
        words=(b"X-BM_HSM_ID: ", b"Content-", b"\r\n ", b"\r\n\r\n"),
        refuses=(FormatError,),
        longest=512,
    ),
}
