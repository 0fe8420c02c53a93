"""What we say of mailbox names is what the server says."""

from __future__ import annotations

import imaplib
import string
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from respool.cyrus.spool_paths import PathRules, mailbox_directory
from respool.model.names import MailboxName, encoded_part
from respool.targets.spool.names import NameRules, proposed_name, refusals
from tests.support.private_cyrus import PrivateCyrus

pytestmark = pytest.mark.needs_cyrus
DOMAIN = "bluemind.loc"
PRINTABLE = [chr(number) for number in range(0x20, 0x7F) if chr(number) != "/"]
FOR_SAFETY = {"*"}  # the server takes it; reconstruct would take it for a pattern
_NUMBERS = count(1)
_BIG = "\U0001f4ce"  # a paper clip, beyond U+FFFF


@pytest.fixture(params=["cyrus_names", "cyrus_uuid"])
def server(request: pytest.FixtureRequest) -> PrivateCyrus:
    """A server in either layout."""
    one: PrivateCyrus = request.getfixturevalue(request.param)
    return one


@pytest.fixture
def login(server: PrivateCyrus, fresh_account: Callable[[PrivateCyrus], str]) -> str:
    """A fresh account's own part of its name."""
    return fresh_account(server).partition("@")[0]


def rules_of(server: PrivateCyrus) -> NameRules:
    major, minor, patch = (int(number) for number in server.version.split("-")[0].split("."))
    return NameRules(
        version=(major, minor, patch), separator="/", is_uuid_layout=server.layout == "uuid"
    )


def below(login: str, *parts: str) -> MailboxName:
    return MailboxName(domain=DOMAIN, parts=("user", login, *parts))


def taken(server: PrivateCyrus, names: list[MailboxName]) -> set[MailboxName]:
    """Those of ``names`` that CREATE takes."""
    found = set()
    with imaplib.IMAP4(server.host, server.port) as connection:
        connection.login(server.admin, server.password)
        for name in names:
            quoted = name.admin.replace("\\", "\\\\").replace('"', '\\"')
            status, _ = connection.xatom("CREATE", f'"{quoted}"', "bluemind_loc")
            if status == "OK":
                found.add(name)
    return found


def not_refused(server: PrivateCyrus, names: list[MailboxName]) -> set[MailboxName]:
    return {name for name in names if not refusals(name, rules_of(server))}


@pytest.mark.parametrize("form", ["{}ab", "a{}b", "ab{}"], ids=["begin", "middle", "end"])
def test_each_printable_character_is_refused_exactly_where_the_server_refuses_it(
    server: PrivateCyrus, login: str, form: str
) -> None:
    """
    But for those that we refuse for safety.
    """
    names = [below(login, form.format(character)) for character in PRINTABLE]
    unsafe = {name for name in names if FOR_SAFETY & set(name.parts[-1])}
    assert not_refused(server, names) == taken(server, names) - unsafe


def test_a_character_alone_is_refused_exactly_where_the_server_refuses_it(
    server: PrivateCyrus, login: str
) -> None:
    names = [below(login, character) for character in PRINTABLE]
    unsafe = {name for name in names if FOR_SAFETY & set(name.parts[-1])}
    assert not_refused(server, names) == taken(server, names) - unsafe


def test_lengths_of_one_level_are_those_of_the_server(server: PrivateCyrus, login: str) -> None:
    """
    What we let pass the server takes; the names layout is bound by its directories.
    """
    names = [below(login, "x" * size) for size in range(244, 258)]
    ours, theirs = not_refused(server, names), taken(server, names)
    assert ours <= theirs
    assert below(login, "x" * 250) in ours
    if server.layout == "uuid":
        assert ours == theirs


def test_lengths_of_whole_names_are_those_of_the_server(server: PrivateCyrus, login: str) -> None:
    base = below(login, "a" * 200, "b" * 200)
    room = 490 - len(base.admin) - 1
    names = [base.child("c" * size) for size in range(room - 4, room + 5)]
    ours, theirs = not_refused(server, names), taken(server, names)
    assert ours <= theirs
    assert base.child("c" * room) in ours
    assert ours == theirs


