"""Which flags of which live messages a plan changes."""

from __future__ import annotations

from typing import Any

from respool.model.state import UidSet
from respool.planning.codec import check_plan, render_plan
from respool.planning.flag_step import PlannedFlags
from respool.planning.proof import ProveFlags
from respool.targets.state.matching import Wanted
from respool.targets.state.planned import GROUP_MESSAGES
from respool.targets.state.planner import ALL_SHARE, GONE, plan_merge
from respool.targets.state.steps import StoreFlags
from respool.targets.state.survey import LiveFolder, StateFolder, StateSurvey
from tests.unit.planning.plans import REQUEST
from tests.unit.targets.spool.plans import SHARE
from tests.unit.targets.state.flags import (
    ALICE,
    OWNER,
    backup,
    changes,
    guid,
    live,
    of_folder,
    planned,
    wish_for,
)

INBOX = "user/jdoe@b.loc"
WORK = "user/jdoe/Work@b.loc"
CONTACT = "contact@b.loc"
ON_SHARE: dict[str, Any] = {"account": SHARE, "target": SHARE, "owner": None}


def flags_of(plan: object, path: str) -> PlannedFlags:
    """The counts of one folder."""
    found = of_folder(plan, path).flags  # type: ignore[arg-type]
    assert found is not None
    return found


def test_flags_that_live_lacks_are_set_and_no_others_cleared() -> None:
    plan = planned(
        [backup("INBOX", [("a", "\\Seen $Work"), ("b", "")])],
        [live("INBOX", [("a", ""), ("b", "\\Flagged")])],
    )

    assert changes(plan) == [(INBOX, OWNER, "$Work \\Seen", "", "1")]
    counts = flags_of(plan, "INBOX")
    assert (counts.to_set, counts.to_clear, counts.only_live) == (1, 0, 1)
    assert counts.by_flag == {"$Work": (1, 0), "\\Seen": (1, 0)}


def test_exactly_means_that_flags_are_cleared_too() -> None:
    plan = planned(
        [backup("INBOX", [("a", "\\Seen"), ("b", "")])],
        [live("INBOX", [("a", "\\Flagged"), ("b", "Own")])],
        wish=wish_for(is_exact=True),
    )

    assert changes(plan) == [
        (INBOX, OWNER, "", "Own", "2"),
        (INBOX, OWNER, "\\Seen", "\\Flagged", "1"),
    ]


def test_only_the_flags_that_are_meant_are_changed() -> None:
    plan = planned(
        [backup("INBOX", [("a", "\\Seen \\Flagged \\Deleted Work")])],
        [live("INBOX", [("a", "")])],
        wish=wish_for("seen"),
    )

    assert changes(plan) == [(INBOX, OWNER, "\\Seen", "", "1")]


def test_a_message_that_is_in_another_folder_now_gets_its_flags_there() -> None:
    plan = planned(
        [backup("INBOX", [("x", ""), ("a", "\\Seen")])],
        [live("INBOX", []), live("Work", [("y", ""), ("z", ""), ("a", "")])],
    )

    assert changes(plan) == [(WORK, OWNER, "\\Seen", "", "3")]
    assert flags_of(plan, "Work").elsewhere == 1
    assert flags_of(plan, "INBOX").gone == 1


def test_of_a_folder_that_is_gone_the_plan_says_how_many_messages_are() -> None:
    plan = planned([backup("Work", [("a", "\\Seen"), ("b", "")])], [live("INBOX", [])])

    assert of_folder(plan, "Work").messages == 0
    assert flags_of(plan, "Work").gone == 2
    assert changes(plan) == []


def test_keywords_are_the_same_in_any_case() -> None:
    plan = planned([backup("INBOX", [("a", "Work")])], [live("INBOX", [("a", "WORK")])])

    assert changes(plan) == []
    assert flags_of(plan, "INBOX").already == 1


