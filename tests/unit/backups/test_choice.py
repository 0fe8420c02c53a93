from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import pytest

from respool.backups.choice import choose_generation, parse_moment
from respool.errors import AmbiguousName, GenerationNotFound, UsageError
from respool.model.generations import Generation, GenerationState, Part

PARIS = ZoneInfo("Europe/Paris")


def generation(
    number: int | None,
    part_id: int,
    taken_at: datetime | None,
    state: GenerationState = GenerationState.COMPLETE,
) -> Generation:
    return Generation(
        generation_id=number,
        label=f"part:{part_id}" if number is None else str(number),
        taken_at=taken_at,
        is_about=number is None,
        state=state,
        parts=(Part(part_id=part_id, place=PurePosixPath(f"/b/{part_id}")),),
    )


RUNNING = generation(160, 1240, datetime(2017, 10, 6, 1, tzinfo=UTC), GenerationState.RUNNING)
PARTIAL = generation(159, 1234, datetime(2017, 10, 5, 1, tzinfo=UTC), GenerationState.PARTIAL)
NEWER = generation(158, 159, datetime(2017, 10, 4, 1, tzinfo=UTC))
OLDER = generation(157, 1232, datetime(2017, 10, 3, 22, 30, tzinfo=UTC))
FORGOTTEN = generation(None, 990, datetime(2016, 1, 1, tzinfo=UTC), GenerationState.AT_RISK)
ALL = (RUNNING, PARTIAL, NEWER, OLDER, FORGOTTEN)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        (None, NEWER),
        ("latest", NEWER),
        ("latest~0", NEWER),
        ("latest~1", OLDER),
        ("158", NEWER),
        (" 158 ", NEWER),
        ("generation:159", PARTIAL),
        ("part:159", NEWER),
        ("part:1234", PARTIAL),
        ("part:990", FORGOTTEN),
        ("2017-10-04", NEWER),
        ("2017-10-03", FORGOTTEN),
        ("2017-10-04T02:59", OLDER),
        ("2017-10-04T03:00", NEWER),
        ("2017-10-04 03:00:00", NEWER),
        ("2017-10-04T01:00+00:00", NEWER),
        ("2017-10-04T01:00Z", NEWER),
        ("2017-10-31", PARTIAL),
        ("2017-01-01", FORGOTTEN),
    ],
)
def test_text_means_one_generation(text: str | None, chosen: Generation) -> None:
    assert choose_generation(ALL, text, PARIS) is chosen


@pytest.mark.parametrize("text", ["161", "part:5", "generation:1234", "latest~2", "2015-12-31"])
def test_what_is_not_there_is_not_found_and_what_there_is_is_said(text: str) -> None:
    with pytest.raises(GenerationNotFound) as caught:
        choose_generation(ALL, text, UTC)

    assert "159" in (caught.value.why or "")


def test_a_number_that_is_a_generation_and_a_part_of_another_is_refused_with_both() -> None:
    with pytest.raises(AmbiguousName) as caught:
        choose_generation(ALL, "159", UTC)

    assert "generation:159" in (caught.value.hint or "")
    assert "part:159" in (caught.value.hint or "")


def test_a_bare_part_number_is_explained() -> None:
    with pytest.raises(GenerationNotFound) as caught:
        choose_generation(ALL, "1232", UTC)

    assert caught.value.why == "1232 is the number of a part, of generation 157"


def test_one_that_is_being_written_is_never_chosen() -> None:
    with pytest.raises(GenerationNotFound, match="not used"):
        choose_generation(ALL, "160", UTC)
    with pytest.raises(GenerationNotFound):
        choose_generation((RUNNING,), None, UTC)


def test_where_none_is_complete_the_newest_that_can_be_read_is_the_latest() -> None:
    assert choose_generation((RUNNING, PARTIAL, FORGOTTEN), None, UTC) is PARTIAL


@pytest.mark.parametrize("text", ["yesterday", "2017-13-01", "latest~", "latest~x", "part:", ""])
def test_text_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        choose_generation(ALL, text, UTC)


def test_a_date_is_the_end_of_that_day_where_the_server_is() -> None:
    assert parse_moment("2017-10-03", PARIS).astimezone(UTC) == datetime(
        2017, 10, 3, 21, 59, 59, 999999, tzinfo=UTC
    )
