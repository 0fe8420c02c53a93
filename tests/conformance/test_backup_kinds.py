"""Each kind of backup against the suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from respool.backups.archives import Archives
from respool.backups.dataprotect import DataProtect
from respool.backups.dated import DatedDirectories
from respool.backups.exports import EML, MAILDIR, MBOX, ZIP
from respool.backups.plain import PlainSpool
from respool.backups.restic import Restic
from respool.backups.rsnapshot import Rsnapshot
from respool.backups.snapper import Snapper
from respool.exports.manifest_head import ExportForm
from tests.conformance.backup_kinds import BackupKindSuite
from tests.support.backup_trees import (
    NAMES,
    write_archives,
    write_dated,
    write_generation,
    write_restic,
    write_rsnapshot,
    write_snapper,
)
from tests.support.small_exports import write_eml, write_export, write_maildir, write_mbox
from tests.support.small_spools import part_directory, write_description, write_spool


class TestDataProtect(BackupKindSuite):
    kind = DataProtect()
    labels = ("2", "1")

    def write(self, root: Path) -> None:
        for generation in (1, 2):
            write_spool(part_directory(root, 10 + generation), NAMES)
            begin = 1_700_000_000_000 + generation
            write_description(root, generation, [{"id": 10 + generation, "begin": begin}])


class TestRsnapshot(BackupKindSuite):
    kind = Rsnapshot()
    labels = ("daily.0", "daily.1", "daily.2", "weekly.0")
    unused = (".sync", "_delete.1234")

    def write(self, root: Path) -> None:
        write_rsnapshot(root)


class TestSnapper(BackupKindSuite):
    kind = Snapper()
    labels = ("12", "11")

    def write(self, root: Path) -> None:
        write_snapper(root)


class TestDated(BackupKindSuite):
    kind = DatedDirectories()
    labels = ("2024-11-19_0100.tmp", "2024-11-18_0100", "2024-11-17_0100")
    unused = ("latest", "mysql")

    def write(self, root: Path) -> None:
        write_dated(root)


class TestZfs(BackupKindSuite):
    kind = DatedDirectories()
    labels = ("autosnap_2024-11-19_00:00:01_daily", "autosnap_2024-11-18_00:00:01_daily")

    def write(self, root: Path) -> None:
        for label in self.labels:
            write_generation(root / ".zfs/snapshot" / label)


class TestRestic(BackupKindSuite):
    kind = Restic()
    labels = ("2024-11-19T01:00:00+01:00", "2024-11-18T01:00:00+01:00")
    unused = ("ids", "snapshots", "tags")

    def write(self, root: Path) -> None:
        write_restic(root)


class TestArchives(BackupKindSuite):
    kind = Archives()
    labels = ("mail1-2024-11-19T01:00:00Z", "mail1-2024-11-18T01:00:00Z", "before-move")
    unused = ("empty",)

    def write(self, root: Path) -> None:
        write_archives(root)


class TestPlain(BackupKindSuite):
    kind = PlainSpool()
    labels = ("undated",)

    def write(self, root: Path) -> None:
        write_generation(root)


class TestMaildirExport(BackupKindSuite):
    kind = MAILDIR
    labels = ("2024-11-19",)

    def write(self, root: Path) -> None:
        write_maildir(root)


class TestMboxExport(BackupKindSuite):
    kind = MBOX
    labels = ("2024-11-19",)

    def write(self, root: Path) -> None:
        write_mbox(root)


class TestEmlExport(BackupKindSuite):
    kind = EML
    labels = ("2024-11-19",)

    def write(self, root: Path) -> None:
        write_eml(root)


class TestZipExport(BackupKindSuite):
    kind = ZIP
    labels = ("2024-11-19",)

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        return write_export(ExportForm.ZIP, tmp_path)
