from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

import pytest

from respool.backups.descriptions import Description, description_of
from respool.backups.known_generations import (
    Joined,
    KnownGenerations,
    Retention,
    Standing,
    joined,
)
from respool.model.generations import Generation, GenerationState, Part

NOW = datetime(2024, 11, 23, 9, tzinfo=UTC)
SEVEN = Retention(daily=7)


def night(back: int) -> datetime:
    """One o'clock in the night ``back`` days before the newest."""
    return datetime(2024, 11, 23, 1, tzinfo=UTC) - timedelta(days=back)


def on_disk(number: int, back: int = 0) -> Generation:
    return Generation(
        generation_id=number,
        label=str(number),
        taken_at=night(back),
        is_about=False,
        state=GenerationState.COMPLETE,
        parts=(Part(part_id=1000 + number, place=PurePosixPath("/"), validity="VALID"),),
    )


def told(number: int, back: int = 0, **part: object) -> Description:
    begun = int(night(back).timestamp()) * 1000
    usual = {"tag": "mail/imap", "server": "srv", "valid": "VALID", "begin": begun, "end": begun}
    value: Mapping[str, object] = {
        "id": number,
        "parts": [{"id": 1000 + number, **usual, **part}],
    }
    return description_of(value, number)


def both(
    disk: list[Generation],
    core: list[Description],
    retention: Retention | None = SEVEN,
    *,
    is_own: bool = True,
) -> Joined:
    known = KnownGenerations(version="4.9.1", generations=tuple(core), retention=retention)
    found = joined(disk, known, NOW, is_own=is_own)
    assert found is not None
    return found


def standing(joint: Joined, number: int) -> Standing:
    return joint.standings[str(number)]


def codes(joint: Joined, number: int) -> list[str]:
    return [each.code for each in standing(joint, number).findings]


def test_what_both_say_alike_has_no_findings() -> None:
    joint = both([on_disk(89)], [told(89)])

    assert standing(joint, 89).is_known
    assert codes(joint, 89) == []
    assert (joint.lacking, joint.running) == ((), ())


def test_a_generation_that_the_core_does_not_know_goes_with_the_next_backup() -> None:
    joint = both([on_disk(89), on_disk(12, 900)], [told(89)])

    assert not standing(joint, 12).is_known
    assert standing(joint, 12).goes_next
    assert codes(joint, 12) == ["unknown-to-bluemind"]


def test_elsewhere_it_may_be_a_copy_and_that_is_said() -> None:
    joint = both([on_disk(89), on_disk(12, 900)], [told(89)], is_own=False)

    assert standing(joint, 12).findings[0].text.endswith("unless this is a copy")


def test_a_core_that_knows_none_of_the_parts_elsewhere_says_nothing_of_them() -> None:
    known = KnownGenerations(version="4.9.1", generations=(told(5),), retention=SEVEN)

    assert joined([on_disk(89)], known, NOW, is_own=False) is None


def test_a_part_without_description_that_the_core_knows_is_at_no_risk() -> None:
    lonely = replace(
        on_disk(89), generation_id=None, label="part:1089", state=GenerationState.AT_RISK
    )
    joint = both([lonely], [told(89)])

    assert joint.standings["part:1089"].is_known
    text = joint.standings["part:1089"].findings[0].text
    assert text == "no description names it, BlueMind knows it as of 89"


def test_one_that_it_does_not_know_has_its_finding_already() -> None:
    lonely = replace(
        on_disk(12), generation_id=None, label="part:1012", state=GenerationState.AT_RISK
    )
    joint = both([lonely], [told(89)])

    assert joint.standings["part:1012"] == Standing(is_known=False, goes_next=True)


def test_parts_that_the_core_knows_and_the_disk_lacks_are_listed() -> None:
    joint = both([on_disk(89)], [told(89), told(88, 1)])

    assert [(each.generation_id, each.part_id) for each in joint.lacking] == [(88, 1088)]


def test_another_validity_and_another_end_are_said() -> None:
    joint = both([on_disk(89)], [told(89, valid="INVALID", end=None)])

    texts = [each.text for each in standing(joint, 89).findings]
    assert texts == [
        "its description says VALID, BlueMind's core INVALID: the next backup may delete it",
        "by its description it has ended, by BlueMind's core it is being written",
    ]


def test_a_part_of_a_known_generation_that_the_core_does_not_know_goes_too() -> None:
    joint = both([on_disk(89)], [told(89, id=7)])

    assert codes(joint, 89) == ["unknown-to-bluemind"]


def test_a_backup_that_runs_is_named_and_its_parts_are_not_missed() -> None:
    joint = both([on_disk(89, 1)], [told(89, 1), told(90, end=None)])

    assert joint.running == (90,)
    assert joint.lacking == ()


class TestRetention:
    def of_nights(self, count: int, retention: Retention | None = SEVEN) -> Joined:
        numbers = [(100 - back, back) for back in range(count)]
        disk = [on_disk(*each) for each in numbers]
        return both(disk, [told(*each) for each in numbers], retention)

    def test_the_newest_stays_as_many_nights_as_are_kept(self) -> None:
        assert standing(self.of_nights(7), 100).kept_until == night(-7)

    def test_the_oldest_of_as_many_as_are_kept_goes_next(self) -> None:
        joint = self.of_nights(7)

        assert standing(joint, 94).kept_until == night(-1)
        assert [label for label, each in joint.standings.items() if each.goes_next] == ["94"]

    def test_where_there_are_fewer_none_goes_next(self) -> None:
        assert not any(each.goes_next for each in self.of_nights(6).standings.values())

    def test_one_that_is_being_written_does_not_count(self) -> None:
        disk = [on_disk(100 - back, back) for back in range(1, 8)]
        core = [told(100 - back, back) for back in range(1, 8)]
        joint = both(disk, [*core, told(100, end=None)])

        assert [label for label, each in joint.standings.items() if each.goes_next] == ["93"]

    @pytest.mark.parametrize(
        "retention", [None, Retention(daily=None), Retention(daily=7, weekly=4)]
    )
    def test_what_is_not_said_or_not_only_by_nights_is_not_reckoned(
        self, retention: Retention | None
    ) -> None:
        found = standing(self.of_nights(8, retention), 100)

        assert (found.kept_until, found.goes_next) == (None, None)

    def test_backups_that_ended_long_ago_let_nothing_go_before_now(self) -> None:
        known = KnownGenerations(version="4.9.1", generations=(told(89),), retention=SEVEN)
        later = NOW + timedelta(days=365)
        found = joined([on_disk(89)], known, later, is_own=True)

        assert found is not None
        assert (found.standings["89"].kept_until or NOW) > later

    def test_backups_of_every_week_stay_as_many_weeks(self) -> None:
        numbers = [(100 - week, 7 * week) for week in range(4)]
        joint = both([on_disk(*n) for n in numbers], [told(*n) for n in numbers])

        assert standing(joint, 100).kept_until == night(-49)
