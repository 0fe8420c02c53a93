from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.model.accounts import Account, AccountKind, account_of, folder_parts, folder_path
from respool.model.modified_utf7 import (
    InvalidModifiedUtf7,
    parse_modified_utf7,
    render_modified_utf7,
)
from respool.model.names import MailboxName, parse_internal_name
from tests.support.small_spools import mailbox_name

PART = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\0^"),
    min_size=1,
    max_size=10,
)


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_modified_utf_7_round_trips(text: str) -> None:
    assert parse_modified_utf7(render_modified_utf7(text)) == text


@given(encoded=st.text(alphabet="&-AMkt,é "))
def test_two_encoded_names_never_decode_to_one(encoded: str) -> None:
    try:
        decoded = parse_modified_utf7(encoded)
    except InvalidModifiedUtf7:
        return
    assert render_modified_utf7(decoded) == encoded


@given(
    domain=st.one_of(st.none(), st.sampled_from(["b.loc", "example.org"])),
    parts=st.lists(
        st.text(alphabet="abc.&- é", min_size=1, max_size=6), min_size=1, max_size=4
    ).map(tuple),
)
def test_internal_names_round_trip(domain: str | None, parts: tuple[str, ...]) -> None:
    name = MailboxName(domain=domain, parts=parts)

    assert parse_internal_name(name.internal) == name


@pytest.mark.parametrize("parts", [(), ("",), ("a", ""), ("a/b",), ("a\0",)])
def test_impossible_parts_are_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="part"):
        MailboxName(domain=None, parts=parts)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("user/jdoe@b.loc", "INBOX"),
        ("contact@b.loc", "INBOX"),
        ("user/jdoe/&AMk-t&AOk-@b.loc", "Été"),
        ("user/jdoe/INBOX/a@b.loc", "./INBOX/a"),
        ("DELETED/user/jdoe/Old/673A@b.loc", "DELETED/Old/673A"),
        ("DELETED/contact/673A@b.loc", "DELETED/673A"),
        ("user/jdoe/R&D@b.loc", "R&D"),
    ],
)
def test_a_name_is_shown_as_a_path_in_its_account(text: str, path: str) -> None:
    assert folder_path(mailbox_name(text)) == path


@given(parts=st.lists(PART, min_size=1, max_size=4))
def test_typed_paths_come_back_as_they_were(parts: list[str]) -> None:
    path = "/".join(parts)
    if path.startswith(("./", "INBOX", "DELETED")) or path == ".":
        return
    name = MailboxName(domain="b.loc", parts=("user", "jdoe", *folder_parts(path)))

    assert folder_path(name) == path


def test_a_deleted_mailbox_belongs_to_the_account_it_had() -> None:
    account = account_of(mailbox_name("DELETED/user/jdoe/Old/673A@b.loc"))

    assert account == Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
    assert account_of(mailbox_name("user")) is None


@pytest.mark.parametrize(
    ("internal", "expected"),
    [
        ("b.loc!DELETED.user.jdoe.Old.673c4583", "2024-11-19T08:00:03+00:00"),
        ("DELETED.contact.673C4583", "2024-11-19T08:00:03+00:00"),
        ("DELETED.contact.Old.673C458", None),
        ("DELETED.673C4583", None),
        ("user.jdoe.673C4583", None),
        ("DELETED.contact.Old.673C458G", None),
    ],
)
def test_only_the_last_part_of_a_deleted_mailbox_says_when(
    internal: str, expected: str | None
) -> None:
    deleted_at = parse_internal_name(internal).deleted_at

    assert (deleted_at.isoformat() if deleted_at else None) == expected
