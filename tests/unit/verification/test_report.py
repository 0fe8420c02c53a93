from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from respool.model.finding_kinds import KINDS
from respool.model.findings import Finding, Severity
from respool.planning.plan import PlannedMailbox
from respool.verification.report import (
    LaneNotes,
    MailboxOutcome,
    RaisedLimit,
    Receipt,
    Verdict,
    lost_findings,
    outcome_of,
)
from tests.unit.planning.plans import HEAD, made

PLANNED = made(
    PlannedMailbox,
    source_path="Sent",
    target_name="user/jdoe/new/Sent@b.loc",
    target_path="new/Sent",
    messages=10,
    size_bytes=1000,
)


def difference(aspect: str, uid: int | None = 3) -> dict[str, Any]:
    return {"uid": uid, "aspect": aspect, "planned": "a", "found": "b"}


def proof(
    *differs: Mapping[str, Any],
    expected: int = 10,
    there: int | None = None,
    by: str | None = "owner",
) -> dict[str, Any]:
    """The note of a proof with these differences."""
    missing = sum(each["aspect"] in {"missing", "deleted"} for each in differs)
    wrong = {each["uid"] for each in differs}
    return {
        "by": by,
        "expected": expected,
        "proven": expected - len(wrong),
        "counts": dict(Counter(each["aspect"] for each in differs)),
        "differs": list(differs),
        "messages_in_target": expected - missing if there is None else there,
    }


GOOD = proof()


def at_once(note: dict[str, Any] | None, lost: Mapping[str, str] | None = None) -> MailboxOutcome:
    """The outcome as the run itself reports it."""
    return outcome_of(PLANNED, LaneNotes(lost=lost or {}, proof=note, first_proof=note))


def later(now: dict[str, Any], first: dict[str, Any] | None = None) -> MailboxOutcome:
    """The outcome as a later look reports it."""
    return outcome_of(PLANNED, LaneNotes(lost={}, proof=now, first_proof=first or proof()))


def verdict(*outcomes: MailboxOutcome, lost: int = 0, **changes: Any) -> Verdict:  # noqa: ANN401
    receipt = Receipt(
        run=1,
        head=replace(HEAD, mailboxes=(replace(PLANNED, lost=lost),)),
        mailboxes=outcomes,
        phases={"restore": 1.5, "proof": 0.5},
        left_to_do=(),
        findings=(),
    )
    return replace(receipt, **changes).verdict


def finding(severity: Severity) -> Finding:
    code = next(code for code, kind in KINDS.items() if severity in kind.severities)
    return Finding(severity=severity, code=code, subject="s", text="t")


LOST = {"3": "guid-differs: the file's octets are 00"}


@pytest.mark.parametrize(
    ("outcomes", "lost", "findings", "expected"),
    [
        ([at_once(GOOD)], 0, [], Verdict.PROVEN),
        ([], 0, [], Verdict.PROVEN),
        ([at_once(GOOD)], 0, [Severity.NOTE], Verdict.PROVEN),
        ([at_once(GOOD)], 1, [], Verdict.INCOMPLETE),
        ([at_once(GOOD)], 0, [Severity.LOSS], Verdict.INCOMPLETE),
        ([at_once(GOOD)], 0, [Severity.BLOCKS], Verdict.INCOMPLETE),
        ([at_once(proof(expected=9), LOST)], 0, [], Verdict.INCOMPLETE),
        ([at_once(proof(difference("flags")))], 0, [], Verdict.DIFFERS),
        ([at_once(proof(difference("missing")))], 0, [], Verdict.DIFFERS),
        ([at_once(proof(there=11))], 0, [], Verdict.DIFFERS),
        ([at_once(proof(expected=9))], 0, [], Verdict.DIFFERS),
        ([at_once(None)], 0, [], Verdict.DIFFERS),
        ([at_once(GOOD), at_once(proof(difference("octets")))], 0, [], Verdict.DIFFERS),
        ([at_once(proof(difference("octets")))], 1, [Severity.LOSS], Verdict.DIFFERS),
    ],
    ids=[
        "equal",
        "no-folder",
        "a-note",
        "lost-when-planned",
        "a-loss",
        "an-index-that-cannot-be-read",
        "lost-in-copying",
        "flags-differ",
        "a-message-missing",
        "a-message-more",
        "one-not-expected",
        "not-read-back",
        "one-of-two-folders",
        "differs-before-incomplete",
    ],
)
def test_equality_first_then_what_the_backup_lacked(
    outcomes: list[MailboxOutcome], lost: int, findings: list[Severity], expected: Verdict
) -> None:
    found = tuple(finding(severity) for severity in findings)

    assert verdict(*outcomes, lost=lost, findings=found) is expected


def test_the_words_of_a_verdict_are_those_that_scripts_know() -> None:
    assert list(Verdict) == ["proven", "proven, backup incomplete", "nothing to do", "differs"]


@pytest.mark.parametrize("aspect", ["flags", "deleted"])
def test_what_a_user_may_do_is_changed_since(aspect: str) -> None:
    outcome = later(proof(difference(aspect)))

    assert (outcome.differs, outcome.changed_since) == ((), (difference(aspect),))
    assert (outcome.differs_count, outcome.changed_count) == (0, 1)
    assert verdict(outcome) is Verdict.PROVEN


def test_messages_that_the_user_added_are_changed_since() -> None:
    outcome = later(proof(there=12))

    assert [each["found"] for each in outcome.changed_since] == ["2 more messages"]
    assert verdict(outcome) is Verdict.PROVEN


