from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from respool.backups.completeness import complete_before, lacks_of
from respool.backups.discovery import Backup, open_backup
from respool.cyrus.index import IndexHeader, parse_index, render_index
from respool.model.findings import Finding, Severity
from respool.model.inventory import ARCHIVED
from tests.support import golden
from tests.support.golden import unpack_dataprotect
from tests.support.inventories import spool_generation
from tests.support.small_spools import part_directory, write_description, write_spool

NAMES = ["user/alice@b.loc", "user/jdoe@b.loc", "contact@b.loc"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two generations, each complete in itself."""
    for generation, part in ((1, 10), (2, 20)):
        directory = part_directory(tmp_path, part)
        write_spool(directory, NAMES)
        (directory / "var/lib/cyrus/quota").mkdir(parents=True)
        begin = 1_700_000_000_000 + generation * 86_400_000
        write_description(tmp_path, generation, [{"id": part, "begin": begin}])
    return tmp_path


def lacks(backup: Backup, label: str = "2") -> list[Finding]:
    generation = next(each for each in backup.generations if each.label == label)
    return list(lacks_of(generation, complete_before(generation, backup.generations)))


def test_a_generation_like_the_one_before_lacks_nothing(root: Path) -> None:
    assert lacks(open_backup(root)) == []


def test_letters_that_the_one_before_had_are_missed(root: Path) -> None:
    for kind in ("data", "meta"):
        domain = part_directory(root, 20) / "var/spool/cyrus" / kind / "b_loc/domain/b/b.loc"
        shutil.rmtree(domain / "j")

    (found,) = lacks(open_backup(root))

    assert found.code == "letters-missing"
    assert found.subject == "part 20"
    assert found.text == "no j in b.loc, which generation 1 has"


def test_databases_that_the_one_before_had_are_a_loss(root: Path) -> None:
    shutil.rmtree(part_directory(root, 20) / "var/lib")

    (found,) = lacks(open_backup(root))

    assert (found.code, found.severity) == ("databases-missing", Severity.LOSS)


def test_databases_that_never_were_there_are_a_note(tmp_path: Path) -> None:
    write_spool(tmp_path, NAMES)

    (found,) = lacks(open_backup(tmp_path), "undated")

    assert (found.code, found.severity) == ("databases-missing", Severity.NOTE)


def test_an_archive_that_the_one_before_had_is_missed(root: Path) -> None:
    archive = "var/spool/bm-hsm/cyrus-archives/b_loc/domain/b/b.loc/j/user/jdoe"
    (part_directory(root, 10) / archive).mkdir(parents=True)

    (found,) = lacks(open_backup(root))

    assert found.code == "archive-missing"
    assert "generation 1 has" in found.text


def test_an_archive_that_records_speak_of_is_missed(root: Path) -> None:
    (path,) = part_directory(root, 20).rglob("user/jdoe/cyrus.index")
    index = parse_index(path.read_bytes())
    index.records["system_flags"] |= np.uint32(ARCHIVED)
    head = IndexHeader(last_uid=1, uidvalidity=7, highestmodseq=1)
    path.write_bytes(render_index(13, head, index.records))

    (found,) = lacks(open_backup(root))

    assert found.code == "archive-missing"
    assert "user/jdoe@b.loc has archived messages" in found.text


def test_a_store_of_archived_messages_that_the_one_before_had_is_missed(root: Path) -> None:
    store = root / "dp_spool/rsync/10.0.0.1/mail/archive/11/var/spool/bm-hsm/snappy"
    store.mkdir(parents=True)
    write_description(
        root, 1, [{"id": 10}, {"id": 11, "tag": "mail/archive", "begin": 1_700_000_000_000}]
    )

    (found,) = lacks(open_backup(root))

    assert found.code == "hsm-store-missing"


def test_stubs_without_any_store_are_said(tmp_path: Path) -> None:
    backup = open_backup(unpack_dataprotect(tmp_path))

    found = {finding.code: finding for finding in lacks(backup, "87")}

    assert "user/jdoe@bluemind.loc" in found["hsm-store-missing"].text


def test_what_mailboxes_db_names_and_no_directory_is_missing(tmp_path: Path) -> None:
    generation = spool_generation(golden.unpack_spool("3.0.18", tmp_path))
    shutil.rmtree(tmp_path / "var/spool/cyrus/meta/bluemind_loc/domain/b/bluemind.loc/a")
    shutil.rmtree(tmp_path / "var/spool/cyrus/data/bluemind_loc/domain/b/bluemind.loc/a")

    found = {finding.code: finding for finding in lacks_of(generation)}

    assert set(found) == {"mailboxes-missing", "hsm-store-missing"}
    assert found["mailboxes-missing"].text == (
        "mailboxes.db names what is not in it: contact/Archives@bluemind.loc,"
        " user/alice@bluemind.loc"
    )


@pytest.mark.parametrize("version", ["2.4.20", "3.10.3"])
def test_a_golden_spool_lacks_nothing_but_the_store_of_its_imitated_stub(
    version: str, tmp_path: Path
) -> None:
    generation = spool_generation(golden.unpack_spool(version, tmp_path))

    assert [finding.code for finding in lacks_of(generation)] == ["hsm-store-missing"]
