from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.spool_paths import (
    PathRules,
    full_hash_letter,
    is_like_message_file,
    mailbox_directory,
    name_of_directory,
    uid_of_file,
    uids_of_files,
    uuid_directory,
)
from respool.model.names import MailboxName

PLAIN = PathRules()

# BlueMind's own vectors (PathHelperTests, BoxFsFoldersTest), then derivations of them.
VECTORS = [
    ("bm.lan", "social", "domain/b/bm.lan/s/social"),
    ("bm.lan", "social/CommissaireAComptes", "domain/b/bm.lan/c/social/CommissaireAComptes"),
    ("bm.lan", "user/roberto", "domain/b/bm.lan/r/user/roberto"),
    ("bm.lan", "user/roberto/social/call", "domain/b/bm.lan/r/user/roberto/social/call"),
    ("test.loc", "user/john.doe", "domain/t/test.loc/j/user/john^doe"),
    ("test.loc", "user/0815john.doe", "domain/t/test.loc/q/user/0815john^doe"),
    ("0815test.loc", "user/john.doe", "domain/q/0815test.loc/j/user/john^doe"),
    ("0815test.loc", "user/%john.doe", "domain/q/0815test.loc/q/user/%john^doe"),
    (
        "t.loc",
        "mymailshare/restored-2017-10-03",
        "domain/t/t.loc/r/mymailshare/restored-2017-10-03",
    ),
    ("b.loc", "user/a.b.c", "domain/b/b.loc/a/user/a^b^c"),
    ("b.loc", "contact/&AMk-quipe", "domain/b/b.loc/q/contact/&AMk-quipe"),
    ("b.loc", "contact/Offres 2.0", "domain/b/b.loc/o/contact/Offres 2^0"),
    ("b.loc", "contact/A/Zed", "domain/b/b.loc/a/contact/A/Zed"),
    (
        "b.loc",
        "DELETED/user/jdoe/Sent/673A6780",
        "domain/b/b.loc/u/DELETED/user/jdoe/Sent/673A6780",
    ),
    ("b.loc", "DELETED/contact/Old/673A6780", "domain/b/b.loc/c/DELETED/contact/Old/673A6780"),
    ("1718a2b3c4d.internal", "user/jdoe", "domain/q/1718a2b3c4d.internal/j/user/jdoe"),
    (None, "user/local", "l/user/local"),
    (None, "contact", "c/contact"),
]

PART = st.text(
    alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/^"),
    min_size=2,
    max_size=12,
)
NAMES = st.builds(
    MailboxName,
    domain=st.one_of(st.none(), st.from_regex(r"[a-z0-9]{2,8}\.[a-z]{2,4}", fullmatch=True)),
    parts=st.lists(PART, min_size=1, max_size=5)
    .map(tuple)
    .filter(lambda parts: parts[0] not in {"domain", "uuid"}),
)
RULES = st.builds(PathRules, is_hashed=st.booleans(), is_hashed_in_full=st.booleans())


def name(domain: str | None, path: str) -> MailboxName:
    return MailboxName(domain=domain, parts=tuple(path.split("/")))


@pytest.mark.parametrize(("domain", "path", "directory"), VECTORS)
def test_directories_are_where_bluemind_and_cyrus_look(
    domain: str | None, path: str, directory: str
) -> None:
    assert str(mailbox_directory(name(domain, path), PLAIN)) == directory


@pytest.mark.parametrize(("domain", "path", "directory"), VECTORS)
def test_the_name_of_a_directory_is_the_mailbox_it_was_made_for(
    domain: str | None, path: str, directory: str
) -> None:
    named = name_of_directory(directory.split("/"))

    assert named is not None
    assert named.name == name(domain, path)
    assert named.is_letter_right


@given(mailbox=NAMES, rules=RULES)
def test_names_and_directories_round_trip(mailbox: MailboxName, rules: PathRules) -> None:
    directory = mailbox_directory(mailbox, rules)

    named = name_of_directory(directory.parts, is_hashed=rules.is_hashed)

    assert named is not None
    assert named.name == mailbox
    assert named.is_letter_right


