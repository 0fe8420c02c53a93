from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.planning.incarnation import (
    Comparison,
    Evidence,
    Incarnation,
    Says,
    Topic,
    compare_incarnations,
    do_folders_matter,
    owners_of,
)

JDOE = "jdoe@b.loc"  # the login itself
OLD = "4F2A@b.loc"
NEW = "77B1@b.loc"
BOSS = "boss@b.loc"
ALL = "lrswipkxtea"
FOR, AGAINST, NOTHING = Says.FOR, Says.AGAINST, Says.NOTHING
OWNERS = st.none() | st.frozensets(st.sampled_from([JDOE, OLD, NEW, BOSS]), min_size=1)
IDS = st.none() | st.sampled_from(["1", "2", "3"])
FOLDERS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("pqrst"))


def account(
    where: str = "generation 87",
    *,
    owner: str | None = None,
    inbox: str | None = None,
    folders: Mapping[str, str] | None = None,
) -> Incarnation:
    owners = None if owner is None else frozenset(owner.split())
    return Incarnation(where=where, owners=owners, inbox_id=inbox, folder_ids=folders or {})


def compared(one: Incarnation, other: Incarnation, *newer: Incarnation) -> Comparison:
    return compare_incarnations(one, newer, other, userid=JDOE)


def of(comparison: Comparison, topic: Topic) -> Evidence | None:
    return next((each for each in comparison.evidence if each.topic is topic), None)


def said(comparison: Comparison, topic: Topic) -> Says | None:
    found = of(comparison, topic)
    return None if found is None else found.says


@pytest.mark.parametrize(
    ("acl", "owners"),
    [
        ({JDOE: "lrswipkxtecdan", "al@b.loc": "lrs"}, {JDOE}),
        ({OLD: ALL, BOSS: "lrswipkxtea"}, {OLD, BOSS}),
        ({JDOE: "lrswipcda"}, {JDOE}),
        ({JDOE: "lrswipda", BOSS: "lrswipkxte", OLD: "a"}, None),
        ({"anyone": ALL, "anonymous": ALL, "group:all@b.loc": ALL, f"-{OLD}": ALL}, None),
        ({"admin0": ALL, OLD: ALL}, {OLD}),
        ({"admin0": ALL}, None),
        ({}, None),
    ],
    ids=["usual", "two", "old-letters", "too-few", "no-persons", "admin", "admin-alone", "empty"],
)
def test_owners_are_who_has_all_rights(
    acl: Mapping[str, str], owners: frozenset[str] | None
) -> None:
    assert owners_of(acl, frozenset({"admin0"})) == owners


@pytest.mark.parametrize(
    ("backup", "live", "says"),
    [
        (OLD, OLD, FOR),
        (OLD, OLD.lower(), FOR),
        (JDOE.upper(), JDOE, NOTHING),
        (OLD, NEW, AGAINST),
        (OLD, JDOE, AGAINST),
        (JDOE, JDOE, NOTHING),
        (f"{JDOE} {BOSS}", f"{JDOE} {BOSS}", NOTHING),
        (OLD, f"{OLD} {BOSS}", NOTHING),
        (f"{OLD} {BOSS}", f"{NEW} {BOSS}", NOTHING),
        (None, OLD, NOTHING),
        (OLD, None, NOTHING),
        (None, None, NOTHING),
    ],
)
def test_what_owners_say(backup: str | None, live: str | None, says: Says) -> None:
    comparison = compared(account(owner=backup), account("live", owner=live))

    assert said(comparison, Topic.OWNER) is says
    assert comparison.has_other_owner == (says is AGAINST)


@pytest.mark.parametrize(
    ("backup", "live", "says"),
    [("1", "1", FOR), ("1", "2", AGAINST), (None, "2", NOTHING), ("1", None, NOTHING)],
)
def test_what_inbox_ids_say(backup: str | None, live: str | None, says: Says) -> None:
    comparison = compared(account(inbox=backup), account("live", inbox=live))

    assert said(comparison, Topic.INBOX_ID) is says
    assert not comparison.has_other_owner


