"""What we read of every golden backup's databases is what its server said over IMAP."""

from __future__ import annotations

from pathlib import Path

import pytest

from respool.backups.choice import choose_generation
from respool.backups.discovery import open_backup
from tests.support import golden
from tests.support.inventories import spool_generation
from tests.support.kept_state import assert_kept_as_said
from tests.support.truth import read_truth


@pytest.mark.parametrize("version", golden.VERSIONS)
def test_the_databases_of_every_version_are_read_as_their_server_said(
    version: str, as_root: None, tmp_path: Path
) -> None:
    place = golden.unpack_spool(version, tmp_path)

    assert_kept_as_said(spool_generation(place), read_truth(version), golden.truth(version))


@pytest.mark.parametrize("part", golden.DATAPROTECT_PARTS)
def test_those_of_each_dataprotect_part_are_read_as_their_server_said(
    part: str, backup_tree: Path
) -> None:
    name = f"dataprotect/truth-{part}.json"

    generation = choose_generation(open_backup(backup_tree).generations, f"part:{part}")

    assert_kept_as_said(generation, read_truth(name), golden.truth(name))


def test_those_of_a_bluemind_4_part_are_read_as_their_server_said(
    as_root: None, tmp_path: Path
) -> None:
    backup = open_backup(golden.unpack_dataprotect_bm4(tmp_path))
    name = f"dataprotect-bm4/truth-{golden.BM4_PART}.json"

    assert_kept_as_said(backup.generations[0], read_truth(name), golden.truth(name))
