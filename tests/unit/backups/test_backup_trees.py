from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from respool.backups.choice import choose_generation, latest_generation
from respool.backups.completeness import complete_before, lacks_of
from respool.backups.contents import list_accounts
from respool.backups.discovery import Backup, open_backup
from respool.errors import GenerationNotFound
from respool.model.generations import Generation, GenerationState
from tests.support.backup_trees import (
    set_time,
    write_archives,
    write_dated,
    write_generation,
    write_restic,
    write_rsnapshot,
    write_snapper,
)


def named(backup: Backup, label: str) -> Generation:
    return next(each for each in backup.generations if each.label == label)


def addresses(generation: Generation) -> list[str]:
    return [listed.account.address for listed in list_accounts(generation)]


class TestRsnapshot:
    def test_a_date_is_that_of_the_directory(self, tmp_path: Path) -> None:
        write_rsnapshot(tmp_path)

        newest = named(open_backup(tmp_path), "daily.0")

        assert newest.taken_at == datetime(2024, 11, 20, 1, 10, tzinfo=UTC)
        assert newest.is_about

    def test_times_that_contradict_the_numbers_are_not_believed(self, tmp_path: Path) -> None:
        for number, day in ((0, 18), (1, 19)):
            at = f"2024-11-{20 - number}T01:00:00Z"
            write_generation(tmp_path / f"daily.{number}/localhost", at=at)
            set_time(tmp_path / f"daily.{number}", f"2025-01-{day}T00:00:00Z")

        newest = named(open_backup(tmp_path), "daily.0")

        assert newest.taken_at == datetime(2024, 11, 20, 1, 0, tzinfo=UTC)

    def test_a_generation_has_a_part_for_each_machine(self, tmp_path: Path) -> None:
        write_generation(tmp_path / "alpha.0/mail1", ["user/jdoe@b.loc"])
        write_generation(tmp_path / "alpha.0/mail2/all", ["user/alice@b.loc"])

        (generation,) = open_backup(tmp_path).generations

        assert [part.server for part in generation.parts] == ["mail1", "mail2/all"]
        assert addresses(generation) == ["alice@b.loc", "jdoe@b.loc"]

    def test_a_machine_that_the_one_before_had_is_missed(self, tmp_path: Path) -> None:
        write_generation(tmp_path / "daily.1/mail1")
        write_generation(tmp_path / "daily.1/mail2")
        write_generation(tmp_path / "daily.0/mail1")
        set_time(tmp_path / "daily.1", "2024-11-18T00:00:00Z")
        backup = open_backup(tmp_path)
        newest = named(backup, "daily.0")

        found = list(lacks_of(newest, complete_before(newest, backup.generations)))

        assert [(each.code, each.subject) for each in found if "part" in each.text] == []
        assert ("server-missing", "mail2") in [(each.code, each.subject) for each in found]

    def test_a_generation_without_mail_is_said(self, tmp_path: Path) -> None:
        write_generation(tmp_path / "daily.0/localhost")
        (tmp_path / "daily.1/localhost/etc").mkdir(parents=True)

        backup = open_backup(tmp_path)

        assert [each.label for each in backup.generations] == ["daily.0"]
        assert [(each.name, each.why) for each in backup.unused] == [("daily.1", "no mail in it")]


class TestDated:
    def test_one_that_is_being_written_is_running_and_never_latest(self, tmp_path: Path) -> None:
        write_dated(tmp_path)
        backup = open_backup(tmp_path)
        running = named(backup, "2024-11-19_0100.tmp")

        assert running.state is GenerationState.RUNNING
        assert latest_generation(backup.generations).label == "2024-11-18_0100"
        with pytest.raises(GenerationNotFound):
            choose_generation(backup.generations, running.label)

    def test_a_bare_date_means_the_last_of_that_day(self, tmp_path: Path) -> None:
        for name in ("2024-11-18_0100", "2024-11-18_1300", "2024-11-19_0100"):
            write_generation(tmp_path / name)

        chosen = choose_generation(open_backup(tmp_path).generations, "2024-11-18")

        assert chosen.label == "2024-11-18_1300"

    def test_a_name_of_digits_is_a_name(self, tmp_path: Path) -> None:
        write_generation(tmp_path / "20241118")

        chosen = choose_generation(open_backup(tmp_path).generations, "20241118")

        assert chosen.label == "20241118"

    def test_daily_and_weekly_ones_are_of_one_server(self, tmp_path: Path) -> None:
        for name in ("daily-2024-11-18", "weekly-2024-11-17"):
            write_generation(tmp_path / name)

        backup = open_backup(tmp_path)

        assert backup.root.kind == "dated"
        assert [len(each.parts) for each in backup.generations] == [1, 1]

    def test_one_that_holds_mail_under_another_name_is_dated_by_its_newest_index(
        self, tmp_path: Path
    ) -> None:
        write_generation(tmp_path / "mail1-2024-11-19T01:00:00")
        write_generation(tmp_path / "before-move", at="2020-02-02T02:02:02Z")
        write_generation(tmp_path / "incomplete")

        backup = open_backup(tmp_path)

        assert [each.label for each in backup.generations] == [
            "mail1-2024-11-19T01:00:00",
            "before-move",
        ]
        assert named(backup, "before-move").is_about
        assert [(each.name, each.why) for each in backup.unused] == [
            ("incomplete", "a copy under way")
        ]

    def test_a_link_into_another_generation_is_not_followed(self, tmp_path: Path) -> None:
        write_dated(tmp_path)

        unused = {entry.name: entry.why for entry in open_backup(tmp_path).unused}

        assert unused == {"latest": "a link", "mysql": "no generation by its name"}