@pytest.mark.parametrize(
    ("backup", "live", "says"),
    [
        ({"Sent": "s", "Trash": "t"}, {"Sent": "s", "Trash": "x"}, FOR),
        ({"Sent": "s", "Trash": "t"}, {"Envoyés": "s"}, FOR),
        ({"Sent": "s", "Trash": "t"}, {"Sent": "x", "Trash": "y"}, AGAINST),
        ({"Sent": "s", "Trash": "t"}, {"Sent": "x"}, NOTHING),
        ({}, {"Sent": "x", "Trash": "y"}, NOTHING),
        ({}, {}, NOTHING),
    ],
)
@pytest.mark.parametrize("inbox", [None, "2"], ids=["inbox-unknown", "inbox-differs"])
def test_what_folder_ids_say_where_inbox_leaves_it_open(
    backup: Mapping[str, str], live: Mapping[str, str], says: Says, inbox: str | None
) -> None:
    one, other = account(inbox=inbox, folders=backup), account("live", inbox="1", folders=live)

    assert do_folders_matter(one, other)
    assert said(compared(one, other), Topic.FOLDER_IDS) is says


def test_folder_ids_are_not_asked_where_inbox_is_the_same() -> None:
    one = account(inbox="1", folders={"Sent": "s", "Trash": "t"})
    other = account("live", inbox="1", folders={"Sent": "x", "Trash": "y"})

    assert not do_folders_matter(one, other)
    assert said(compared(one, other), Topic.FOLDER_IDS) is None
    assert not compared(one, other).speaks_against


def test_folders_in_common_and_another_inbox_speak_against_each_other() -> None:
    folders = {"Sent": "s", "Trash": "t"}
    one, other = account(inbox="1", folders=folders), account("live", inbox="2", folders=folders)

    assert compared(one, other).speaks_for
    assert compared(one, other).speaks_against


def test_every_comparison_is_a_line_that_names_both_sides() -> None:
    one = account(owner=OLD, inbox="1", folders={"Sent": "s"})
    other = account("live", owner=NEW, folders={"Sent": "s"})

    assert compared(one, other).lines == (
        f"owner: generation 87 {OLD}, live {NEW}: differ",
        "INBOX id: generation 87 1, live unknown: cannot be compared",
        "folder ids: generation 87 1 known, live 1 known: 1 in common: Sent",
    )


def test_a_mailshare_has_no_owner_to_compare() -> None:
    one, other = account(owner=OLD, inbox="1"), account("live", owner=NEW, inbox="1")
    comparison = compare_incarnations(one, (one,), other, userid=None)

    assert said(comparison, Topic.OWNER) is None
    assert not comparison.speaks_against


def test_an_id_that_changed_between_two_generations_is_said_with_both() -> None:
    comparison = compared(
        account(inbox="1"),
        account("live", inbox="2"),
        account("generation 88", inbox="1"),
        account("generation 89", inbox="2"),
    )

    assert comparison.lines[-1] == (
        "the account was made anew between generation 88 and generation 89"
        " (INBOX id: generation 88 1, generation 89 2: differ)"
    )


def test_an_id_that_changed_after_the_newest_generation_is_said() -> None:
    newer = account("generation 88", inbox="1")
    comparison = compared(account(inbox="1"), account("live", inbox="2"), newer)

    assert "the account was made anew since generation 88" in comparison.lines[-1]


def test_an_account_that_was_another_s_in_between_is_not_taken_for_unchanged() -> None:
    """
    The live account is as in the chosen generation: what lies between says otherwise.
    """
    newer = account("generation 88", owner=NEW, inbox="2")
    comparison = compared(
        account(owner=OLD, inbox="1"), account("live", owner=OLD, inbox="1"), newer
    )

    assert comparison.speaks_against
    assert comparison.has_other_owner
    assert len([each for each in comparison.evidence if each.says is AGAINST]) == 4


def test_a_generation_where_nothing_is_known_is_passed_over() -> None:
    comparison = compared(
        account(owner=OLD, inbox="1"),
        account("live", owner=OLD, inbox="1"),
        account("generation 88"),
        account("generation 89", owner=OLD, inbox="1"),
    )

    assert not comparison.speaks_against
    assert comparison.lines[-1] == "no change seen from generation 87 to generation 89, nor since"


