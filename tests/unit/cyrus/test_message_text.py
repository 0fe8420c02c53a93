from __future__ import annotations

import pytest

from respool.cyrus.message_text import message_text
from tests.support.processor_time import at_most

MIXED = (
    b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"preamble\r\n--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nd=E9j=E0 vu\r\n"
    b"--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b"<style>hidden</style>caf\xc3\xa9 &eacute;t&eacute;<br>fin\r\n"
    b"--x\r\nContent-Type: application/pdf; name*=utf-8''offre%20%C3%A9t%C3%A9.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: =?utf-8?q?int=C3=A9rieur?=\r\n\r\ninner body\r\n"
    b"--x\r\nContent-Disposition: attachment\r\n\r\nsecret text\r\n--x--\r\n"
)


def test_all_that_can_be_read_is_text_in_order() -> None:
    words = message_text(MIXED).text.split()
    assert words == ["déjà", "vu", "café", "été", "fin", "intérieur", "inner", "body"]


def test_attachments_are_known_by_disposition_or_by_name() -> None:
    assert message_text(MIXED).attachments == ("offre été.pdf", "")


def test_a_message_of_text_alone_has_no_attachment() -> None:
    found = message_text("Subject: x\n\n日本語 会議資料".encode())
    assert (found.text, found.attachments) == ("日本語 会議資料", ())


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"no header at all",
        b"Content-Type: text/plain; charset=none\r\n\r\n\xff\xfe",
        b"Content-Type: text/plain; charset=utf-16\r\n\r\nodd",
        b"Content-Type: multipart/mixed; boundary=never\r\n\r\nbody",
        b"Content-Type: text/plain; charset*0*=x'%\r\n\r\nbody",
        b"Content-Disposition: attachment; filename*0*=\xff\r\n\r\nbody",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!!",
    ],
)
def test_whatever_a_sender_wrote_has_some_text(octets: bytes) -> None:
    assert isinstance(message_text(octets).text, str)


@pytest.mark.parametrize(
    "octets",
    [
        b"Content-Type: text/html\r\n\r\n" + b"<style>" * 60_000,
        b"Content-Type: text/html\r\n\r\n" + b"<" * 400_000,
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
            for n in range(400)
        ),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 8_000,
        b"Content-Type: text/plain" + b"; a=b" * 50_000 + b"\r\n\r\nx",
    ],
    ids=["style", "brackets", "deep", "many", "parameters"],
)
def test_hostile_mail_takes_no_time(octets: bytes) -> None:
    with at_most(1.5):
        message_text(octets)
