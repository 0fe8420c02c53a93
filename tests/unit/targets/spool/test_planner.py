from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from respool.errors import PlanRefused
from respool.model.findings import Finding, Severity
from respool.model.inventory import EXPUNGED, IN_ARCHIVE, NOWHERE, UNLINKED
from respool.model.names import MailboxName
from respool.planning.forecast import QuotaLimit
from respool.planning.step import MessageStep, Step
from respool.targets.spool.planner import plan_restore
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.steps import CopyMessages, CreateMailbox, GiveRights, Subscribe
from tests.unit.planning.plans import REQUEST
from tests.unit.targets.spool.plans import (
    CONTEXT,
    RIGHTS,
    ROOM,
    SURVEY,
    chosen,
    planned,
    rows_of,
)

NEW = "user/jdoe/restored"


def kinds(steps: list[Step]) -> list[str]:
    return [f"{step.kind} {step.lane.removesuffix('@b.loc')}".strip() for step in steps]


def targets(plan: SpoolPlan) -> list[str]:
    return [each.target_name for each in plan.head.mailboxes]


def refused(**arguments: object) -> tuple[str, ...]:
    with pytest.raises(PlanRefused) as caught:
        planned([chosen("INBOX")], **arguments)  # type: ignore[arg-type]
    return caught.value.reasons


def test_the_steps_of_a_plan_come_in_their_order() -> None:
    """Create, fill, count, prove, show innermost first, subscribe."""
    folders = [chosen("INBOX", 2), chosen("a", 501), chosen("a/b", 0)]

    steps = list(planned(folders, has_conversations=True, has_search_index=True).steps())

    assert kinds(steps) == [
        *["spool-create-mailbox"] * 3,
        f"spool-copy-messages {NEW}",
        f"spool-write-index {NEW}",
        f"spool-rebuild-mailbox {NEW}",
        f"spool-build-search-index {NEW}",
        *[f"spool-copy-messages {NEW}/a"] * 2,
        f"spool-write-index {NEW}/a",
        f"spool-rebuild-mailbox {NEW}/a",
        f"spool-build-search-index {NEW}/a",
        "spool-repair-quota",
        "spool-build-conversations",
        f"prove-mailbox {NEW}",
        f"prove-mailbox {NEW}/a",
        f"prove-mailbox {NEW}/a/b",
        *["spool-give-rights"] * 3,
        *["spool-subscribe"] * 3,
        "prove-subscriptions",
    ]
    created = [step.mailbox for step in steps if isinstance(step, CreateMailbox)]
    shown = [step.mailbox for step in steps if isinstance(step, GiveRights)]
    subscribed = [step.parts[2:] for step in steps if isinstance(step, Subscribe)]
    assert created == [f"{NEW}@b.loc", f"{NEW}/a@b.loc", f"{NEW}/a/b@b.loc"]
    assert shown == created[::-1]
    assert subscribed == [("restored",), ("restored", "a"), ("restored", "a", "b")]


def test_a_plan_is_the_same_each_time_its_steps_are_asked_for() -> None:
    plan = planned([chosen("INBOX", 3)])

    assert list(plan.steps()) == list(plan.steps())


def test_without_conversations_or_search_there_are_no_steps_for_them() -> None:
    steps = planned([chosen("INBOX")]).steps()

    assert not [step.kind for step in steps if "build" in step.kind and "rebuild" not in step.kind]


def test_a_deep_folder_alone_keeps_its_path_and_the_folders_above_are_made() -> None:
    plan = planned([chosen("Projects/2017/Q3")])

    assert targets(plan) == [
        f"{NEW}@b.loc",
        f"{NEW}/Projects@b.loc",
        f"{NEW}/Projects/2017@b.loc",
        f"{NEW}/Projects/2017/Q3@b.loc",
    ]
    assert [each.source_path for each in plan.head.mailboxes] == [
        None,
        None,
        None,
        "Projects/2017/Q3",
    ]
    assert kinds(list(plan.steps()))[:4] == ["spool-create-mailbox"] * 4


@pytest.mark.parametrize(
    ("existing", "into"),
    [
        ([], "restored"),
        (["user/jdoe/restored@b.loc"], "restored-2"),
        (["user/jdoe/restored@b.loc", "user/jdoe/restored-2@b.loc"], "restored-3"),
        (["user/jdoe/restored/a@b.loc"], "restored-2"),
        (["user/jdoe/restored2@b.loc", "user/jdoe/a/restored@b.loc"], "restored"),
    ],
    ids=["free", "taken", "taken-twice", "something-below", "others"],
)
def test_a_proposed_folder_that_is_taken_becomes_the_next_free_one(
    existing: list[str], into: str
) -> None:
    plan = planned([chosen("INBOX")], existing=frozenset(existing))

    assert plan.head.into == into
    assert targets(plan) == [f"user/jdoe/{into}@b.loc"]