def test_a_very_long_id_is_cut_for_people() -> None:
    comparison = compared(account(inbox="1" * 5000), account("live", inbox="2"))

    assert all(len(line) < 200 for line in comparison.lines)


@given(OWNERS, OWNERS, IDS, IDS, FOLDERS, FOLDERS)
def test_it_does_not_matter_which_side_is_which(
    owners: frozenset[str] | None,
    other_owners: frozenset[str] | None,
    inbox: str | None,
    other_inbox: str | None,
    folders: Mapping[str, str],
    other_folders: Mapping[str, str],
) -> None:
    one = Incarnation(where="a", owners=owners, inbox_id=inbox, folder_ids=folders)
    other = Incarnation(
        where="b", owners=other_owners, inbox_id=other_inbox, folder_ids=other_folders
    )

    there, back = compared(one, other), compared(other, one)

    assert [(e.topic, e.says) for e in there.evidence] == [
        (e.topic, e.says) for e in back.evidence
    ]


@given(OWNERS, IDS, FOLDERS)
def test_nothing_speaks_against_an_account_that_is_as_it_was(
    owners: frozenset[str] | None, inbox: str | None, folders: Mapping[str, str]
) -> None:
    one = Incarnation(where="a", owners=owners, inbox_id=inbox, folder_ids=folders)

    assert not compared(one, one, one, one).speaks_against


class TestByDirectory:
    """Whom BlueMind's directory has for the account now is the last word."""

    def live(self, who: str, inbox: str = "2", owner: str | None = None) -> Incarnation:
        return replace(account("live", owner=owner or who, inbox=inbox), directory_id=who)

    def test_the_same_uid_is_the_same_person_though_the_inbox_was_made_anew(self) -> None:
        comparison = compared(account(owner=OLD, inbox="1"), self.live(OLD))

        assert said(comparison, Topic.INBOX_ID) is AGAINST
        assert not comparison.speaks_against
        assert not comparison.has_other_owner
        assert comparison.lines[0] == (
            f"directory uid: generation 87 {OLD}, live {OLD}: the same person"
        )

    def test_another_uid_is_another_person_though_the_inbox_is_the_same(self) -> None:
        comparison = compared(account(owner=OLD, inbox="1"), self.live(NEW, "1", OLD))

        assert comparison.speaks_against
        assert comparison.has_other_owner
        assert comparison.lines[0].endswith(f"live {NEW}: another person")

    def test_somebody_who_shared_everything_stays_the_same_person(self) -> None:
        shared = account(owner=f"{OLD} {BOSS}", inbox="1")

        assert not compared(shared, self.live(OLD, "1")).speaks_against

    def test_to_whom_everything_was_shared_is_not_its_owner_when_he_gets_the_login(self) -> None:
        """BlueMind's verb All gives the rights of an owner: only the ids tell them apart."""
        shared = account(owner=f"{OLD} {BOSS}", inbox="1")

        comparison = compared(shared, self.live(BOSS, "2"))

        assert said(comparison, Topic.DIRECTORY) is NOTHING
        assert comparison.speaks_against

    @pytest.mark.parametrize(("owner", "who"), [(None, OLD), (JDOE, NEW), (JDOE, JDOE)])
    def test_where_it_tells_nothing_everything_else_counts_as_before(
        self, owner: str | None, who: str
    ) -> None:
        comparison = compared(account(owner=owner, inbox="1"), self.live(who, owner=OLD))

        assert said(comparison, Topic.DIRECTORY) is NOTHING
        assert comparison.speaks_against  # the INBOX id

    def test_capitals_do_not_make_another_person(self) -> None:
        assert not compared(account(owner=OLD, inbox="1"), self.live(OLD.lower())).speaks_against

    def test_an_account_that_was_anothers_for_a_time_is_the_same_person_s_again(self) -> None:
        between = account("generation 88", owner=NEW, inbox="3")

        assert not compared(account(owner=OLD, inbox="1"), self.live(OLD), between).speaks_against

    def test_without_a_directory_it_is_not_named(self) -> None:
        assert (
            said(compared(account(owner=OLD), account("live", owner=OLD)), Topic.DIRECTORY) is None
        )