def test_what_is_as_it_was_needs_nothing() -> None:
    plan = planned([backup("INBOX", [("a", "\\Seen")])], [live("INBOX", [("a", "\\Seen")])])

    assert list(plan.steps()) == []
    assert flags_of(plan, "INBOX").already == 1


def test_what_was_marked_read_between_two_generations_is_unread_again() -> None:
    """
    Read before, read since by himself after it was marked unread, and new: all of that stays.
    """
    was = [("marked", ""), ("read before", "\\Seen"), ("unread again", ""), ("unread", "")]
    later = [(content, "\\Seen") for content, _ in was[:3]] + [("unread", ""), ("new", "\\Seen")]
    now = [("marked", "\\Seen \\Flagged"), ("read before", "\\Seen"), ("unread again", "")]
    now += [("unread", "\\Seen"), ("new", "\\Seen")]

    plan = planned(
        [backup("INBOX", was)],
        [live("INBOX", now)],
        later=[backup("INBOX", later)],
        wish=wish_for("seen", until="88"),
    )

    assert changes(plan) == [(INBOX, OWNER, "", "\\Seen", "1")]
    assert flags_of(plan, "INBOX").already == 1


def test_what_was_marked_unread_between_them_is_read_again() -> None:
    plan = planned(
        [backup("INBOX", [("a", "\\Seen"), ("b", "\\Seen")])],
        [live("Work", [("a", "")])],
        later=[backup("INBOX", [("a", ""), ("b", "")])],
        wish=wish_for("seen", until="88"),
    )

    assert changes(plan) == [(WORK, OWNER, "\\Seen", "", "1")]
    assert flags_of(plan, "INBOX").gone == 1


def test_what_has_not_changed_between_them_is_not_counted_as_gone() -> None:
    plan = planned(
        [backup("INBOX", [("a", "\\Seen"), ("b", "")])],
        [live("INBOX", [])],
        later=[backup("INBOX", [("a", "\\Seen")])],
        wish=wish_for("seen", until="88"),
    )

    assert plan.head.mailboxes == ()


def test_of_a_mailshare_seen_is_each_reader_s_own() -> None:
    messages = [("a", "\\Seen"), ("b", "\\Flagged"), ("c", "")]
    plan = planned(
        [backup("INBOX", messages, {ALICE: "1:2"}, account=SHARE)],
        [live("INBOX", [(content, "") for content, _ in messages], {ALICE: "3"}, account=SHARE)],
        **ON_SHARE,
    )

    assert changes(plan) == [
        (CONTACT, None, "\\Flagged", "", "2"),
        (CONTACT, ALICE, "\\Seen", "", "1:2"),
    ]
    assert flags_of(plan, "INBOX").by_reader == {ALICE: (2, 0)}
    assert of_folder(plan, "INBOX").messages == 3


def test_what_a_reader_marked_read_between_two_generations_is_unread_again() -> None:
    messages = [("a", ""), ("b", "")]
    plan = planned(
        [backup("INBOX", messages, {ALICE: "1"}, account=SHARE)],
        [live("INBOX", messages, {ALICE: "1:2"}, account=SHARE)],
        later=[backup("INBOX", messages, {ALICE: "1:2"}, account=SHARE)],
        wish=wish_for("seen", until="88"),
        **ON_SHARE,
    )

    assert changes(plan) == [(CONTACT, ALICE, "", "\\Seen", "2")]


def test_a_reader_who_cannot_have_marks_there_is_left_and_said_why() -> None:
    was = backup("INBOX", [("a", "")], {ALICE: "1", "gone@b.loc": "1"}, account=SHARE)
    now = live("INBOX", [("a", "")], account=SHARE, closed_to={ALICE: "may not"})

    plan = planned([was], [now], **ON_SHARE)

    assert changes(plan) == []
    assert flags_of(plan, "INBOX").readers_left == {ALICE: "may not", "gone@b.loc": GONE}


