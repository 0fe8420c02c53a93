from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from respool.model.conditions import Conditions, MessageFacts, matches
from respool.model.state import UidSet
from respool.planning.codec import from_json, to_json

NOON = datetime(2024, 11, 19, 12, tzinfo=UTC)
GUID = "3c826e6d3ddc9c2d3563bd6be968440920687a4e"
MESSAGE = MessageFacts(
    folder="Projects/2017",
    uid=7,
    guid=GUID,
    internaldate=NOON,
    size_bytes=10_241,
    deleted_at=NOON,
    flags=("\\Seen", "$Forwarded"),
    senders=("Alice Étienne <alice@example.org>",),
    recipients=("John <jdoe@bluemind.loc>", "sales@example.com"),
    subject="Contrat signé",
    message_id="<a1@example.org>",
    has_attachment=True,
    text="Ci-joint le contrat. offre.pdf",
)
EVERYTHING = Conditions(
    sender="etienne",
    recipient="SALES@",
    subject="signe",
    text="OFFRE.pdf",
    message_id="a1@example.org",
    guids=("0" * 40, GUID),
    uids=UidSet.parse("1:3,7"),
    since=NOON,
    before=datetime(2024, 11, 20, tzinfo=UTC),
    deleted_since=NOON,
    larger=10_240,
    has_attachment=True,
    flags=("\\seen", "$forwarded"),
    folders=("Sent", "Projects"),
)


def test_without_conditions_every_message_is_meant() -> None:
    assert Conditions().is_empty
    assert matches(Conditions(), MESSAGE)


def test_a_message_that_fulfils_all_is_meant() -> None:
    assert not EVERYTHING.is_empty
    assert matches(EVERYTHING, MESSAGE)


@pytest.mark.parametrize(
    "change",
    [
        {"senders": ("bob@example.org",)},
        {"recipients": ()},
        {"subject": "Contrat"},
        {"text": None},
        {"message_id": "<a1@example.org.>"},
        {"guid": None},
        {"uid": 4},
        {"internaldate": datetime(2024, 11, 19, 11, 59, 59, tzinfo=UTC)},
        {"internaldate": datetime(2024, 11, 20, tzinfo=UTC)},
        {"deleted_at": None},
        {"deleted_at": datetime(2024, 11, 19, tzinfo=UTC)},
        {"size_bytes": 10_240},
        {"has_attachment": None},
        {"flags": ("\\Seen",)},
        {"folder": "Projects2"},
    ],
    ids=str,
)
def test_one_condition_that_does_not_hold_is_enough(change: Mapping[str, Any]) -> None:
    assert not matches(EVERYTHING, replace(MESSAGE, **change))


def test_text_may_stand_in_the_subject() -> None:
    assert matches(Conditions(text="contrat SIGNE"), MESSAGE)


def test_a_plan_file_gives_them_back() -> None:
    assert from_json(Conditions, to_json(EVERYTHING)) == EVERYTHING
    assert from_json(Conditions, to_json(Conditions())) == Conditions()


def test_as_json_has_every_condition_by_name() -> None:
    shown = EVERYTHING.as_json()
    assert shown["uids"] == "1:3,7"
    assert shown["since"] == "2024-11-19T12:00:00Z"
    assert shown["flags"] == ["\\seen", "$forwarded"]
    assert len(shown) == 14


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": " "},
        {"text": "\u0301"},
        {"guids": ("ABC",)},
        {"uids": UidSet()},
        {"larger": -1},
        {"flags": ("",)},
        {"since": NOON.replace(tzinfo=None)},
        {"since": NOON, "before": NOON},
    ],
    ids=str,
)
def test_conditions_without_sense_are_refused(fields: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Conditions(**fields)
