"""What a generation misses beside the one before it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from respool.app.settings import Settings
from respool.app.watch import WatchReport, watch_generation
from respool.app.watch_metrics import write_metrics
from respool.errors import UsageError
from respool.model.findings import Finding
from tests.support import golden
from tests.support.live_spool import settings_for
from tests.support.trees import unchanged

SPOOLS = "dp_spool/rsync/192.168.122.56/mail/imap"
USERS = "var/spool/cyrus/{}/bluemind_loc/domain/b/bluemind.loc"
SAMPLE = re.compile(r'[a-z_]+(\{([a-z]+="[^"\\\n]*",?)+\})? [0-9.]+')


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The story's backup, which these tests only read."""
    place = tmp_path_factory.mktemp("story")
    backups = golden.unpack_dataprotect(place / "backups")
    return settings_for(place / "imapd.conf", backups=backups)


@pytest.fixture
def damaged(tmp_path: Path) -> Settings:
    """The same, to be spoiled."""
    backups = golden.unpack_dataprotect(tmp_path / "backups")
    return settings_for(tmp_path / "imapd.conf", backups=backups)


def part(settings: Settings, number: str = "1234") -> Path:
    return settings.backups / SPOOLS / number


def found(report: WatchReport, code: str) -> list[Finding]:
    return [each for each in report.tally.kept if each.code == code]


def test_the_three_losses_of_the_story_are_seen_in_the_morning(untouched: Settings) -> None:
    with unchanged(untouched.backups):
        report = watch_generation(untouched, None)

    assert report.generation.label == "89"
    assert report.former is not None
    assert report.former.label == "88"
    assert {(each.subject, each.severity.value) for each in report.tally.kept} == {
        ("part 1234", "loss"),  # its store of archived messages was never backed up
        ("user/alice@bluemind.loc", "loss"),
        ("contact/Archives@bluemind.loc", "note"),
        ("user/jdoe/Projects/2017@bluemind.loc", "note"),
        ("user/jdoe/Projects/2017/Q3@bluemind.loc", "note"),
    }
    counts = golden.truth("dataprotect/truth-1234.json")["mailboxes"]
    assert report.watched.messages == sum(len(each["messages"]) for each in counts.values())
    assert report.watched.folders == len(counts)
    assert report.watched.read < report.watched.folders / 2


def test_an_ordinary_day_says_nothing_new(untouched: Settings) -> None:
    report = watch_generation(untouched, "88")

    assert [each.code for each in report.tally.kept] == ["hsm-store-missing"]


def test_the_first_generation_is_held_against_nothing(untouched: Settings) -> None:
    report = watch_generation(untouched, "87")

    assert report.former is None
    assert [each.code for each in report.tally.kept] == ["hsm-store-missing"]


def test_an_account_that_the_backup_no_longer_has_is_named(damaged: Settings) -> None:
    for kind in ("data", "meta"):
        shutil.rmtree(part(damaged) / USERS.format(kind) / "a/user/alice")

    report = watch_generation(damaged, None)

    assert [each.subject for each in found(report, "account-missing")] == ["alice@bluemind.loc"]


def test_a_folder_that_went_without_a_trace_is_a_loss(damaged: Settings) -> None:
    for kind in ("data", "meta"):
        shutil.rmtree(part(damaged) / USERS.format(kind) / "j/user/jdoe/Drafts")

    report = watch_generation(damaged, None)

    losses = [each for each in found(report, "folder-missing") if each.severity.value == "loss"]
    assert [each.subject for each in losses] == ["user/jdoe/Drafts@bluemind.loc"]


def test_a_message_file_that_went_from_beside_an_unchanged_index_is_seen(
    damaged: Settings,
) -> None:
    (part(damaged) / USERS.format("data") / "j/user/jdoe/Drafts/1.").unlink()

    report = watch_generation(damaged, None)

    (missing,) = found(report, "message-file-missing")
    assert missing.subject == "user/jdoe/Drafts@bluemind.loc"


def test_an_index_that_was_cut_is_seen(damaged: Settings) -> None:
    index = part(damaged) / USERS.format("meta") / "j/user/jdoe/Sent/cyrus.index"
    octets = index.read_bytes()
    index.unlink()  # not the same file as in the generations before
    index.write_bytes(octets[:-50])

    codes = {each.code for each in watch_generation(damaged, None).tally.kept}

    assert any(code.startswith("index-") for code in codes)


def test_a_partition_without_its_meta_is_said_as_a_whole(damaged: Settings) -> None:
    shutil.rmtree(part(damaged) / "var/spool/cyrus/meta/bluemind_loc")

    report = watch_generation(damaged, None)

    assert [each.subject for each in found(report, "meta-missing")] == ["partition bluemind_loc"]


def test_letters_and_databases_that_are_not_there_are_said(damaged: Settings) -> None:
    for kind in ("data", "meta"):
        shutil.rmtree(part(damaged) / USERS.format(kind) / "a")
    shutil.rmtree(part(damaged) / "var/lib/cyrus")

    codes = {each.code for each in watch_generation(damaged, None).tally.kept}

    assert {"letters-missing", "databases-missing", "account-missing"} <= codes


def test_figures_are_written_as_prometheus_reads_them(untouched: Settings, tmp_path: Path) -> None:
    file = tmp_path / "respool.prom"
    file.write_text("what stood there before")

    write_metrics(file, watch_generation(untouched, None))

    lines = file.read_text("utf-8").splitlines()
    assert file.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in tmp_path.iterdir()] == ["respool.prom"]
    assert 'respool_watch_findings{severity="loss"} 2' in lines
    assert "respool_backup_taken_timestamp_seconds 1732064400" in lines
    assert "respool_watch_success 1" in lines
    samples = [line for line in lines if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line) for line in samples)
    names = [line.split("{")[0].split(" ")[0] for line in samples]
    assert {line.split()[2] for line in lines if line.startswith("# TYPE")} == set(names)


def test_that_it_could_not_be_watched_is_a_figure_too(tmp_path: Path) -> None:
    write_metrics(tmp_path / "respool.prom", None)

    text = (tmp_path / "respool.prom").read_text()
    assert "respool_watch_success 0\n" in text
    assert "respool_watch_findings" not in text


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"respool\.prom cannot be written"):
        write_metrics(tmp_path / "nowhere" / "respool.prom", None)