@pytest.mark.parametrize(
    "text",
    ["Éléments envoyés", "会議資料", "R&D", "Ünïcödé & more", "مرحبا", f"clip {_BIG}", "e\u0301"],
)
def test_names_in_modified_utf7_are_taken(server: PrivateCyrus, login: str, text: str) -> None:
    name = below(login, encoded_part(text))
    assert refusals(name, rules_of(server)) == ()
    assert taken(server, [name]) == {name}


@pytest.mark.parametrize("part", ["a&b", "&", "&AOk", "a &AOkz b", "&AGE-", "x&-&", "&!!!-"])
def test_names_that_are_no_modified_utf7_are_refused_where_the_server_refuses(
    server: PrivateCyrus, login: str, part: str
) -> None:
    """
    And never let pass where it refuses.
    """
    name = below(login, part)
    assert not_refused(server, [name]) <= taken(server, [name])


PART = st.text(
    alphabet=st.one_of(
        st.sampled_from(string.ascii_letters + string.digits + " .-_'(),+=@~#:"),
        st.sampled_from('éÉüñ会議مß&^*%/\\"!?[]\n\t\x7f' + _BIG),
    ),
    min_size=1,
    max_size=40,
)
FEW = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)


@given(parts=st.lists(PART, min_size=1, max_size=3))
@FEW
def test_whatever_is_proposed_the_server_takes(
    server: PrivateCyrus, login: str, parts: list[str]
) -> None:
    """
    Also for names that no server would have made.
    """
    odd = [part.replace("/", ":").replace("\0", ":") for part in parts]
    name = below(login, f"n{next(_NUMBERS)}", *map(encoded_part, odd))
    proposal = proposed_name(name, 2, rules_of(server))
    assert refusals(proposal, rules_of(server)) == ()
    assert taken(server, [proposal]) == {proposal}


GOOD_PART = st.text(
    alphabet=st.sampled_from(string.ascii_letters + string.digits + " .-_'(+&éÉ会ß" + _BIG),
    min_size=1,
    max_size=30,
).map(encoded_part)
LOGIN = st.text(alphabet=string.ascii_lowercase + string.digits + ".-_", min_size=1, max_size=8)


@given(start=LOGIN, folders=st.lists(GOOD_PART, max_size=3))
@FEW
def test_directories_are_where_the_server_has_them(
    cyrus_names: PrivateCyrus, start: str, folders: list[str]
) -> None:
    """
    Of users and of what lies below them, as ``mbpath`` tells, data and meta.
    """
    name = below(f"{start}{next(_NUMBERS)}x", *folders)
    account = MailboxName(domain=DOMAIN, parts=name.parts[:2])
    if taken(cyrus_names, [account]) and (not folders or taken(cyrus_names, [name])):
        expected = mailbox_directory(name, PathRules())
        files = cyrus_names.files
        data = cyrus_names.run_tool("mbpath", "-7", name.admin).stdout.strip("\n")
        meta = cyrus_names.run_tool("mbpath", "-7", "-m", name.admin).stdout.strip("\n")
        assert Path(data) == files.data("bluemind_loc") / expected
        assert Path(meta) == files.meta("bluemind_loc") / expected


# (mbpath takes a name that begins with "-" for an option)
@given(share=LOGIN.filter(lambda text: text[0] != "-"), folders=st.lists(GOOD_PART, max_size=2))
@FEW
def test_directories_of_mailshares_are_where_the_server_has_them(
    cyrus_names: PrivateCyrus, share: str, folders: list[str]
) -> None:
    """
    Each first-level folder of a share is filed under its own letter.
    """
    root = MailboxName(domain=DOMAIN, parts=(f"{share}{next(_NUMBERS)}x",))
    name = root.child(*folders)
    if taken(cyrus_names, [root]) and (not folders or taken(cyrus_names, [name])):
        data = cyrus_names.run_tool("mbpath", "-7", name.admin).stdout.strip("\n")
        expected = cyrus_names.files.data("bluemind_loc")
        assert Path(data) == expected / mailbox_directory(name, PathRules())
