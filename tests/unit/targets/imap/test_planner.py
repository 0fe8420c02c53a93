from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from respool.errors import PlanRefused
from respool.model.accounts import Account, AccountKind
from respool.model.state import Annotation, MailboxState, UidSet
from respool.planning.appending import AppendMessages
from respool.planning.forecast import QuotaLimit
from respool.planning.proof import ProveAppended, ProveSubscriptions
from respool.planning.step import MessageStep
from respool.targets.imap.names import ImapNames
from respool.targets.imap.sequence import ImapPlan
from respool.targets.imap.steps import (
    CreateFolder,
    GiveReaderSeen,
    SetAcl,
    SetAnnotations,
    SetSubscription,
    ShowTree,
)
from respool.targets.imap.survey import ImapFolder
from tests.unit.planning.plans import ACCOUNT
from tests.unit.targets.imap.plans import EMPTY, IN_PLACE, NAMES, SPECIAL, SURVEY, planned
from tests.unit.targets.spool.plans import chosen, rows_of

SAFE: dict[str, Any] = {"is_renamed_safely": True}
ACL = frozenset({*SURVEY.capabilities, "ACL"})
BY_ADMIN: dict[str, Any] = {"login": "admin", "user": "jdoe@new.org", "capabilities": ACL}
MAPPED = {"domain_map": {"b.loc": "new.org"}}


def codes(plan: ImapPlan) -> list[tuple[str, str]]:
    return [(each.code, each.subject) for each in plan.head.findings]


def test_inbox_becomes_the_new_folder_and_the_tree_keeps_its_names_below_it() -> None:
    plan = planned([chosen("INBOX", 2), chosen("Sent/2019")], is_renamed_safely=False)
    made = [step.mailbox for step in plan.steps() if isinstance(step, CreateFolder)]
    assert made == ["restored", "restored/Sent", "restored/Sent/2019"]
    filled = [step.mailbox for step in plan.steps() if isinstance(step, AppendMessages)]
    assert filled == ["restored", "restored/Sent/2019"]


def test_a_tree_is_filled_under_a_name_that_says_so_and_renamed_once_it_is_full() -> None:
    plan = planned([chosen("INBOX"), chosen("Sent")], **SAFE)
    steps = list(plan.steps())
    assert [step.mailbox for step in steps if isinstance(step, AppendMessages)] == [
        "restored-unfinished",
        "restored-unfinished/Sent",
    ]
    (shown,) = (step for step in steps if isinstance(step, ShowTree))
    assert dict(zip(shown.made_as, shown.mailboxes, strict=True)) == {
        "restored-unfinished": "restored",
        "restored-unfinished/Sent": "restored/Sent",
    }
    after = steps[steps.index(shown) :]
    assert not any(isinstance(step, AppendMessages) for step in after)
    assert {step.lane for step in after if isinstance(step, ProveAppended)} == {
        "restored",
        "restored/Sent",
    }
    assert any(code == "seen-while-filled" for code, _ in codes(plan))


def test_where_a_rename_is_not_known_to_be_safe_the_plan_says_what_is_seen() -> None:
    plan = planned([chosen("INBOX")], is_renamed_safely=False)
    assert not any(isinstance(step, ShowTree) for step in plan.steps())
    (said,) = (each for each in plan.head.findings if each.code == "seen-while-filled")
    assert "they can be seen" in said.text


def test_everything_is_subscribed_to_last_of_all() -> None:
    steps = list(planned([chosen("INBOX"), chosen("Sent")], **SAFE).steps())
    last = [SetSubscription, SetSubscription, ProveSubscriptions]
    assert [type(step) for step in steps[-3:]] == last


def test_a_taken_name_gets_a_number_also_if_only_its_filling_is_left_there() -> None:
    folders = {**SURVEY.folders, "restored-unfinished/x": SURVEY.folders["INBOX"]}
    assert planned([chosen("INBOX")], folders=folders).head.into_encoded == "restored-2"


def test_a_name_that_was_given_and_is_taken_is_refused() -> None:
    folders = {**SURVEY.folders, "restored": SURVEY.folders["INBOX"]}
    with pytest.raises(PlanRefused) as refused:
        planned([chosen("INBOX")], request={"is_into_given": True}, folders=folders)
    assert "that folder is there already" in refused.value.reasons[0]


def test_in_place_inbox_goes_to_inbox_and_special_folders_to_the_server_s_own() -> None:
    sent = replace(
        chosen("Envoyés"),
        state=MailboxState(
            annotations=(Annotation(entry="/specialuse", userid="jdoe@b.loc", value=b"\\Sent"),)
        ),
    )
    plan = planned([chosen("INBOX"), sent, chosen("Drafts")], request=IN_PLACE, **SPECIAL)
    filled = {step.mailbox for step in plan.steps() if isinstance(step, AppendMessages)}
    assert filled == {"INBOX", "Gesendet", "Drafts"}
    (made,) = (step for step in plan.steps() if isinstance(step, CreateFolder))
    assert (made.mailbox, made.use) == ("Drafts", "\\Drafts")


