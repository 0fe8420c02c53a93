from __future__ import annotations

from dataclasses import replace

import pytest

from respool.model.names import MailboxName, encoded_part
from respool.targets.imap.names import ImapNames
from tests.unit.planning.plans import ACCOUNT
from tests.unit.targets.imap.plans import NAMES

DOTTED = replace(NAMES, prefix="INBOX.", separator=".")


def below(*parts: str) -> MailboxName:
    return ACCOUNT.root.child(*parts)


def test_a_folder_is_written_with_the_server_s_prefix_and_separator() -> None:
    assert DOTTED.written(below("restored", "2019")) == "INBOX.restored.2019"
    assert DOTTED.written(ACCOUNT.root) == "INBOX"


@pytest.mark.parametrize(
    ("names", "part", "why"),
    [
        (DOTTED, "v1.2", "'.' separates names"),
        (NAMES, "a*b", "stands for any other name"),
        (NAMES, "100%", "stands for any other name"),
        (NAMES, encoded_part("a\x01b"), "control character"),
        (NAMES, "a&b", "no valid modified UTF-7"),
        (NAMES, "x" * 251, "one level has 251 octets"),
        (NAMES, "InBox", "stands for another mailbox"),
        (NAMES, "#news", "stands for another mailbox"),
        (
            replace(NAMES, others=(f"{encoded_part('Dossiers partagés')}/",)),
            encoded_part("Dossiers partagés"),
            "stands for another mailbox",
        ),
        (replace(NAMES, others=("Autres utilisateurs/",)), "Autres utilisateurs", "another"),
        (replace(NAMES, refused=frozenset(".")), "v1.2", "refuses the character '.'"),
        (replace(NAMES, cyrus=(3, 6, 1)), "a|b", "Cyrus 3.6.1 refuses the character '|'"),
    ],
)
def test_a_name_that_the_server_would_refuse_is_refused_before_and_mended_if_asked(
    names: ImapNames, part: str, why: str
) -> None:
    name = below(part)
    assert any(why in each for each in names.refusals(name))
    assert names.refusals(names.proposed_name(name, len(ACCOUNT.root.parts))) == ()


def test_what_a_server_takes_is_left_as_it_is() -> None:
    for part in ("Sent", encoded_part("Éléments envoyés"), "a b", "(x)"):
        assert NAMES.refusals(below(part)) == ()
        assert NAMES.proposed_part(part) == part


def test_a_server_without_hierarchy_gets_no_folder_in_another() -> None:
    flat = replace(NAMES, separator=None)
    name = below("restored", "Sent")
    assert flat.refusals(name) == ("this server keeps no folder in another",)
    assert flat.refusals(flat.proposed_name(name, len(ACCOUNT.root.parts))) == ()


def test_a_name_that_is_too_long_as_a_whole_is_refused_and_shortened_if_asked() -> None:
    name = below(*["x" * 200] * 3)
    assert any("whole name has 602 octets" in each for each in NAMES.refusals(name))
    assert NAMES.refusals(NAMES.proposed_name(name, len(ACCOUNT.root.parts))) == ()
