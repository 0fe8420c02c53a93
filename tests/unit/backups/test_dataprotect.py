from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest

from respool.backups.descriptions import parse_description
from respool.backups.discovery import Backup, open_backup
from respool.errors import BackupNotFound
from respool.model.generations import Generation, GenerationState
from tests.support.small_spools import part_directory, write_description, write_spool

NAMES = ["user/jdoe@b.loc", "user/zoe@b.loc", "contact@b.loc"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_spool(part_directory(tmp_path, 1232), NAMES)
    write_description(tmp_path, 87, [{"id": 1232}])
    return tmp_path


def first(backup: Backup) -> Generation:
    return backup.generations[0]


def codes(generation: Generation) -> list[str]:
    return [finding.code for finding in generation.findings]


@pytest.mark.parametrize("below", ["", "dp_spool", "dp_spool/rsync"])
def test_a_root_is_known_by_its_top_its_dp_spool_and_its_rsync(root: Path, below: str) -> None:
    backup = open_backup(root / below)

    assert backup.root.kind == "dataprotect"
    assert [each.generation_id for each in backup.generations] == [87]
    assert first(backup).state is GenerationState.COMPLETE


def test_a_part_is_not_a_generation(root: Path) -> None:
    generation = first(open_backup(root))

    assert (generation.label, [part.part_id for part in generation.parts]) == ("87", [1232])
    assert generation.parts[0].place == PurePosixPath(part_directory(root, 1232))
    assert (generation.parts[0].server, generation.parts[0].address) == ("srv", "10.0.0.1")


def test_generations_are_newest_first_whatever_their_numbers(root: Path) -> None:
    write_spool(part_directory(root, 1300), NAMES)
    write_description(root, 5, [{"id": 1300, "begin": 1_800_000_000_000}])

    assert [each.generation_id for each in open_backup(root).generations] == [5, 87]


def test_a_part_that_nothing_names_is_at_risk(root: Path) -> None:
    write_spool(part_directory(root, 990), NAMES)

    found = {each.label: each for each in open_backup(root).generations}

    assert found["part:990"].state is GenerationState.AT_RISK
    assert found["part:990"].generation_id is None
    assert found["part:990"].is_about
    assert found["part:990"].taken_at is not None


def test_without_any_description_everything_is_found(root: Path) -> None:
    (root / "generation-87.json").unlink()

    generation = first(open_backup(root))

    assert (generation.label, generation.state) == ("part:1232", GenerationState.AT_RISK)


def test_a_part_without_an_end_is_running(root: Path) -> None:
    write_description(root, 87, [{"id": 1232, "end": None}])

    generation = first(open_backup(root))

    assert generation.state is GenerationState.RUNNING
    assert codes(generation) == ["part-running"]


@pytest.mark.parametrize("validity", ["INVALID", "UNKNOWN", "something new"])
def test_a_part_that_is_not_valid_makes_it_partial(root: Path, validity: str) -> None:
    write_description(root, 87, [{"id": 1232, "valid": validity}])

    generation = first(open_backup(root))

    assert generation.state is GenerationState.PARTIAL
    assert codes(generation) == ["part-not-valid"]


def test_a_part_that_is_named_and_not_there_makes_it_partial(root: Path) -> None:
    write_description(root, 87, [{"id": 1232}, {"id": 1233}])

    generation = first(open_backup(root))

    assert generation.state is GenerationState.PARTIAL
    assert codes(generation) == ["part-missing"]
    assert [part.part_id for part in generation.parts] == [1232]


def test_an_empty_part_makes_it_partial(root: Path) -> None:
    part_directory(root, 1233).mkdir()
    write_description(root, 88, [{"id": 1233}])

    generation = next(each for each in open_backup(root).generations if each.label == "88")

    assert codes(generation) == ["part-empty", "letters-missing"]


def test_the_letters_that_a_partial_one_lacks_are_named(root: Path) -> None:
    write_spool(part_directory(root, 1240), NAMES[2:])
    write_description(root, 90, [{"id": 1240, "valid": "INVALID"}])

    generation = next(each for each in open_backup(root).generations if each.label == "90")

    assert codes(generation) == ["part-not-valid", "letters-missing"]
    assert generation.findings[1].text == "no j, z in b.loc"


def test_the_parts_of_two_servers_are_one_generation(root: Path) -> None:
    write_spool(part_directory(root, 1233, "10.0.0.2"), NAMES)
    write_description(root, 87, [{"id": 1232}, {"id": 1233, "server": "srv2"}])

    generation = first(open_backup(root))

    assert [(part.part_id, part.server, part.address) for part in generation.parts] == [
        (1232, "srv", "10.0.0.1"),
        (1233, "srv2", "10.0.0.2"),
    ]


def test_links_and_other_names_beside_the_parts_are_no_parts(root: Path) -> None:
    imap = part_directory(root, 1232).parent
    (imap / "last").symlink_to("1232")
    (imap / "1231").symlink_to("1232")
    (imap / "tmp").mkdir()
    (imap / "17a").mkdir()
    (root / "generations.xml").touch()
    (root / "work").mkdir()

    assert [each.label for each in open_backup(root).generations] == ["87"]


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"parts": 5}', '{"parts": [5, {}]}'])
def test_a_description_that_is_none_leaves_its_part_at_risk(root: Path, text: str) -> None:
    (root / "generation-87.json").write_text(text)

    found = {each.label: each for each in open_backup(root).generations}

    assert set(found) == {"87", "part:1232"}
    assert found["87"].state is GenerationState.PARTIAL
    assert found["87"].parts == ()


@pytest.mark.parametrize(
    "number", [None, "17", 1e300, True, 10**30, -(10**18), [], float("nan")], ids=repr
)
def test_a_time_that_is_none_is_unknown(number: object) -> None:
    text = json.dumps({"id": 7, "parts": [{"id": 3, "tag": "mail/imap", "begin": number}]})

    assert parse_description(text.encode(), 7).parts[0].begin is None


def test_other_places_are_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()

    with pytest.raises(BackupNotFound) as caught:
        open_backup(tmp_path)
    assert "dp_spool" in (caught.value.why or "")
    with pytest.raises(BackupNotFound, match="no directory"):
        open_backup(tmp_path / "nothing")


def test_what_was_backed_up_beside_the_mail_goes_with_its_generation(tmp_path: Path) -> None:
    write_spool(part_directory(tmp_path, 12), ["user/jdoe@b.loc"])
    configuration = tmp_path / "dp_spool/rsync/10.0.0.1/bm/conf/11"
    configuration.mkdir(parents=True)
    write_description(
        tmp_path, 1, [{"id": 12}, {"id": 11, "tag": "bm/conf"}, {"id": 13, "tag": "bm/pgsql"}]
    )

    (generation,) = open_backup(tmp_path).generations

    assert [(each.tag, each.part_id, each.place.name) for each in generation.others] == [
        ("bm/conf", 11, "11")
    ]
    assert generation.state is GenerationState.COMPLETE


def test_what_nothing_describes_goes_with_the_forgotten_mail_of_its_server(tmp_path: Path) -> None:
    write_spool(part_directory(tmp_path, 12), ["user/jdoe@b.loc"])
    (tmp_path / "dp_spool/rsync/10.0.0.1/mail/archive/9").mkdir(parents=True)
    (tmp_path / "dp_spool/rsync/10.0.0.2/bm/conf/8").mkdir(parents=True)

    (generation,) = open_backup(tmp_path).generations

    assert [(each.tag, each.part_id) for each in generation.others] == [("mail/archive", 9)]
