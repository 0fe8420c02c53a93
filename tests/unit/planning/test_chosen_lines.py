from __future__ import annotations

import json
from typing import Any

import pytest

from respool.errors import SelectionInvalid
from respool.planning.chosen_lines import LONGEST_LINE, one_group, parse_chosen

GUID = "3c826e6d3ddc9c2d3563bd6be968440920687a4e"
FIELDS = {
    "account": "alice@bluemind.loc",
    "generation": "88",
    "mailbox": "user/alice@bluemind.loc",
    "uid": 3,
    "guid": GUID,
    "subject": "fields that nobody needs are nothing",
}
WITHOUT_GUID = {"guid": None, "size_bytes": 9, "internaldate": "1970-01-01T00:01:00Z"}


def line(**changes: Any) -> bytes:  # noqa: ANN401 - JSON
    return json.dumps({**FIELDS, **changes}).encode() + b"\n"


def test_lines_are_put_together_by_account_generation_and_mailbox() -> None:
    groups = parse_chosen(
        [
            line(),
            b"\n",
            line(uid=5, **WITHOUT_GUID),
            line(generation="89"),
            line(),
            line(account="b"),
        ]
    )
    assert [(each.account, each.generation, each.count) for each in groups] == [
        ("alice@bluemind.loc", "88", 2),
        ("alice@bluemind.loc", "89", 1),
        ("b", "88", 1),
    ]
    chosen = groups[0].mailboxes["user/alice@bluemind.loc"]
    assert {uid: (*each.identity, each.number) for uid, each in chosen.items()} == {
        3: (GUID, None, None, 1),
        5: (None, 9, 60, 3),
    }


@pytest.mark.parametrize(
    ("mailbox", "is_user"),
    [
        ("user/alice@bluemind.loc", True),
        ("DELETED/user/alice/Old/673C4583@bluemind.loc", True),
        ("contact/Archives@bluemind.loc", False),
    ],
)
def test_the_name_of_a_mailbox_says_whether_it_is_a_users(mailbox: str, is_user: bool) -> None:  # noqa: FBT001 - a parameter of a test
    assert parse_chosen([line(mailbox=mailbox)])[0].is_of_user is is_user


@pytest.mark.parametrize(
    "odd",
    [
        b"no json\n",
        b"[1]\n",
        b'"text"\n',
        b"\xff\n",
        b"{" * 100_000,
        b'{"uid": ' + b"9" * 10_000 + b"}",
        b" " * (LONGEST_LINE + 1),
        line(uid=0),
        line(uid=True),
        line(uid="3"),
        line(uid=2**31),
        line(uid=None),
        line(guid="3C"),
        line(guid=GUID.upper()),
        line(guid=3),
        line(account=None),
        line(account=""),
        line(account="a" * 2001),
        line(mailbox="a\nb"),
        line(mailbox=["a"]),
        line(generation=88),
        line(generation="88\x1b[2J"),
        line(guid="0" * 40),
        line(guid=None),
        line(uid=9, guid=None),
        line(uid=9, **{**WITHOUT_GUID, "internaldate": "yesterday"}),
        line(uid=9, **{**WITHOUT_GUID, "size_bytes": "9"}),
    ],
    ids=range(27),
)
def test_an_odd_line_is_named(odd: bytes) -> None:
    with pytest.raises(SelectionInvalid, match="line 2 of the selection") as caught:
        parse_chosen([line(), odd])
    assert caught.value.why is not None
    assert caught.value.why.isprintable()
    assert len(caught.value.why) < 400


@pytest.mark.parametrize("nothing", [[], [b"\n", b"  \n"]])
def test_a_selection_of_nothing_is_refused(nothing: list[bytes]) -> None:
    with pytest.raises(SelectionInvalid, match="no message was chosen"):
        parse_chosen(nothing)


def test_several_accounts_are_named_with_the_way_to_take_one() -> None:
    with pytest.raises(SelectionInvalid, match="2 accounts") as caught:
        one_group(parse_chosen([line(account="b"), line()]), "restore")
    assert caught.value.why == "alice@bluemind.loc, b"
    assert caught.value.hint is not None
    assert "restore alice@bluemind.loc --selection" in caught.value.hint


def test_several_generations_are_named_with_the_way_to_take_one() -> None:
    with pytest.raises(SelectionInvalid, match="2 generations") as caught:
        one_group(parse_chosen([line(generation="89"), line(), line(uid=4)]), "restore")
    assert caught.value.why == "alice@bluemind.loc in 89 (1), 88 (2)"
    assert caught.value.hint is not None
    every = "; ".join(
        f"respool restore alice@bluemind.loc --selection FILE -g {each}" for each in (89, 88)
    )
    assert caught.value.hint.endswith(f"each with the same options: {every}")
    assert "respool find … --json > FILE" in caught.value.hint
    with pytest.raises(SelectionInvalid) as caught:
        one_group(parse_chosen([line(generation="a b"), line()]), "restore", "my file")
    assert caught.value.hint == (
        "one after the other, each with the same options:"
        " respool restore alice@bluemind.loc --selection 'my file' -g 'a b';"
        " respool restore alice@bluemind.loc --selection 'my file' -g 88"
    )
