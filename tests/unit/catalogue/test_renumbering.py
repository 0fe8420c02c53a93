from __future__ import annotations

from pathlib import Path

import pytest

from respool.catalogue.database import Database
from respool.catalogue.forgetting import forget_gone
from respool.catalogue.generations import known_generations, register
from respool.catalogue.identities import identified
from respool.catalogue.renumbering import renumber
from respool.catalogue.scan import Scanner
from tests.support.catalogues import catalogued, contents_of, generations_of


@pytest.mark.parametrize("apart", [1, 16, 1024])
def test_all_that_was_said_of_each_generation_is_said_of_it_under_its_new_number(
    apart: int, backup_tree: Path, tmp_path: Path
) -> None:
    database = catalogued(tmp_path / "a.db", backup_tree, ["88", "87", "89"])
    before = {label: contents_of(database, label) for label in ("87", "88", "89")}

    renumber(database, 4097, apart)

    assert {label: contents_of(database, label) for label in before} == before
    numbers = [each.ordinal for each in known_generations(database)]
    assert numbers == [4097, 4097 + apart, 4097 + 2 * apart]


def test_one_that_is_read_after_all_were_numbered_anew_is_beside_its_neighbours(
    backup_tree: Path, tmp_path: Path
) -> None:
    whole = catalogued(tmp_path / "whole.db", backup_tree)
    database = catalogued(tmp_path / "a.db", backup_tree, ["89", "87"])
    renumber(database, 4096, 1)
    every = identified(generations_of(backup_tree)).generations
    (middle,) = [each for each in every.values() if each.label == "88"]
    (known,) = [each for each in known_generations(database) if each.label == "88"]
    Scanner(database).scan(middle, known)

    for label in ("87", "88", "89"):
        assert contents_of(database, label) == contents_of(whole, label)


def test_one_that_came_between_is_forgotten_again_and_leaves_all_as_it_was(
    backup_tree: Path, tmp_path: Path
) -> None:
    database = catalogued(tmp_path / "a.db", backup_tree)
    before = contents_of(database, "89")
    every = identified(generations_of(backup_tree)).generations
    others = {identity: each for identity, each in every.items() if each.label != "88"}
    register(database, others)
    forget_gone(database)
    renumber(database, 1, 1)
    register(database, every)

    assert [each.label for each in known_generations(database)] == ["87", "88", "89"]
    assert contents_of(database, "89") == before


def test_who_reads_meanwhile_sees_the_old_numbers_to_the_end(
    backup_tree: Path, tmp_path: Path
) -> None:
    database = catalogued(tmp_path / "a.db", backup_tree)
    reader = Database(tmp_path / "a.db")
    with reader.snapshot():
        before = [each.ordinal for each in known_generations(reader)]
        renumber(database, 1, 1)

        assert [each.ordinal for each in known_generations(reader)] == before
    assert [each.ordinal for each in known_generations(reader)] == [1, 2, 3]
