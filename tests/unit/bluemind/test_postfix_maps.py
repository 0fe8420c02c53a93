from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from respool.bluemind.postfix_maps import (
    AddressBook,
    account_key,
    address_book,
    parse_alias_map,
    parse_rows,
)
from respool.model.accounts import Account, AccountKind

UID = "1718a2b3c4d.internal"
JOHN = Account(kind=AccountKind.USER, login="john", domain=UID)
CONTACT = Account(kind=AccountKind.MAILSHARE, login="contact", domain=UID)
MAP = f"""\
jdoe@example.org john@{UID}
john@{UID} john@{UID}
jdoe@example.com john@{UID}
contact@example.org +contact@{UID}
all@example.org john@{UID},+contact@{UID}
away@example.org away@elsewhere.example
""".encode()


def book(
    *domain_maps: bytes, domains: tuple[str, ...] = (UID,), aliases: bytes = MAP
) -> AddressBook:
    return address_book([aliases] if aliases else [], domain_maps, domains)


def test_an_address_is_that_of_the_mailbox_it_is_delivered_to() -> None:
    assert book().mailboxes_of("JDoe@Example.org") == (JOHN,)
    assert book().mailboxes_of("contact@example.org") == (CONTACT,)
    assert book().mailboxes_of("nobody@example.org") == ()


def test_an_address_of_several_is_a_group_s() -> None:
    assert book().mailboxes_of("all@example.org") == (JOHN, CONTACT)


def test_the_first_address_of_an_account_is_one_that_people_know() -> None:
    addresses = book().addresses_by_account()

    assert addresses[account_key(JOHN)] == (
        "jdoe@example.com",
        "jdoe@example.org",
        f"john@{UID}",
    )
    assert addresses[account_key(CONTACT)] == ("contact@example.org",)


def test_an_address_with_the_login_before_its_domain_comes_first() -> None:
    octets = f"a@example.org john@{UID}\njohn@example.org john@{UID}\n".encode()

    assert book(aliases=octets).addresses_by_account()[account_key(JOHN)][0] == "john@example.org"


def test_a_domain_is_an_alias_of_that_in_which_its_mail_is_delivered() -> None:
    assert book().domains_of("Example.ORG") == {UID}
    assert book().domains_of("other.org") == frozenset()


def test_the_list_of_domains_tells_where_it_can_mean_one_thing_only() -> None:
    octets = f"{UID} OK\nexample.org OK\nexample.com OK\n".encode()

    assert book(octets, aliases=b"").domains_of("example.com") == {UID}


def test_the_list_of_domains_tells_nothing_where_it_can_mean_two_things() -> None:
    two = f"{UID} OK\nexample.org OK\nab.internal OK\nexample.com OK\n".encode()
    old = f"{UID} OK\nexample.org OK\nold.example OK\n".encode()

    assert book(two, aliases=b"").domains == {}
    assert book(old, aliases=b"", domains=(UID, "old.example")).domains == {}


def test_rows_are_read_as_postfix_reads_them() -> None:
    octets = b"# comment\n\nA@b.c\tx@y.z,\n  +v@w.u\nlonely\n \nd e\r\n"

    assert list(parse_rows(octets)) == [("a@b.c", "x@y.z,   +v@w.u"), ("d", "e")]
    assert [len(each) for each in parse_alias_map(octets).values()] == [2]


@given(st.binary(max_size=200))
def test_any_octets_give_a_map(octets: bytes) -> None:
    for accounts in parse_alias_map(octets).values():
        assert accounts
    address_book([octets], [octets], ())
