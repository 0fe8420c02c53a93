"""What we read of every golden spool is what its server said over IMAP."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from respool.backups.choice import choose_generation
from respool.backups.discovery import open_backup
from respool.backups.source import read_mailbox
from respool.model.generations import Generation
from tests.support import golden
from tests.support.inventories import (
    facts_read,
    facts_said,
    files_that_differ,
    is_seen_in_index,
    sources_in,
    spool_generation,
    without_seen,
)
from tests.support.kept_state import assert_kept_as_said
from tests.support.truth import Truth, read_truth

LARGER = ("2.5.17", "3.0.18-archive", "3.4.9", "3.8.7")
LARGER_PARTS = ("1232", "1233", "1234")


def assert_as_said(generation: Generation, truth: Truth, raw: Mapping[str, Any]) -> None:
    """All mailboxes are found, each as the server said, and no file differs from its GUID."""
    read: dict[str, object] = {}
    said: dict[str, object] = {}
    differing: dict[str, list[int]] = {}
    for source in sources_in(generation):
        mailbox = read_mailbox(source)
        name = source.name.display
        box = truth.mailboxes[name]
        facts = facts_read(mailbox)
        read[name] = facts if is_seen_in_index(box) else without_seen(facts)
        said[name] = facts_said(box, raw["mailboxes"][name])
        differing[name] = files_that_differ(source, mailbox)
        assert mailbox.findings == ()
    assert set(read) == set(truth.mailboxes)
    assert read == said
    assert not any(differing.values())


@pytest.mark.parametrize("version", golden.VERSIONS)
def test_a_spool_of_every_version_is_read_as_its_server_said(
    version: str, as_root: None, tmp_path: Path
) -> None:
    place = golden.unpack_spool(version, tmp_path)

    assert_as_said(spool_generation(place), read_truth(version), golden.truth(version))


@pytest.mark.parametrize("part", golden.DATAPROTECT_PARTS)
def test_each_dataprotect_part_is_read_as_its_server_said(part: str, backup_tree: Path) -> None:
    backup = open_backup(backup_tree)
    name = f"dataprotect/truth-{part}.json"

    generation = choose_generation(backup.generations, f"part:{part}")

    assert_as_said(generation, read_truth(name), golden.truth(name))


def test_a_bluemind_4_part_with_an_archive_partition_is_read_as_its_server_said(
    as_root: None, tmp_path: Path
) -> None:
    backup = open_backup(golden.unpack_dataprotect_bm4(tmp_path))
    name = f"dataprotect-bm4/truth-{golden.BM4_PART}.json"

    assert_as_said(backup.generations[0], read_truth(name), golden.truth(name))


def test_reading_a_backup_changes_nothing_in_it(
    backup_tree: Path, unchanged: Callable[[Path], AbstractContextManager[None]]
) -> None:
    """
    Names, sizes, all times, owners and octets are as before, in every file and directory.
    """
    with unchanged(backup_tree):
        for generation in open_backup(backup_tree).generations:
            for source in sources_in(generation):
                files_that_differ(source, read_mailbox(source))


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """A folder that is emptied after the test: the larger spools are large."""
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


def larger_truth(file: Path, scratch: Path) -> tuple[Truth, Mapping[str, Any]]:
    """A truth file of the larger spools, which do not name their partitions."""
    raw = json.loads(file.read_text("utf-8"))
    completed = scratch / file.name
    completed.write_text(json.dumps({"partition": {}, "deleted_mailboxes": {}, **raw}), "utf-8")
    return read_truth(str(completed)), raw


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGER)
def test_the_larger_spools_are_read_as_their_servers_said(
    name: str, as_root: None, larger_spools: Path, scratch: Path
) -> None:
    truth, raw = larger_truth(larger_spools / name / "truth.json", scratch)
    place = golden.unpack(larger_spools / name / "spool.tar.gz", scratch / "spool")

    assert_as_said(spool_generation(place), truth, raw)
    assert_kept_as_said(spool_generation(place), truth, raw)


@pytest.mark.slow
def test_the_larger_dataprotect_tree_is_read_without_any_description(
    as_root: None, larger_spools: Path, scratch: Path
) -> None:
    folder = larger_spools / "3.0.18-dataprotect"
    place = golden.unpack(folder / "dp_spool.tar.gz", scratch / "backup")
    backup = open_backup(place / golden.BACKUP_ROOT)

    for part in LARGER_PARTS:
        truth, raw = larger_truth(folder / f"truth-{part}.json", scratch)
        generation = choose_generation(backup.generations, f"part:{part}")
        assert_as_said(generation, truth, raw)
        golden.unpack(folder / f"var-lib-cyrus-{part}.tar.gz", Path(generation.parts[0].place))
        assert_kept_as_said(generation, truth, raw)