@given(first=NAMES, second=NAMES, rules=RULES)
def test_two_names_never_share_a_directory(
    first: MailboxName, second: MailboxName, rules: PathRules
) -> None:
    same = mailbox_directory(first, rules) == mailbox_directory(second, rules)

    assert same == (first == second)


@pytest.mark.parametrize(
    ("rules", "directory"),
    [
        (PathRules(is_hashed=False), "domain/b.loc/user/john^doe"),
        (PathRules(is_hashed_in_full=True), "domain/M/b.loc/I/user/john^doe"),
        (PathRules(has_domains=False), "j/user/john^doe"),
    ],
)
def test_other_rules_give_other_directories(rules: PathRules, directory: str) -> None:
    found = str(mailbox_directory(name("b.loc", "user/john.doe"), rules))

    if rules.is_hashed_in_full:
        letters = (full_hash_letter("b.loc"), full_hash_letter("john"))
        assert found == f"domain/{letters[0]}/b.loc/{letters[1]}/user/john^doe"
    else:
        assert found == directory


@pytest.mark.parametrize(
    ("text", "letter"),
    [("fred", "E"), ("bloggs.com", "L"), ("Gossip", "K"), ("jane", "I")],
)
def test_the_full_hash_is_that_of_the_server_s_own_tests(text: str, letter: str) -> None:
    assert full_hash_letter(text) == letter


def test_a_folder_under_a_wrong_letter_is_named_and_told_apart() -> None:
    named = name_of_directory(("domain", "b", "b.loc", "c", "contact", "jobs"))

    assert named is not None
    assert named.name == name("b.loc", "contact/jobs")
    assert not named.is_letter_right


@pytest.mark.parametrize(
    "directory",
    [(), ("domain",), ("domain", "b"), ("domain", "b", "b.loc"), ("domain", "b", "b.loc", "c")],
)
def test_directories_above_all_mailboxes_have_no_name(directory: tuple[str, ...]) -> None:
    assert name_of_directory(directory, is_hashed=True) is None


def test_a_uuid_directory_is_found_by_its_first_characters() -> None:
    assert str(uuid_directory("91c4-1f7")) == "uuid/9/1/91c4-1f7"


@pytest.mark.parametrize(
    ("file_name", "uid", "is_like"),
    [
        ("1.", 1, True),
        ("2147483647.", 2**31 - 1, True),
        ("2147483648.", None, True),
        ("99999999999.", None, True),
        ("0.", None, True),
        ("01.", None, True),
        ("1", None, False),
        ("1..", None, False),
        ("a.", None, False),
        ("\u0661.", None, False),
        ("1.\n", None, False),
        ("cyrus.index", None, False),
    ],
)
def test_message_files_are_known_by_their_names(
    file_name: str, uid: int | None, *, is_like: bool
) -> None:
    assert uid_of_file(file_name) == uid
    assert is_like_message_file(file_name) == is_like


@given(
    st.lists(
        st.one_of(
            st.integers(0, 2**32).map("{}.".format),
            st.text(
                st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=4
            ),
        )
    )
)
def test_many_names_at_once_say_what_each_says(names: list[str]) -> None:
    uids, others = uids_of_files("/".join(names))

    assert uids.tolist() == [uid for name in names if (uid := uid_of_file(name)) is not None]
    assert others == [name for name in names if uid_of_file(name) is None]


@pytest.mark.parametrize("names", ["2147483648.", "1./9999999999.", "1.\n2.", "\udcff./1."])
def test_one_name_that_is_none_makes_no_other_wrong(names: str) -> None:
    uids, others = uids_of_files(f"5./{names}/6.")

    assert {5, 6} <= set(uids.tolist())
    assert others == [name for name in names.split("/") if name != "1."]
