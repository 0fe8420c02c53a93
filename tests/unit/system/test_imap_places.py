from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.errors import UsageError
from respool.system.imap_places import ImapAddress, ImapPlace, parse_imap_place

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("imaps://mail.example.org", "imaps://mail.example.org:993"),
        ("imap://127.0.0.1:1143/", "imap://127.0.0.1:1143"),
        ("IMAPS://jdoe%40x.org@Mail.X.org:1993", "imaps://jdoe%40x.org@mail.x.org:1993"),
        ("imaps://jdoe@x.org@mail.x.org", "imaps://jdoe%40x.org@mail.x.org:993"),
        (
            "imap://u@[::1]/Arch%2Fives/%C3%A9t%C3%A9",
            "imap://u@[::1]:143/Arch%2Fives/%C3%A9t%C3%A9",
        ),
    ],
)
def test_an_address_is_read_and_written(text: str, written: str) -> None:
    assert str(parse_imap_place(text)) == written


@given(user=TEXT, folder=st.lists(TEXT, max_size=3), port=st.integers(1, 65535))
def test_what_is_written_reads_as_it_was(user: str, folder: list[str], port: int) -> None:
    address = ImapAddress(host="mail.example.org", port=port, is_tls=True)
    place = ImapPlace(address=address, user=user, folder=tuple(folder))

    assert parse_imap_place(str(place)) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mail.example.org",
        "http://mail.example.org",
        "imaps://",
        "imaps:///INBOX",
        "imaps://@host",
        "imaps://host:0",
        "imaps://host:65536",
        "imaps://host:x",
        "imaps://u%ff@host",
        "imaps://u%0d%0a@host",
        "imaps://u%4@host",
        "imaps://u;AUTH=*@host",
        "imaps://host/a//b",
        "imaps://host/INBOX;UIDVALIDITY=3",
        "imaps://host/INBOX?ALL",
        "imaps://ho st",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"no address of an IMAP server|password"):
        parse_imap_place(text)


@pytest.mark.parametrize(
    "text", ["imaps://jdoe:s3cret@host", "imaps://j@x.org:s3cret@host", "imap://j:s3cret/x@host"]
)
def test_a_password_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_imap_place(text)

    assert "s3cret" not in f"{caught.value} {caught.value.why} {caught.value.hint}"


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("localhost", True), ("127.0.3.4", True), ("::1", True), ("10.0.0.1", False), ("a", False)],
)
def test_what_leaves_the_machine_is_known(host: str, is_loopback: bool) -> None:  # noqa: FBT001
    assert ImapAddress(host=host).is_loopback is is_loopback
