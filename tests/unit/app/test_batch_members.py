"""Which accounts a batch is of, from a file or a pattern."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from respool.app.batch_members import wishes_of, wishes_of_chosen
from respool.app.batch_plan import NoWish
from respool.app.chosen_messages import chosen_of_lines
from respool.app.selection import Wanted
from respool.app.wish import Wish
from respool.errors import AccountNotInGeneration, UsageError
from tests.support import golden
from tests.support.exporting import settings_of

TEMPLATE = Wish(wanted=Wanted(account="each", folders=("Projects",)))


def asked(tmp_path: Path, text: str, **more: object) -> tuple[Wish | NoWish, ...]:
    file = tmp_path / "accounts"
    file.write_text(text)
    wish = Wish(wanted=TEMPLATE.wanted, **more)  # type: ignore[arg-type]
    return wishes_of(settings_of(tmp_path, tmp_path / "state"), str(file), wish)


def listed(tmp_path: Path, text: str, **more: object) -> tuple[Wish, ...]:
    found = asked(tmp_path, text, **more)
    assert all(isinstance(each, Wish) for each in found)
    return tuple(each for each in found if isinstance(each, Wish))


def test_a_file_has_an_account_a_line_and_who_gets_its_mail(tmp_path: Path) -> None:
    first, second = listed(tmp_path, "# all\njdoe@b.loc\n\nuser/a@b.loc  z@b.loc # gone\n")

    assert (first.wanted.account, first.wanted.folders, first.to) == (
        "jdoe@b.loc",
        ("Projects",),
        None,
    )
    assert (second.wanted.account, second.to) == ("user/a@b.loc", "z@b.loc")


@pytest.mark.parametrize(
    "text", ["", "# nobody\n", "a@b.loc b@b.loc c@b.loc\n", "a@b.loc\nb@b.loc\na@b.loc\n"]
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        listed(tmp_path, text)


def test_what_is_neither_file_nor_pattern_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        wishes_of(settings_of(tmp_path, tmp_path / "state"), "jdoe@b.loc", TEMPLATE)


def test_files_get_a_place_for_each_account(tmp_path: Path) -> None:
    wishes = listed(tmp_path, "user/jdoe@b.loc\ncontact@b.loc\n", to=f"zip:{tmp_path}/out")

    assert [each.to for each in wishes] == [
        f"zip:{tmp_path}/out/jdoe@b.loc.zip",
        f"zip:{tmp_path}/out/contact@b.loc.zip",
    ]


def test_each_account_logs_in_for_itself_at_another_server(tmp_path: Path) -> None:
    (wish,) = listed(tmp_path, "jdoe@b.loc new@c.loc\n", to="imaps://host")

    assert (wish.to, wish.as_user) == ("imaps://new%40c.loc@host:993", None)


def test_an_administrator_logs_in_for_each_under_its_new_domain(tmp_path: Path) -> None:
    (wish,) = listed(
        tmp_path, "jdoe@b.loc\n", to="imaps://admin@host", domain_map={"b.loc": "c.loc"}
    )

    assert (wish.to, wish.as_user) == ("imaps://admin@host", "jdoe@c.loc")


def test_where_only_one_account_can_be_meant_several_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        asked(tmp_path, "a@b.loc\n", to="other@b.loc")


@pytest.mark.parametrize(
    ("text", "to"),
    [
        ("a@b.loc z@b.loc\n", "maildir:/x"),
        ("a/.b\n", "zip:/x"),
        ("share/contact@b.loc\n", "imaps://admin@host"),
    ],
)
def test_an_account_that_cannot_have_it_stops_no_other(tmp_path: Path, text: str, to: str) -> None:
    """And never becomes mail for whoever logs in."""
    first, second = asked(tmp_path, f"{text}jdoe@b.loc\n", to=to)

    assert isinstance(first, NoWish)
    assert isinstance(second, Wish)


def test_a_pattern_means_the_accounts_of_the_generation_that_it_fits(tmp_path: Path) -> None:
    settings = settings_of(golden.unpack_spool("3.4.9", tmp_path), tmp_path / "state")

    users = wishes_of(settings, "user/J*@BlueMind.loc", TEMPLATE)

    assert [each.wanted.account for each in users if isinstance(each, Wish)] == [
        "user/jdoe@bluemind.loc",
        "user/john.doe@bluemind.loc",
    ]
    with pytest.raises(AccountNotInGeneration):
        wishes_of(settings, "x*", TEMPLATE)


def test_what_was_chosen_of_several_accounts_is_a_wish_for_each(tmp_path: Path) -> None:
    fields = {"generation": "88", "uid": 1, "guid": "0" * 40}
    accounts = {"a@b.loc": "user/a@b.loc", "c@b.loc": "c@b.loc"}
    lines = [{**fields, "account": who, "mailbox": name} for who, name in accounts.items()]
    octets = b"".join(json.dumps(each).encode() + b"\n" for each in lines)

    chosen = chosen_of_lines(io.BytesIO(octets), Wanted(account=""))
    wishes = [
        Wish(wanted=wanted, chosen=group, to=f"zip:{tmp_path}/out") for wanted, group in chosen
    ]

    first, second = wishes_of_chosen(wishes)
    assert isinstance(first, Wish)
    assert isinstance(second, Wish)
    assert (first.wanted.account, second.wanted.account) == ("user/a@b.loc", "share/c@b.loc")
    assert first.wanted.generation == "generation:88"
    assert first.to == f"zip:{tmp_path}/out/a@b.loc.zip"
    with pytest.raises(UsageError):
        wishes_of_chosen([Wish(wanted=TEMPLATE.wanted, to="other@b.loc")])