class TestRestic:
    def test_snapshots_of_one_night_are_one_generation_of_several_hosts(
        self, tmp_path: Path
    ) -> None:
        write_restic(tmp_path)
        newest = open_backup(tmp_path).generations[0]

        assert [part.server for part in newest.parts] == ["mail1", "mail2"]
        assert addresses(newest) == ["alice@b.loc", "jdoe@b.loc"]
        assert newest.taken_at == datetime(2024, 11, 19, 0, 0, tzinfo=UTC)
        assert not newest.is_about

    def test_without_hosts_the_snapshots_are_taken_one_by_one(self, tmp_path: Path) -> None:
        write_restic(tmp_path)
        shutil.rmtree(tmp_path / "hosts")

        backup = open_backup(tmp_path)

        assert [len(each.parts) for each in backup.generations] == [1, 1, 1, 1]

    @pytest.mark.parametrize("view", ["snapshots", "hosts/mail1", "tags/mail"])
    def test_a_view_alone_is_a_folder_of_dated_directories(
        self, tmp_path: Path, view: str
    ) -> None:
        write_restic(tmp_path)

        backup = open_backup(tmp_path / view)

        assert backup.root.kind == "dated"
        assert backup.generations[0].taken_at is not None
        assert not backup.generations[0].is_about

    def test_snapshots_by_id_are_dated_by_their_newest_index(self, tmp_path: Path) -> None:
        write_generation(tmp_path / "ids/0a1b2c3d", at="2024-11-19T01:00:00Z")

        (generation,) = open_backup(tmp_path / "ids").generations

        assert generation.is_about
        assert generation.taken_at == datetime(2024, 11, 19, 1, 0, tzinfo=UTC)


class TestSnapper:
    def test_the_description_beside_a_snapshot_dates_it(self, tmp_path: Path) -> None:
        write_snapper(tmp_path)
        backup = open_backup(tmp_path)

        assert named(backup, "12").taken_at == datetime(2024, 11, 19, 1, 0, 3, tzinfo=UTC)
        assert not named(backup, "12").is_about
        assert named(backup, "11").taken_at == datetime(2024, 11, 18, 1, 0, tzinfo=UTC)
        assert named(backup, "11").is_about

    def test_the_folder_of_snapshots_itself_is_known(self, tmp_path: Path) -> None:
        write_snapper(tmp_path)

        backup = open_backup(tmp_path / ".snapshots")

        assert choose_generation(backup.generations, "12").label == "12"


class TestArchives:
    def test_archives_of_one_night_are_one_generation_of_several_hosts(
        self, tmp_path: Path
    ) -> None:
        write_archives(tmp_path)
        newest = open_backup(tmp_path).generations[0]

        assert [part.server for part in newest.parts] == ["mail1", "mail2"]

    def test_one_whose_name_says_nothing_is_dated_by_its_newest_index(
        self, tmp_path: Path
    ) -> None:
        write_archives(tmp_path)
        found = named(open_backup(tmp_path), "before-move")

        assert found.is_about
        assert found.taken_at == datetime(2020, 2, 2, 2, 2, 2, tzinfo=UTC)

    def test_a_spool_is_not_taken_for_archives_of_its_partitions(self, tmp_path: Path) -> None:
        write_generation(tmp_path)

        assert open_backup(tmp_path / "var/spool/cyrus/data").root.kind == "plain"


class TestPlain:
    def test_a_copy_of_a_whole_server_is_a_spool(self, tmp_path: Path) -> None:
        write_generation(tmp_path)
        for name in ("bin", "etc/cron.d", "home/jdoe/mail.0", "var/lib/cyrus/quota", "boot"):
            (tmp_path / name).mkdir(parents=True)

        assert open_backup(tmp_path).root.kind == "plain"
