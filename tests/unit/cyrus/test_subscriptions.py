from __future__ import annotations

from respool.cyrus.subscriptions import parse_subscriptions
from respool.model.names import MailboxName
from tests.support.small_spools import mailbox_name

INBOX = MailboxName(domain="b.loc", parts=("user", "john.doe"))


def subscribed(*keys: bytes) -> list[str]:
    return [name.admin for name in parse_subscriptions(keys, INBOX)[0]]


def test_older_keys_are_internal_names() -> None:
    assert subscribed(
        b"b.loc!contact.R&-D", b"b.loc!user.john^doe", b"b.loc!user.john^doe.Sent"
    ) == [
        "contact/R&-D@b.loc",
        "user/john.doe@b.loc",
        "user/john.doe/Sent@b.loc",
    ]


def test_newer_keys_name_the_user_s_own_by_inbox() -> None:
    keys = (
        b"\x1fVER\x1f",
        b"NINBOX",
        b"NINBOX\x1fv1.2",
        b"Nb.loc\x1dcontact",
        b"Nb.loc\x1duser\x1fjdoe\x1fProjects",
    )

    assert subscribed(*keys) == [
        "user/john.doe@b.loc",
        "user/john.doe/v1.2@b.loc",
        "contact@b.loc",
        "user/jdoe/Projects@b.loc",
    ]


def test_without_a_domain_a_name_has_none() -> None:
    inbox = mailbox_name("user/jdoe")

    assert parse_subscriptions([b"user.jdoe.Sent"], inbox) == (
        (mailbox_name("user/jdoe/Sent"),),
        0,
    )
    newer = parse_subscriptions([b"\x1fVER\x1f", b"NINBOX\x1fSent", b"Ncontact"], inbox)
    assert newer == ((mailbox_name("user/jdoe/Sent"), mailbox_name("contact")), 0)


def test_keys_that_name_nothing_are_counted() -> None:
    assert parse_subscriptions([b"b.loc!contact", b"b.loc!", b"a..b"], INBOX)[1] == 2


def test_an_older_name_may_begin_with_n() -> None:
    assert subscribed(b"News") == ["News"]
