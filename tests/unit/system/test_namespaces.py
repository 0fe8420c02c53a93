"""What a user calls a mailbox, and where his own would be taken for another's."""

from __future__ import annotations

from typing import Any, cast

import pytest

from respool.errors import ServerSaidNo
from respool.model.names import MailboxName
from respool.system.imap import ImapSession
from respool.system.namespaces import name_for, not_his_own

ALTERNATIVE = (((b"", b"/"),), ((b"Other Users/", b"/"),), ((b"Shared Folders/", b"/"),))
USUAL = (((b"INBOX/", b"/"),), ((b"user/", b"/"),), ((b"", b"/"),))


class _Told:
    """A session that tells its namespaces."""

    def __init__(self, told: Any) -> None:  # noqa: ANN401 - words of an answer
        self._told = told

    def ask(self, *_words: str, **_response: str) -> Any:  # noqa: ANN401 - words of an answer
        return self._told


def called(*parts: str, told: Any = ALTERNATIVE) -> str:  # noqa: ANN401 - words of an answer
    name = MailboxName(domain="b.loc", parts=parts)
    return name_for(cast("ImapSession", _Told(told)), "jo@b.loc", name, default_domain=None)


def test_every_kind_of_folder_has_its_prefix() -> None:
    assert called("user", "jo") == "INBOX"
    assert called("user", "jo", "a", "b") == "a/b"
    assert called("user", "jo", "a", told=USUAL) == "INBOX/a"
    assert called("user", "al", "a") == "Other Users/al/a"
    assert called("team", "a") == "Shared Folders/team/a"
    assert called("team", "a", told=USUAL) == "team/a"


@pytest.mark.parametrize(
    "parts", [("Other Users", "al"), ("other users", "al"), ("Shared Folders",), ("Inbox",)]
)
def test_a_folder_that_the_server_would_take_for_another_is_not_named(
    parts: tuple[str, ...],
) -> None:
    with pytest.raises(ServerSaidNo, match="cannot be named"):
        called("user", "jo", *parts)


def test_with_a_prefix_of_its_own_no_folder_is_taken_for_another() -> None:
    assert called("user", "jo", "INBOX", told=USUAL) == "INBOX/INBOX"
    assert called("user", "jo", "user", "al", told=USUAL) == "INBOX/user/al"


def test_what_is_not_below_a_prefix_of_his_is_another_s() -> None:
    def of_others(told: Any, *names: str) -> tuple[str, ...]:  # noqa: ANN401 - words of an answer
        return not_his_own(cast("ImapSession", _Told(told)), names)

    seen = ("INBOX", "a/b", "Other Users/al", "Shared Folders/team/a")
    assert of_others(ALTERNATIVE, *seen) == seen[2:]
    assert of_others(USUAL, "INBOX", "INBOX/a", "user/al", "team") == ("user/al", "team")
    assert of_others((((b"", b"/"),), None, None), "INBOX", "a/b") == ()