def test_in_place_outbox_and_templates_go_to_bluemind_s_own_and_are_asked_for_of_nobody() -> None:
    own = ImapFolder(uses=frozenset({"\\Templates"}))
    folders = {"INBOX": ImapFolder(), "Vorlagen": own}
    boxes = [chosen("Templates"), chosen("Outbox")]
    plan = planned(boxes, request=IN_PLACE, folders=folders)
    filled = {step.mailbox for step in plan.steps() if isinstance(step, AppendMessages)}
    (made,) = (step for step in plan.steps() if isinstance(step, CreateFolder))
    assert filled == {"Vorlagen", "Outbox"}
    assert (made.mailbox, made.use) == ("Outbox", None)


def test_a_special_folder_that_is_only_named_is_made() -> None:
    """Dovecot lists what it would create once it is used."""
    named = ImapFolder(uses=frozenset({"\\Sent"}), messages=None, is_there=False)
    folders = {"INBOX": ImapFolder(messages=0), "Gesendet": named}
    plan = planned([chosen("Sent")], request=IN_PLACE, folders=folders)
    (made,) = (step for step in plan.steps() if isinstance(step, CreateFolder))
    assert made.mailbox == "Gesendet"


def test_without_in_place_special_folders_keep_their_names() -> None:
    plan = planned([chosen("INBOX"), chosen("Sent")], **SPECIAL)
    assert "restored/Sent" in {each.target_name for each in plan.head.mailboxes}
    assert not any(step.use for step in plan.steps() if isinstance(step, CreateFolder))


def test_in_place_fills_only_an_account_without_mail() -> None:
    with pytest.raises(PlanRefused) as refused:
        planned([chosen("INBOX")], request=IN_PLACE)
    assert "only an account without mail" in refused.value.reasons[0]
    assert planned([chosen("INBOX")], request=IN_PLACE, **EMPTY).holders == ()


def test_a_keyword_that_the_server_refuses_is_reported_once_by_name_and_left_out() -> None:
    words = np.zeros((2, 4), dtype="u4")
    words[:, 0] = 1  # Travail
    folders = [chosen(path, rows_of(2, user_flags=words, system_flags=1 << 4)) for path in "ab"]
    plan = planned(folders, permanent_flags=frozenset({"\\Seen", "$Forwarded"}))
    assert [each for each in codes(plan) if each[0] == "flag-refused"] == [
        ("flag-refused", "Travail")
    ]
    flags = {
        message.flags
        for step in plan.steps()
        if isinstance(step, MessageStep)
        for message in step.messages
    }
    assert flags == {("\\Seen",)}


@pytest.mark.parametrize("told", [None, frozenset({"\\Seen", "\\*"})])
def test_a_keyword_that_may_be_taken_is_kept(told: frozenset[str] | None) -> None:
    words = np.zeros((1, 4), dtype="u4")
    words[:, 0] = 1
    plan = planned([chosen("INBOX", rows_of(1, user_flags=words))], permanent_flags=told)
    (step,) = (step for step in plan.steps() if isinstance(step, AppendMessages))
    assert step.messages[0].flags == ("Travail",)


def test_a_full_quota_is_known_before() -> None:
    limit = QuotaLimit(root="jdoe", resource="MESSAGE", used=5, limit=6)
    with pytest.raises(PlanRefused) as refused:
        planned([chosen("INBOX", 3)], quotas=(limit,))
    assert "MESSAGE would be 8 of 6" in refused.value.reasons[0]
    assert "--raise-quota" not in refused.value.reasons[0]


def test_a_message_beyond_the_server_s_limit_is_named_before() -> None:
    plan = planned(
        [chosen("INBOX", rows_of(2, size=[100, 90], file_size=[100, 90]))], append_limit=90
    )
    (said,) = (each for each in plan.head.findings if each.code == "message-refused")
    assert said.uid == 1


def test_what_the_server_takes_no_name_for_is_refused_with_a_proposal() -> None:
    dotted = ImapNames(root=ACCOUNT.root, prefix="INBOX.", separator=".")
    with pytest.raises(PlanRefused) as refused:
        planned([chosen("v1.2")], names=dotted)
    assert "--rename 'v1.2=v1_2'" in refused.value.reasons[0]


def test_others_get_their_rights_only_where_somebody_said_who_they_are() -> None:
    acl = {
        "jdoe@b.loc": "lrswipkxtea",
        "al@b.loc": "lrs",
        "anyone": "lr",
        "group:x": "lr",
        "admin0": "lrswipkxtea",  # of the former server
    }
    folder = chosen("a", acl=acl)
    told = planned([folder], request=MAPPED, **BY_ADMIN)
    (step,) = (step for step in told.steps() if isinstance(step, SetAcl))
    assert step.rights == {"al@new.org": "lrs"}
    for plan in (planned([folder], **BY_ADMIN), planned([folder], request=MAPPED)):
        assert not any(isinstance(step, SetAcl) for step in plan.steps())