def test_where_all_share_one_seen_it_is_everybody_s() -> None:
    plan = planned(
        [backup("INBOX", [("a", "\\Seen")], account=SHARE, shared_seen=True)],
        [live("INBOX", [("a", "")], account=SHARE, shared_seen=True)],
        **ON_SHARE,
    )

    assert changes(plan) == [(CONTACT, None, "\\Seen", "", "1")]


def test_seen_that_was_one_reader_s_does_not_become_everybody_s() -> None:
    plan = planned(
        [backup("INBOX", [("a", "\\Seen")], {ALICE: "1"}, account=SHARE)],
        [live("INBOX", [("a", "")], account=SHARE, shared_seen=True)],
        **ON_SHARE,
    )

    assert changes(plan) == []
    assert flags_of(plan, "INBOX").readers_left == {ALICE: ALL_SHARE}


def test_readers_marks_are_left_where_that_was_asked_for() -> None:
    plan = planned(
        [backup("INBOX", [("a", "")], {ALICE: "1"}, account=SHARE)],
        [live("INBOX", [("a", "")], account=SHARE)],
        is_without_seen=True,
        **ON_SHARE,
    )

    assert changes(plan) == []


def test_a_message_that_stands_twice_gives_each_copy_its_own_flags() -> None:
    plan = planned(
        [backup("INBOX", [("a", "\\Seen"), ("a", "")])],
        [live("INBOX", [("a", ""), ("a", "")])],
    )

    assert changes(plan) == [(INBOX, OWNER, "\\Seen", "", "1")]


def test_many_messages_make_several_steps_and_one_proof() -> None:
    count = GROUP_MESSAGES * 2 + 1
    plan = planned(
        [backup("INBOX", [(str(each), "\\Seen") for each in range(count)])],
        [live("INBOX", [(str(each), "") for each in range(count)])],
    )

    *stores, proof = plan.steps()

    assert isinstance(proof, ProveFlags)
    steps = [each for each in stores if isinstance(each, StoreFlags)]
    assert [each.count for each in steps] == [GROUP_MESSAGES, GROUP_MESSAGES, 1]
    assert sum((each.uids.count for each in steps), 0) == count
    assert steps[0].uids == UidSet.parse(f"1:{GROUP_MESSAGES}")
    assert next(steps[0].changes[0].messages()) == (1, guid("0"))


def test_the_plan_can_be_kept_as_a_file() -> None:
    plan = planned([backup("INBOX", [("a", "\\Seen")])], [live("INBOX", [("a", "")])])
    lines = list(render_plan(plan.head, plan.steps()))

    assert check_plan(lines, {each.kind: each for each in (StoreFlags, ProveFlags)}).steps == 2


def merged(was: StateFolder, now: LiveFolder) -> list[str]:
    """UIDs of the live messages that get the backup's flags because those are newer."""
    survey = StateSurvey(server="mail", owner=OWNER, folders=(now,), readers=frozenset())
    wanted = [Wanted(folder=was, asked=was.mailbox.visible())]
    folders = plan_merge(REQUEST, wanted, survey)
    return [each.uids for found in folders for step in found.steps() for each in step.changes]


def test_of_one_folder_the_later_change_is_newer() -> None:
    was, now = backup("INBOX", [("a", "W"), ("b", "W")]), live("INBOX", [("a", ""), ("b", "")])
    was.mailbox.records["modseq"] = [9, 5]
    now.mailbox.records["modseq"] = [7, 5]
    now.mailbox.records["last_updated"] = 99  # says nothing here

    assert merged(was, now) == ["1"]


def test_of_different_folders_the_time_of_the_last_change_says_which_is_newer() -> None:
    was, now = backup("INBOX", [("a", "W"), ("b", "W")]), live("Work", [("a", ""), ("b", "")])
    was.mailbox.records["modseq"] = 99  # says nothing here
    was.mailbox.records["last_updated"] = [60, 50]
    now.mailbox.records["last_updated"] = [50, 50]

    assert merged(was, now) == ["1"]