@pytest.mark.parametrize("name", ["user/jdoe/restored@b.loc", "user/jdoe/restored/a@b.loc"])
def test_a_name_under_which_something_was_left_behind_is_taken_too(name: str) -> None:
    """
    A directory that no mailbox owns would become part of the new folder.
    """
    plan = planned([chosen("INBOX")], leftovers=frozenset({name}))

    assert plan.head.into == "restored-2"


@pytest.mark.parametrize("existing", ["user/jdoe/mine@b.loc", "user/jdoe/mine/a@b.loc"])
def test_a_folder_that_a_person_named_is_refused_if_it_is_taken(existing: str) -> None:
    reasons = refused(
        request={"into": "mine", "is_into_given": True}, existing=frozenset({existing})
    )

    assert reasons == ("--into mine: that folder is there already; choose another name",)


def test_a_folder_with_an_at_sign_is_not_taken_for_another() -> None:
    plan = planned(
        [chosen("INBOX")],
        request={"into": "old@work", "is_into_given": True},
        existing=frozenset({"user/jdoe/old/a@b.loc"}),
    )

    assert targets(plan) == ["user/jdoe/old@work@b.loc"]


def test_messages_carry_what_has_to_read_back() -> None:
    rows = rows_of(2)
    rows["system_flags"] = [0b11001, 0]
    rows["user_flags"][0, 0] = 0b10
    rows["guid"][1] = np.void(bytes(20))
    rows["place"][1] = IN_ARCHIVE

    (step,) = [
        step for step in planned([chosen("INBOX", rows)]).steps() if isinstance(step, CopyMessages)
    ]

    first, second = step.messages
    assert first.flags == ("\\Answered", "\\Draft", "\\Seen", "$Forwarded")
    assert (first.uid, first.guid, first.size_bytes) == (1, "02" * 20, 100)
    assert (first.internaldate, first.is_archived) == (1_700_000_001, False)
    assert (second.guid, second.flags, second.is_archived) == (None, (), True)


@pytest.mark.parametrize(
    ("column", "value", "counted"),
    [
        ("place", NOWHERE, "lost"),
        ("file_size", 99, "lost"),
        ("size", 0, "lost"),
        ("system_flags", EXPUNGED, "left_out"),
        ("system_flags", EXPUNGED | UNLINKED, None),
    ],
    ids=["file-missing", "file-cut", "no-octets", "deleted-but-kept", "deleted-and-gone"],
)
def test_what_cannot_or_shall_not_come_back_is_counted_and_left_out(
    column: str, value: int, counted: str | None
) -> None:
    rows = rows_of(3)
    rows[column][1] = value
    if column == "size":
        rows["file_size"][1] = value

    plan = planned([chosen("INBOX", rows)])

    (mailbox,) = plan.head.mailboxes
    added = [each.uid for s in plan.steps() if isinstance(s, MessageStep) for each in s.messages]
    assert added == [1, 3]
    assert (mailbox.messages, mailbox.size_bytes) == (2, 200)
    assert {name: getattr(mailbox, name) for name in ("lost", "left_out")} == {
        name: int(name == counted) for name in ("lost", "left_out")
    }


def test_a_message_without_octets_is_named() -> None:
    plan = planned([chosen("a", rows_of(2, size=[100, 0], file_size=[100, 0]))])

    assert [(each.code, each.subject, each.uid) for each in plan.head.findings] == [
        ("message-empty", "a", 2)
    ]


def test_a_folder_of_which_nothing_comes_back_is_made_all_the_same() -> None:
    plan = planned([chosen("INBOX", rows_of(1, place=NOWHERE))])

    assert kinds(list(plan.steps())) == [
        "spool-create-mailbox",
        "spool-repair-quota",
        f"prove-mailbox {NEW}",
        "spool-give-rights",
        "spool-subscribe",
        "prove-subscriptions",
    ]


