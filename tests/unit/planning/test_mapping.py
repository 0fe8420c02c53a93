from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from respool.model.accounts import Account, folder_parts, folder_path
from respool.model.names import MailboxName, encoded_part
from respool.planning.mapping import Mapped, folders_between, map_names, unknown_renames
from respool.targets.spool.names import refusals
from tests.unit.planning.plans import ACCOUNT, REQUEST
from tests.unit.targets.spool.plans import RULES, SHARE


def source(path: str) -> MailboxName:
    """A folder of jdoe's; ``path`` as people type it."""
    parts = folder_parts(path)
    return ACCOUNT.root.child(*parts) if parts else ACCOUNT.root


def raw(*parts: str) -> MailboxName:
    """A folder whose parts stand in the backup just so."""
    return ACCOUNT.root.child(*parts)


def mapped(
    sources: list[MailboxName],
    *,
    renames: dict[str, str] | None = None,
    is_renaming_freely: bool = False,
    into: str = "new",
) -> Mapped:
    request = replace(
        REQUEST, into=into, renames=renames or {}, is_renaming_freely=is_renaming_freely
    )
    return map_names(sources, request, RULES)


def paths(found: Mapped) -> list[str]:
    return [folder_path(target) for target in found.targets]


def test_inbox_becomes_the_folder_and_every_other_keeps_its_whole_path() -> None:
    found = mapped(
        [source("INBOX"), source("Sent"), source("Projects/2017/Q3"), source("./INBOX")]
    )

    assert paths(found) == ["new", "new/Sent", "new/Projects/2017/Q3", "new/INBOX"]
    assert found.reasons == ()
    assert all(target.domain == "b.loc" for target in found.targets)


def test_a_deleted_folder_stands_below_deleted() -> None:
    deleted = MailboxName(
        domain="b.loc", parts=("DELETED", "user", "jdoe", "Projects", "2017", "673C4583")
    )

    assert paths(mapped([deleted])) == ["new/DELETED/Projects/2017/673C4583"]


@pytest.mark.parametrize(
    ("renames", "expected"),
    [
        ({"a": "b"}, ["new", "new/b", "new/b/x", "new/b/x/y", "new/ab"]),
        ({"a/x": "a/z"}, ["new", "new/a", "new/a/z", "new/a/z/y", "new/ab"]),
        ({"a": "b", "a/x": "c"}, ["new", "new/b", "new/c", "new/c/y", "new/ab"]),
        ({"a/x/y": "y"}, ["new", "new/a", "new/a/x", "new/y", "new/ab"]),
        ({"INBOX": "old"}, ["new/old", "new/a", "new/a/x", "new/a/x/y", "new/ab"]),
        (
            {"a": "\u00c9t\u00e9/1"},
            [
                "new",
                "new/\u00c9t\u00e9/1",
                "new/\u00c9t\u00e9/1/x",
                "new/\u00c9t\u00e9/1/x/y",
                "new/ab",
            ],
        ),
    ],
    ids=["with-descendants", "inner", "longest-wins", "elsewhere", "inbox", "deeper"],
)
def test_a_renamed_folder_takes_what_is_below_it_along(
    renames: dict[str, str], expected: list[str]
) -> None:
    sources = [source(path) for path in ("INBOX", "a", "a/x", "a/x/y", "ab")]

    found = mapped(sources, renames=renames)

    assert paths(found) == expected
    assert found.reasons == ()


def test_a_folder_that_is_called_inbox_can_be_renamed() -> None:
    sources = [source("INBOX"), source("./INBOX"), source("./INBOX/x")]

    found = mapped(sources, renames={"./INBOX": "second"})

    assert paths(found) == ["new", "new/second", "new/second/x"]


def test_a_refused_name_is_a_reason_with_a_proposal() -> None:
    (reason,) = mapped([raw("100%")]).reasons

    assert reason.startswith("'100%': Cyrus 3.6.1 refuses the character '%'")
    assert "--rename '100%=100_'" in reason
    assert "--rename auto" in reason


def test_the_proposal_is_taken_as_it_was_proposed() -> None:
    found = mapped([raw("100%")], renames={"100%": "100_"})

    assert paths(found) == ["new/100_"]
    assert found.reasons == ()


def test_every_refused_folder_is_a_reason_of_its_own() -> None:
    assert len(mapped([raw("a%"), raw("b"), raw("c*")]).reasons) == 2


