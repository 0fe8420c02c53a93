from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.planning.folder_rights import (
    Rights,
    effective,
    is_fit_identifier,
    is_narrower,
    narrowed,
    spared_by,
)
from respool.targets.spool.rights import RightsRules, narrower_for

ALL = "lrswipkxtecdan"
OWNER = {"jdoe@b.loc": ALL, "admin0": ALL}
SPARED = frozenset(OWNER)


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
    assert narrowed({**OWNER, **live}, backup, SPARED) == {**OWNER, **expected}


def test_who_is_spared_keeps_what_he_has_even_where_the_backup_does_not_know_him() -> None:
    """
    A user who was made anew has another identity; he stays the owner of what he gets.
    """
    assert narrowed(OWNER, {"another@b.loc": "lrs"}, SPARED) == OWNER


def test_obsolete_letters_take_nothing_away() -> None:
    """The server writes c and d for what other letters say."""
    live = {"alice@b.loc": "lrskxtecd"}

    assert narrowed(live, {"alice@b.loc": "lrskxte"}, frozenset()) == live


def rules(
    *,
    live: Rights,
    root: Rights | None,
    source_owner: str | None = "jdoe@b.loc",
    is_known: bool = True,
) -> RightsRules:
    """What is known before folders are looked at; jdoe owns the target."""
    return RightsRules(
        live=live,
        spared=spared_by(live, "jdoe@b.loc", ("admin0",)),
        root=root,
        source_owner=source_owner,
        is_known=is_known,
    )


def test_a_folder_as_open_as_its_account_was_gets_the_target_s_rights() -> None:
    """Somebody who was let in since may read what everybody who is let in may read."""
    live = {**OWNER, "alice@b.loc": "lrs", "carol@b.loc": "lrs"}
    root = {**OWNER, "alice@b.loc": "lrs"}

    assert rules(live=live, root=root).of_folder(root) == live


def test_a_folder_that_was_more_open_than_its_account_gets_no_more_than_the_target_s() -> None:
    live = {**OWNER, "alice@b.loc": "lrs"}
    open_to_all = {**OWNER, "alice@b.loc": "lrswip", "anyone": "lrs"}

    assert rules(live=live, root=OWNER).of_folder(open_to_all) == live


def test_a_private_folder_stays_private_also_for_who_was_let_in_since() -> None:
    live = {**OWNER, "alice@b.loc": "lrs", "carol@b.loc": "lrs"}
    root = {**OWNER, "alice@b.loc": "lrs"}

    assert rules(live=live, root=root).of_folder(OWNER) == OWNER


def test_a_private_folder_of_a_mailshare_stays_private() -> None:
    """Also in another account: whom the folder did not know, it stays shut to."""
    share = {"admin0": ALL, "group:sales": "lrswip", "bob@b.loc": "lrs"}
    root = {"admin0": ALL, "group:sales": "lrswip"}
    private = {"admin0": ALL, "bob@b.loc": "lrs"}
    onto_share = RightsRules(
        live=share,
        spared=spared_by(share, None, ("admin0",)),
        root=root,
        source_owner="contact@b.loc",
    )
    onto_user = rules(
        live={**OWNER, "group:sales": "lrs"}, root=root, source_owner="contact@b.loc"
    )

    assert onto_share.of_folder(private) == {"admin0": ALL, "bob@b.loc": "lrs"}
    assert onto_user.of_folder(private) == OWNER


def test_a_user_s_folders_in_a_mailshare_are_open_to_its_readers() -> None:
    """They were as open as his INBOX, which is all that can be asked of them."""
    share = {"admin0": ALL, "group:sales": "lrswip"}
    onto_share = RightsRules(
        live=share,
        spared=spared_by(share, None, ("admin0",)),
        root=OWNER,
        source_owner="jdoe@b.loc",
    )

    assert onto_share.of_folder(OWNER) == share


def test_it_is_no_narrowing_that_the_owner_had_less() -> None:
    live = {**OWNER, "alice@b.loc": "lrs"}
    root = {**OWNER, "alice@b.loc": "lrs"}
    locked = {"jdoe@b.loc": "lrs", "admin0": "l", "alice@b.loc": "lrs"}

    assert rules(live=live, root=root).of_folder(locked) == live


def test_where_the_account_s_own_rights_are_not_known_the_folder_s_count() -> None:
    live = {**OWNER, "alice@b.loc": "lrs", "carol@b.loc": "lrs"}
    folder = {**OWNER, "alice@b.loc": "lr"}

    assert rules(live=live, root=None).of_folder(folder) == {**OWNER, "alice@b.loc": "lr"}


def test_a_folder_whose_rights_cannot_be_read_is_its_owner_s_alone() -> None:
    live = {**OWNER, "alice@b.loc": "lrs"}

    assert rules(live=live, root=live).of_folder({}) == OWNER
    assert rules(live=live, root=None).of_folder({}) == OWNER


def test_a_backup_that_says_nothing_of_rights_narrows_nothing() -> None:
    live = {**OWNER, "alice@b.loc": "lrs"}

    assert rules(live=live, root=None, is_known=False).of_folder({}) == live


@pytest.mark.parametrize(
    ("folder", "root", "expected"),
    [
        ({"-bob": "r"}, {}, {"-bob": "r"}),
        ({"-bob": "r"}, {"-bob": "r"}, {}),
        ({"-anyone": "r"}, {}, {"alice": "ls"}),
    ],
    ids=["shut-out-of-the-folder", "shut-out-of-all", "anyone-shut-out"],
)
def test_negative_entries_of_the_backup_are_narrower(
    folder: Rights, root: Rights, expected: Rights
) -> None:
    given_to_all = {**OWNER, "alice": "lrs", "bob": "lrs"}
    live = {**OWNER, "alice": "lrs"}

    found = rules(live=live, root={**given_to_all, **root}).of_folder({**given_to_all, **folder})

    assert found == {**live, **expected}