@pytest.mark.parametrize("aspect", ["octets", "size", "date"])
def test_what_no_user_can_change_differs_at_any_time(aspect: str) -> None:
    outcome = later(proof(difference(aspect)))

    assert outcome.differs == (difference(aspect),)
    assert verdict(outcome) is Verdict.DIFFERS


def test_of_one_message_flags_may_change_and_octets_may_not() -> None:
    outcome = later(proof(difference("octets"), difference("flags")))

    assert (outcome.differs_count, outcome.changed_count) == (1, 1)
    assert verdict(outcome) is Verdict.DIFFERS


@pytest.mark.parametrize("aspect", ["flags", "deleted"])
def test_what_differed_in_the_run_s_own_proof_is_never_the_user_s_doing(aspect: str) -> None:
    first = proof(difference(aspect))

    outcome = later(proof(difference(aspect), difference("flags", 4)), first)

    assert outcome.differs == (difference(aspect),)
    assert outcome.changed_since == (difference("flags", 4),)
    assert verdict(outcome) is Verdict.DIFFERS


def test_messages_that_were_too_many_in_the_run_s_own_proof_stay_a_difference() -> None:
    outcome = later(proof(there=11), proof(there=11))

    assert verdict(outcome) is Verdict.DIFFERS


def test_more_changes_than_are_kept_one_by_one_are_counted() -> None:
    """A user who has read or removed five thousand messages has broken nothing."""
    note = {
        **proof(*[difference("flags", uid) for uid in range(1, 4)]),
        "counts": {"flags": 5, "deleted": 2},
        "messages_in_target": 8,
    }

    outcome = later(note)

    assert (len(outcome.changed_since), outcome.changed_count) == (3, 7)
    assert verdict(outcome) is Verdict.PROVEN


def test_a_folder_that_is_gone_differs() -> None:
    gone = {
        "by": None,
        "expected": 10,
        "proven": 0,
        "counts": {"folder": 1},
        "differs": [difference("folder", None)],
        "messages_in_target": None,
    }

    outcome = later(gone)

    assert [each["aspect"] for each in outcome.differs] == ["folder"]
    assert (outcome.proven, outcome.read_by) == (0, None)
    assert verdict(outcome) is Verdict.DIFFERS


def test_a_folder_that_was_never_read_back_differs() -> None:
    assert [each["aspect"] for each in at_once(None).differs] == ["unread"]


def test_the_counts_of_an_outcome() -> None:
    outcome = at_once(proof(difference("flags"), expected=9), LOST)

    assert (outcome.planned, outcome.restored, outcome.proven) == (10, 9, 8)
    assert (outcome.source, outcome.target, outcome.read_by) == ("Sent", "new/Sent", "owner")


def test_a_message_lost_in_copying_is_a_finding_of_its_folder() -> None:
    (lost,) = lost_findings(at_once(proof(expected=9), LOST))

    assert lost == Finding(
        severity=Severity.LOSS,
        code="guid-differs",
        subject="Sent",
        text="the file's octets are 00",
        uid=3,
    )


def receipt(**changes: Any) -> Receipt:  # noqa: ANN401 - any field of a receipt
    """The receipt of a run that proved one folder."""
    usual = Receipt(
        run=3,
        head=replace(HEAD, mailboxes=(PLANNED,)),
        mailboxes=(at_once(GOOD),),
        phases={"restore": 1.5},
        left_to_do=(),
        findings=(),
    )
    return replace(usual, **changes)


def test_findings_that_cost_something_are_losses_and_notes_are_none() -> None:
    """A folder without its index came without flags: that is no whole restore."""
    found = tuple(finding(severity) for severity in Severity)

    assert {each.severity for each in receipt(findings=found).losses} == {
        Severity.LOSS,
        Severity.BLOCKS,
    }


def test_limits_that_are_still_raised_are_said_and_differ_in_nothing_else() -> None:
    raised = RaisedLimit(root="user/jdoe@b.loc", resource="STORAGE", former=10, limit=30)

    found = receipt(raised=(raised,))

    assert found.verdict is Verdict.PROVEN
    assert found.as_json()["quota_raised"] == [
        {"root": "user/jdoe@b.loc", "resource": "STORAGE", "former": 10, "limit": 30}
    ]
    assert {**found.as_json(), "quota_raised": []} == receipt().as_json()


def test_a_folder_that_its_owner_cannot_open_is_no_proven_restore() -> None:
    found = receipt(closed=("INBOX/restored",))

    assert found.verdict is Verdict.DIFFERS
    assert found.as_json()["closed"] == ["INBOX/restored"]


def growing(*differs: Mapping[str, Any]) -> dict[str, Any]:
    """The note of a proof of a live folder: nobody counts what arrives there meanwhile."""
    return {**proof(*differs), "messages_in_target": None}


def test_mail_that_arrives_in_a_folder_filled_in_place_is_no_difference() -> None:
    for outcome in (at_once(growing()), later(growing(), growing())):
        assert (outcome.differs_count, outcome.changed_count) == (0, 0)
        assert verdict(outcome) is Verdict.PROVEN


def test_what_is_missing_of_a_folder_filled_in_place_differs_all_the_same() -> None:
    assert verdict(at_once(growing(difference("missing")))) is Verdict.DIFFERS
    assert verdict(at_once({**growing(), "expected": 9})) is Verdict.DIFFERS


def test_what_a_server_did_not_take_is_no_loss_of_the_backup() -> None:
    refused = at_once(proof(expected=9), {"1": "message-refused: contains bare newlines"})

    found = receipt(mailboxes=(refused,))

    assert (found.refused, found.lost) == (1, 0)
    assert found.verdict is not Verdict.PROVEN