def test_odd_octets_are_shown_so_that_no_terminal_obeys_them() -> None:
    (reason,) = mapped([raw("a\x1b[2J\udce9'x")]).reasons

    assert reason.isprintable()
    assert reason.startswith("'a\\x1b[2J\\udce9'\\''x'")


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([raw("a%"), raw("b")], ["new/a_", "new/b"]),
        ([raw("a%"), raw("a*")], ["new/a_", "new/a_-2"]),
        ([raw("a_"), raw("a%"), raw("a*")], ["new/a_", "new/a_-2", "new/a_-3"]),
        ([raw("a%"), raw("a_")], ["new/a_-2", "new/a_"]),
        ([raw("a%"), raw("a%", "x")], ["new/a_", "new/a_/x"]),
        ([raw("a_"), raw("a%"), raw("a%", "x")], ["new/a_", "new/a_-2", "new/a_-2/x"]),
        ([raw("a_", "y"), raw("a%", "x%")], ["new/a_/y", "new/a_-2/x_"]),
    ],
    ids=[
        "as-proposed",
        "two-alike",
        "three-alike",
        "a-fit-name-stays",
        "below",
        "below-one-with-a-number",
        "below-what-is-no-mailbox",
    ],
)
def test_auto_takes_every_proposal_and_never_makes_twins(
    sources: list[MailboxName], expected: list[str]
) -> None:
    found = mapped(sources, is_renaming_freely=True)

    assert paths(found) == expected
    assert found.reasons == ()


def test_auto_numbers_long_names_so_that_they_stay_names() -> None:
    long = encoded_part("\u65e5" * 93)
    found = mapped([raw(f"{long}%"), raw(f"{long}*")], is_renaming_freely=True)

    assert found.reasons == ()
    assert len(set(found.targets)) == 2
    assert [refusals(target, RULES) for target in found.targets] == [(), ()]


def test_two_folders_that_would_become_one_are_refused() -> None:
    found = mapped([source("a"), source("b"), source("c")], renames={"b": "a", "c": "INBOX"})

    assert found.reasons == ("'a' and 'b' would both become 'new/a'",)
    both = mapped([source("INBOX"), source("c")], renames={"c": "INBOX"})
    assert both.reasons == ("'INBOX' and 'c' would both become 'new'",)


@pytest.mark.parametrize("into", ["a%b", "x" * 251, "x" * 600, "a{b}"])
def test_a_new_folder_that_the_server_refuses_is_said_once(into: str) -> None:
    """No rename would help: another name has to be chosen."""
    found = mapped([source("INBOX")], into=into)

    (reason,) = found.reasons
    assert reason.startswith(f"--into '{into}': ")
    assert "--rename" not in reason


def test_a_refused_new_folder_hides_no_other_reason() -> None:
    found = mapped([source("INBOX"), source("Sent"), raw("a%")], into="a{b")

    assert [reason.partition(": ")[0] for reason in found.reasons] == ["--into 'a{b'", "'a%'"]


def test_renames_of_folders_that_were_not_chosen_are_refused() -> None:
    request = replace(REQUEST, renames={"a": "x", "b/c": "y", "b": "z", "Sent": "w", "INBOX": "v"})

    reasons = unknown_renames(request, [source("INBOX"), source("a"), source("b/c/d")])

    assert reasons == ("--rename Sent=w: none of the chosen folders is called 'Sent'",)


def in_place(sources: list[MailboxName], target: Account = ACCOUNT, **changes: Any) -> Mapped:  # noqa: ANN401
    """Where ``sources`` go when the live account itself is filled."""
    request = replace(REQUEST, target=target, is_in_place=True, **changes)
    return map_names(sources, request, RULES)


def test_in_place_every_folder_keeps_its_name() -> None:
    found = in_place([source("INBOX"), source("Sent"), source("Projects/2017/Q3")])

    assert [target.admin for target in found.targets] == [
        "user/jdoe@b.loc",
        "user/jdoe/Sent@b.loc",
        "user/jdoe/Projects/2017/Q3@b.loc",
    ]
    assert found.reasons == ()


def test_in_place_of_another_account_inbox_becomes_its_root() -> None:
    found = in_place([source("INBOX"), source("Sent")], SHARE)

    assert [target.admin for target in found.targets] == ["contact@b.loc", "contact/Sent@b.loc"]


@pytest.mark.parametrize("path", ["./INBOX", "./INBOX/x"])
def test_in_place_a_folder_called_inbox_has_to_be_renamed(path: str) -> None:
    """IMAP knows one INBOX, and clients would show the other's mail as its own."""
    (reason,) = in_place([source("INBOX"), source(path)]).reasons

    assert "cannot be told from INBOX itself" in reason
    renamed = in_place([source("INBOX"), source(path)], renames={"./INBOX": "old"})
    assert renamed.reasons == ()


def test_in_place_a_rename_onto_inbox_is_refused() -> None:
    (reason,) = in_place([source("INBOX"), source("a")], renames={"a": "INBOX"}).reasons

    assert reason == "'INBOX' and 'a' would both become 'INBOX'"


def test_into_another_account_the_new_folder_is_its_own() -> None:
    request = replace(REQUEST, target=SHARE)

    found = map_names([source("INBOX"), source("a/b")], request, RULES)

    assert [target.admin for target in found.targets] == [
        "contact/restored@b.loc",
        "contact/restored/a/b@b.loc",
    ]


def test_folders_above_are_made_once_outermost_first() -> None:
    root = ACCOUNT.root.child("new")
    targets = [root.child("a", "b", "c"), root.child("a", "d"), root.child("a", "b")]

    assert [folder_path(name) for name in folders_between(root, targets)] == ["new", "new/a"]
    assert folders_between(root, [root]) == ()
    assert folders_between(root, []) == (root,)