def test_an_identifier_that_breaks_the_server_is_never_given() -> None:
    """And whom the backup shut out under such a name nobody can shut out again: all stay out."""
    live = {**OWNER, "alice": "lrs"}
    odd = {**OWNER, "alice": "lrs", '-"a b"': "lr"}

    assert rules(live=live, root={**OWNER, "alice": "lrswi"}).of_folder(odd) == OWNER


def test_a_folder_that_holds_others_gives_what_all_of_them_give() -> None:
    live = {**OWNER, "alice@b.loc": "lrs", "bob@b.loc": "lrs"}
    inner = [{**OWNER, "alice@b.loc": "lrs"}, {**OWNER, "alice@b.loc": "l", "bob@b.loc": "lrs"}]

    assert rules(live=live, root=live).of_holder(inner) == {**OWNER, "alice@b.loc": "l"}
    assert rules(live=live, root=live).of_holder([live, live]) == live
    assert rules(live=live, root=live).of_holder([]) == live


@pytest.mark.parametrize(
    ("live", "owner", "spared"),
    [
        ({"jdoe@b.loc": ALL, "alice": "lrsa"}, "jdoe@b.loc", {"admin0", "jdoe@b.loc"}),
        (
            {"7A1F": ALL, "alice": "lrs", "-bob": "a", "anyone": "a"},
            "jdoe@b.loc",
            {"admin0", "jdoe@b.loc", "7A1F"},
        ),
        ({"group:sales": ALL}, None, {"admin0"}),
        ({"7A1F": ALL, "9C2E": ALL}, "jdoe@b.loc", {"admin0", "jdoe@b.loc"}),
        ({}, "jdoe@b.loc", {"admin0", "jdoe@b.loc"}),
    ],
    ids=["by-login", "by-the-uid-of-a-directory", "nobody-owns-it", "one-of-two", "no-rights"],
)
def test_the_owner_is_found_under_his_login_or_by_what_he_may(
    live: Rights, owner: str | None, spared: set[str]
) -> None:
    """BlueMind names him in ACLs by the id that he has in its directory.

    Where two have all rights, none of them is taken for him: the other is a delegate.
    """
    assert spared_by(live, owner, ("admin0",)) == spared


def test_a_bluemind_owner_keeps_his_private_folders_and_others_stay_out() -> None:
    live = {"7A1F": ALL, "admin0": ALL, "9C2E": "lrs"}
    root = {"7A1F": ALL, "admin0": ALL, "9C2E": "lrs"}
    private = {"7A1F": ALL, "admin0": ALL}

    assert rules(live=live, root=root).of_folder(private) == private
    assert rules(live=live, root=root).of_folder({}) == private


@pytest.mark.parametrize(
    ("acl", "who", "expected"),
    [
        ({"al": "lr"}, "al", "lr"),
        ({"al": "lr", "anyone": "rs"}, "al", "lrs"),
        ({"anyone": "rs"}, "bob", "rs"),
        ({"al": "lrs", "-al": "s"}, "al", "lr"),
        ({"al": "lrs", "-anyone": "s"}, "al", "lr"),
        ({"al": "lrcd"}, "al", "lr"),
        ({}, "al", ""),
    ],
)
def test_what_somebody_may_by_his_own_entries_and_anyone_s(
    acl: Rights, who: str, expected: str
) -> None:
    assert effective(acl, who) == set(expected)


PEOPLE = st.sampled_from(["jdoe@b.loc", "alice", "bob", "anyone", "admin0"])
IDENTIFIERS = PEOPLE | PEOPLE.map("-{}".format)
ACLS = st.dictionaries(
    IDENTIFIERS, st.sets(st.sampled_from("lrswipkxtea"), min_size=1).map(sorted).map("".join)
)


@given(live=ACLS, root=st.none() | ACLS, folder=ACLS)
def test_nobody_ever_gets_more_than_the_target_gives(
    live: Rights, root: Rights | None, folder: Rights
) -> None:
    found = rules(live=live, root=root).of_folder(folder)

    for who in ("jdoe@b.loc", "alice", "bob", "carol", "admin0"):
        assert effective(found, who) <= effective(live, who)


@given(live=ACLS, root=ACLS, folder=ACLS)
def test_from_a_narrower_folder_nobody_but_the_spared_gets_more_than_it_gave(
    live: Rights, root: Rights, folder: Rights
) -> None:
    known = rules(live=live, root=root)
    if not is_narrower(folder, root, known.spared | {"jdoe@b.loc"}):
        return
    found = known.of_folder(folder)

    for who in {"alice", "bob", "carol"} - known.spared:
        assert effective(found, who) <= effective(folder, who)


@given(who=st.text(string.printable, max_size=6))
def test_an_identifier_that_is_given_has_no_blanks_quotes_or_patterns(who: str) -> None:
    if is_fit_identifier(who):
        assert who.isprintable()
        assert not set(who) & set(' "\\(){}%*')


def test_it_is_said_who_gets_less() -> None:
    live = {**OWNER, "alice@b.loc": "lrs", "bob@b.loc": "lr"}

    assert narrower_for(live, {**OWNER, "alice@b.loc": "lr", "bob@b.loc": "lr"}) == (
        "alice@b.loc",
    )
