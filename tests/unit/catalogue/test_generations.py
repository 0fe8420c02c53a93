from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from respool.catalogue.database import Database
from respool.catalogue.forgetting import forget_gone
from respool.catalogue.generations import known_generations, note_indexed, register
from respool.catalogue.identities import identified
from respool.model.generations import Generation, GenerationState
from tests.support.inventories import spool_generation


def dated(day: int, label: str, place: str = "/backup") -> Generation:
    return replace(
        spool_generation(Path(place)),
        label=label,
        taken_at=datetime(2024, 11, day, tzinfo=UTC),
        is_about=False,
        state=GenerationState.COMPLETE,
    )


def labels(database: Database) -> list[tuple[str, bool]]:
    return [(each.label, each.is_indexed) for each in known_generations(database)]


def registered(database: Database, *generations: Generation) -> Sequence[str]:
    return register(database, identified(generations).generations)


def test_generations_are_in_the_order_of_time_whenever_they_came_to_be_known(
    tmp_path: Path,
) -> None:
    database = Database(tmp_path / "a.db")
    every = [dated(day, str(day)) for day in range(1, 8)]
    for known in ([2, 5], [2, 3, 5], [0, 2, 3, 4, 5], range(7)):
        registered(database, *(every[at] for at in known))

        assert labels(database) == [(every[at].label, False) for at in known]


def test_one_that_was_indexed_stays_so_when_its_directory_gets_another_name(
    tmp_path: Path,
) -> None:
    """As rsnapshot rotates: daily.0 becomes daily.1 and a new daily.0 comes."""
    database = Database(tmp_path / "a.db")
    registered(database, dated(1, "daily.0", "/backup/daily.0"))
    note_indexed(database, known_generations(database)[0].ordinal)

    gone = registered(
        database,
        dated(1, "daily.1", "/backup/daily.1"),
        dated(2, "daily.0", "/backup/daily.0"),
    )

    assert gone == ()
    assert labels(database) == [("daily.1", True), ("daily.0", False)]


def test_one_that_is_gone_is_forgotten_and_its_number_is_never_another_ones(
    tmp_path: Path,
) -> None:
    database = Database(tmp_path / "a.db")
    registered(database, dated(1, "1"), dated(3, "3"))
    numbers: set[int] = {each.ordinal for each in known_generations(database)}
    for day in (2, 2, 2, 2, 2):
        label = f"{day} {len(numbers)}"
        middle = replace(dated(day, label), parts=dated(day, label, "/x").parts, is_about=True)
        place = replace(middle.parts[0], part_id=len(numbers))
        registered(database, dated(1, "1"), replace(middle, parts=(place,)), dated(3, "3"))
        between = known_generations(database)[1].ordinal

        assert between not in numbers
        numbers.add(between)


def between(number: int) -> Generation:
    """One of many of one day, which has no date of its own."""
    middle = dated(2, f"2 {number}", "/x")
    return replace(middle, is_about=True, parts=(replace(middle.parts[0], part_id=number),))


def test_however_many_come_between_two_there_is_a_number_for_each(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    first, last = dated(1, "1"), dated(3, "3")
    some = [between(number) for number in range(40)]
    for count in range(len(some)):
        registered(database, first, *some[len(some) - count :], last)
    registered(database, first, *some, *(between(number) for number in range(40, 140)), last)

    found = known_generations(database)
    assert [each.label for each in found] == ["1", *(f"2 {number}" for number in range(140)), "3"]


def test_one_that_is_another_each_time_makes_no_catalogue_unusable(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    for number in range(60):
        registered(database, dated(1, "1"), between(number), dated(3, "3"))
        forget_gone(database)

    assert [each.label for each in known_generations(database)] == ["1", "2 59", "3"]