def test_nobody_gets_more_than_the_backup_gave_nor_what_the_server_does_not_know() -> None:
    acl = {"al@b.loc": "lrswd", "-al@b.loc": "w"}
    plan = planned([chosen("a", acl=acl)], request=MAPPED, right_letters="lrswet", **BY_ADMIN)
    (step,) = (step for step in plan.steps() if isinstance(step, SetAcl))
    assert step.rights == {"al@new.org": "lrste"}


def test_a_reader_gets_what_he_had_read_through_the_administrator() -> None:
    folder = replace(
        chosen("a", 3, acl={"al@b.loc": "lrs"}),
        state=MailboxState(seen_by={"al@b.loc": UidSet.parse("1:2"), "bo@x": UidSet.parse("1")}),
    )
    plan = planned([folder], request=MAPPED, **BY_ADMIN)
    (step,) = (step for step in plan.steps() if isinstance(step, GiveReaderSeen))
    assert (step.reader, step.uids) == ("al@new.org", "1:2")
    (line,) = (each for each in plan.head.mailboxes if each.source_path == "a")
    assert "not told" in line.seen_left["bo@x"]
    alone = planned([folder], request=MAPPED, capabilities=ACL)
    (line,) = (each for each in alone.head.mailboxes if each.source_path == "a")
    assert "--as" in line.seen_left["al@new.org"]


def test_annotations_go_where_they_are_offered_and_else_it_is_said_why_not() -> None:
    notes = (
        Annotation(entry="/comment", userid="", value=b"x"),
        Annotation(entry="/comment", userid="al@b.loc", value=b"y"),
        Annotation(entry="/vendor/cmu/cyrus-imapd/expire", userid="", value=b"3"),
    )
    folder = replace(chosen("a"), state=MailboxState(annotations=notes))
    offered = frozenset({*SURVEY.capabilities, "METADATA"})
    plan = planned([folder], capabilities=offered)
    (step,) = (step for step in plan.steps() if isinstance(step, SetAnnotations))
    assert [(each.entry, each.value) for each in step.annotations] == [("/comment", "x")]
    (line,) = (each for each in planned([folder]).head.mailboxes if each.source_path == "a")
    assert "METADATA" in line.annotations_left["/vendor/cmu/cyrus-imapd/expire"]


def test_the_names_of_a_plan_are_the_server_s_own() -> None:
    dotted = replace(NAMES, prefix="INBOX.", separator=".")
    plan = planned([chosen("a/b")], names=dotted)
    assert [each.target_name for each in plan.head.mailboxes] == [
        "INBOX.restored",
        "INBOX.restored.a",
        "INBOX.restored.a.b",
    ]
    assert plan.head.target_kind == "imap"
    assert plan.head.where == SURVEY.where


SHARE = Account(kind=AccountKind.MAILSHARE, login="contact", domain="new.org")
INTO_SHARE: dict[str, Any] = {"target": SHARE, **MAPPED}


def most_of(plan: ImapPlan) -> dict[str, Any]:
    return {step.mailbox: step.allowed for step in plan.steps() if isinstance(step, CreateFolder)}


def test_a_users_folder_is_for_nobody_who_has_no_rights_in_it_in_the_backup() -> None:
    """Whoever may read his INBOX there would get the new folder with it."""
    folder = chosen("a", acl={"jdoe@b.loc": "lrswipkxtea", "al@b.loc": "lrs", "-bo@b.loc": "w"})
    mine = {"jdoe@new.org": "lrswipkxtea", "al@new.org": "lrs", "-bo@new.org": "w"}
    assert most_of(planned([folder], request=MAPPED, **BY_ADMIN))["restored/a"] == mine
    assert most_of(planned([folder], **BY_ADMIN))["restored/a"] == {}
    assert most_of(planned([folder], request=MAPPED))["restored/a"] is None  # no ACL there


def test_in_a_mailshare_only_what_was_for_fewer_people_than_its_root_is_so_again() -> None:
    root = {"al@b.loc": "lrs", "bo@b.loc": "lrs"}
    folders = [chosen("a", acl=root), chosen("b", acl={"al@b.loc": "lrs"})]
    known = {"root_acl": root}
    there = {**BY_ADMIN, "names": ImapNames(root=SHARE.root)}
    plan = planned(folders, request=INTO_SHARE, context=known, **there)
    most = {name.rpartition("/")[2]: allowed for name, allowed in most_of(plan).items()}
    assert (most["a"], most["b"]) == (None, {"al@new.org": "lrs"})
