from __future__ import annotations

import pytest

from respool.targets.spool.rights import narrowed, narrower_for, narrowest

OWNER = {"jdoe@b.loc": "lrswipkxtecdan", "admin0": "lrswipkxtecdan"}


@pytest.mark.parametrize(
    ("live", "backup", "expected"),
    [
        ({"anyone": "p"}, {**OWNER, "anyone": "p"}, {"anyone": "p"}),
        ({"alice@b.loc": "lrs"}, OWNER, {}),
        ({"alice@b.loc": "lrs"}, {**OWNER, "alice@b.loc": "lr"}, {"alice@b.loc": "lr"}),
        ({"alice@b.loc": "lr"}, {**OWNER, "alice@b.loc": "lrs"}, {"alice@b.loc": "lr"}),
        ({"alice@b.loc": "lrs"}, {**OWNER, "anyone": "lrs"}, {"alice@b.loc": "lrs"}),
        ({}, {**OWNER, "-bob@b.loc": "w"}, {"-bob@b.loc": "w"}),
        ({"-bob@b.loc": "r"}, {**OWNER, "-bob@b.loc": "w"}, {"-bob@b.loc": "rw"}),
        ({"alice@b.loc": "lrsp"}, {}, {}),
        ({"alice@b.loc": "lrs"}, {**OWNER, "alice@b.loc": "lrs", '-"a b"': "lr"}, {}),
        ({"alice@b.loc": "lrs"}, {**OWNER, "alice@b.loc": "lrs", "-ren\u00e9": "lr"}, {}),
        ({}, {**OWNER, "-jdoe@b.loc": "lr"}, {}),
        (
            {"alice@b.loc": "lrs"},
            {**OWNER, "anyone": "lrs", "-anyone": "s"},
            {"alice@b.loc": "lr"},
        ),
    ],
    ids=[
        "as-it-was",
        "private-stays-private",
        "less-stays-less",
        "never-more-than-now",
        "anyone-counts",
        "shut-out-stays-shut-out",
        "both-shut-out",
        "rights-unreadable",
        "an-identifier-that-breaks-the-server",
        "an-identifier-of-8-bits",
        "the-owner-is-never-shut-out",
        "anyone-shut-out-is-folded-in",
    ],
)
def test_nobody_gets_more_than_the_folder_gave_or_the_account_gives(
    live: dict[str, str], backup: dict[str, str], expected: dict[str, str]
) -> None:
    assert narrowed({**OWNER, **live}, backup) == {**OWNER, **expected}


def test_who_may_administer_keeps_what_he_has_even_where_the_backup_does_not_know_him() -> None:
    """
    A user who was made anew has another identity; he stays the owner of what he gets.
    """
    assert narrowed(OWNER, {"another@b.loc": "lrs"}) == OWNER


def test_a_folder_that_holds_others_gives_what_all_of_them_give() -> None:
    live = {**OWNER, "alice@b.loc": "lrs", "bob@b.loc": "lrs"}
    inner = [{**OWNER, "alice@b.loc": "lrs"}, {**OWNER, "alice@b.loc": "l", "bob@b.loc": "lrs"}]

    assert narrowest(live, inner) == {**OWNER, "alice@b.loc": "l"}


def test_it_is_said_who_gets_less() -> None:
    live = {**OWNER, "alice@b.loc": "lrs", "bob@b.loc": "lr"}

    assert narrower_for(live, {**OWNER, "alice@b.loc": "lr", "bob@b.loc": "lr"}) == (
        "alice@b.loc",
    )
