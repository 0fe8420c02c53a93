"""What a receipt says of subscriptions: made, seen again, cancelled since, refused."""

from __future__ import annotations

from typing import Any

from respool.verification.subscription_report import SubscriptionReport, subscription_report

NOTES: list[tuple[str, dict[str, Any]]] = [
    ("spool-give-rights", {"rights": {}}),
    ("spool-subscribe", {"userid": "jo", "subscribed": "back"}),
    ("spool-subscribe", {"userid": "jo", "subscribed": "back/a"}),
    ("spool-subscribe", {"userid": "al", "subscribed": None, "why": "closed"}),
]


def proof(proven: int = 2, *missing: str) -> dict[str, Any]:
    return {"users": [{"userid": "jo", "proven": proven, "missing": list(missing)}]}


def found(first: Any, again: Any = None) -> SubscriptionReport:  # noqa: ANN401
    newest = first if again is None else again
    return subscription_report(NOTES, first_proof=first, proof=newest)


def test_subscriptions_are_counted_and_those_refused_are_named() -> None:
    assert found(proof()).as_json() == {
        "users": [{"userid": "jo", "given": 2}],
        "given": 2,
        "proven": 2,
        "differs": [],
        "changed_since": 0,
        "left": [{"userid": "al", "count": 1, "why": "closed"}],
    }


def test_a_subscription_that_is_not_there_is_a_difference() -> None:
    report = found(proof(1, "back/a"))

    assert report.differs_count == 1
    assert report.as_json()["differs"] == [{"userid": "jo", "missing": ["back/a"]}]


def test_what_was_never_read_back_is_a_difference() -> None:
    assert found(None).differs_count == 1


def test_what_its_user_cancelled_since_is_his_own_change() -> None:
    report = found(proof(), proof(1, "back/a"))

    assert (report.differs_count, report.changed_since) == (0, 1)


def test_what_the_run_had_not_proven_is_no_change_of_his() -> None:
    assert found(proof(1, "back/a"), proof(1, "back/a")).differs_count == 1


def test_a_proof_that_saw_fewer_than_were_made_proves_nothing() -> None:
    assert found({"users": []}).as_json()["differs"] == [
        {"userid": "jo", "missing": ["not read back"]}
    ]