def test_the_head_says_what_will_be_added() -> None:
    seen = rows_of(3, system_flags=[1 << 4, 0, 0])

    head = planned([chosen("INBOX", seen), chosen("a", 2)]).head

    assert (head.messages, head.size_bytes) == (5, 500)
    assert [each.unseen for each in head.mailboxes] == [2, 2]
    assert (head.made_at, head.taken_at) == (CONTEXT.now, CONTEXT.taken_at)
    assert head.facts == SURVEY.facts


@pytest.mark.parametrize(
    ("code", "severity", "is_without"),
    [
        ("records-from-files", Severity.LOSS, True),
        ("without-metadata", Severity.NOTE, True),
        ("message-file-missing", Severity.LOSS, False),
    ],
)
def test_a_folder_that_comes_from_its_files_says_so(
    code: str,
    severity: Severity,
    is_without: bool,  # noqa: FBT001 - a table
) -> None:
    finding = Finding(severity=severity, code=code, subject="cyrus.index", text="t")

    one, other = planned([chosen("INBOX"), chosen("a", findings=(finding,))]).head.mailboxes

    assert (one.is_without_metadata, other.is_without_metadata) == (False, is_without)


def test_a_folder_without_an_index_is_restored_and_what_it_lacks_is_said() -> None:
    finding = Finding(
        severity=Severity.BLOCKS, code="index-missing", subject="cyrus.index", text="is not there"
    )

    head = planned([chosen("INBOX"), chosen("a", 2, findings=(finding,))]).head

    assert head.messages == 3
    assert [(each.code, each.subject) for each in head.findings] == [
        ("index-missing", "a: cyrus.index")
    ]


def test_findings_carry_their_folder() -> None:
    one = Finding(
        severity=Severity.LOSS,
        code="message-file-missing",
        subject="message 3",
        text="t",
        uid=3,
    )
    whole = Finding(
        severity=Severity.LOSS, code="header-missing", subject="cyrus.header", text="t"
    )

    head = planned([chosen("a", findings=(one, whole))]).head

    assert [(each.subject, each.uid) for each in head.findings] == [
        ("a", 3),
        ("a: cyrus.header", None),
    ]


def test_all_reasons_are_given_at_once_and_each_once() -> None:
    quota = QuotaLimit(root="user/jdoe", resource="STORAGE", used=10, limit=10)
    odd = MailboxName(domain="b.loc", parts=("user", "jdoe", "100%"))
    asked = replace(REQUEST, into="mine", is_into_given=True, renames={"nowhere": "x"})
    survey = replace(
        SURVEY,
        existing=frozenset({"user/jdoe/mine@b.loc"}),
        quotas=(quota,),
        data_room=replace(ROOM, size_bytes=0),
        obstacles=("the program quota is missing", "the program quota is missing"),
    )
    context = replace(CONTEXT, reasons=("another person",))

    with pytest.raises(PlanRefused) as caught:
        plan_restore(asked, [chosen("INBOX"), chosen("x", name=odd)], survey, context)

    beginnings = [
        "--into mine",
        "another person",
        "the program",
        "--rename nowhere",
        "'100%'",
        "quota",
        "no space",
    ]
    assert len(caught.value.reasons) == len(beginnings)
    for reason, beginning in zip(caught.value.reasons, beginnings, strict=True):
        assert reason.startswith(beginning)


def test_a_folder_that_was_narrower_stays_so_and_that_is_said() -> None:
    live = {**RIGHTS, "asmith@b.loc": "lrs"}
    private = chosen("private/a", acl={"jdoe@b.loc": "lrswipkxtecda"})

    plan = planned([chosen("INBOX", acl=live), private], rights=live, context={"root_acl": live})

    said = {each.target_path: each for each in plan.head.mailboxes}
    given = {
        step.mailbox: dict(step.rights) for step in plan.steps() if isinstance(step, GiveRights)
    }
    assert said["restored"].narrower_for == ()
    assert said["restored/private/a"].narrower_for == ("anyone", "asmith@b.loc")
    assert "asmith@b.loc" in given[f"{NEW}@b.loc"]
    assert "asmith@b.loc" not in given[f"{NEW}/private/a@b.loc"]
    assert "asmith@b.loc" not in given[f"{NEW}/private@b.loc"]


def test_names_are_spelled_with_the_server_s_separator_and_default_domain() -> None:
    rules = replace(SURVEY.name_rules, separator=".", default_domain="b.loc")

    plan = planned([chosen("a/b")], separator=".", name_rules=rules)

    assert targets(plan) == [
        "user.jdoe.restored",
        "user.jdoe.restored.a",
        "user.jdoe.restored.a.b",
    ]
