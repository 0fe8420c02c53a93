"""``watch`` as people and monitoring see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from respool.app import watch
from respool.cli.main import app
from respool.errors import BackupNotFound, EndedBySignal, UsageError
from respool.exports.metrics import value_in
from tests.support import golden
from tests.support.small_spools import write_spool


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPOOL_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("TZ", "UTC")


def status(*words: str) -> object:
    return app(args=["watch", *words], prog_name="respool", standalone_mode=False)


def test_what_was_found_is_told_in_eighty_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backups = golden.unpack_dataprotect(tmp_path / "b")

    assert status("--backups", str(backups), "--prometheus", str(tmp_path / "r.prom")) == 3

    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "against generation 88, Tue 19 Nov 2024 01:00 UTC"
    assert "  user/alice@bluemind.loc: 5 messages, where generation 88 has 10" in lines
    assert max(map(len, lines)) <= 80
    assert (tmp_path / "r.prom").exists()


def test_a_quiet_night_is_said_in_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc"])
    (tmp_path / "var/lib/cyrus").mkdir(parents=True)
    (tmp_path / "var/lib/cyrus/mailboxes.db").write_text("b.loc!user.jdoe\t0 b_loc \n")

    assert status("--backups", str(tmp_path)) == 0

    assert "Quiet: nothing was found." in capsys.readouterr().out


@pytest.mark.parametrize("error", [RuntimeError("a mistake of ours"), EndedBySignal()])
def test_monitoring_learns_of_any_failure_and_when_it_went_well_last(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_spool(tmp_path / "b", ["user/jdoe@b.loc"])
    figures = tmp_path / "r.prom"
    words = ("--backups", str(tmp_path / "b"), "--prometheus", str(figures))
    status(*words)
    when = value_in(figures.read_text(), "respool_watch_last_success_timestamp_seconds")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(watch, "watch_folders", fail)
    with pytest.raises(BaseException, match=str(error) or None):
        status(*words)

    text = figures.read_text()
    assert when is not None
    assert value_in(text, "respool_watch_success") == 0
    assert value_in(text, "respool_watch_last_success_timestamp_seconds") == when
    assert (value_in(text, "respool_watch_run_timestamp_seconds") or 0) >= when


def test_settings_that_are_wrong_are_told_where_an_earlier_watch_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_spool(tmp_path / "b", ["user/jdoe@b.loc"])
    figures, other = tmp_path / "r.prom", tmp_path / "b" / "other.prom"
    other.write_text("of somebody")
    status("--backups", str(tmp_path / "b"), "--prometheus", str(figures))

    monkeypatch.setenv("RESPOOL_IMAP_PASSWORD_FILE", str(tmp_path / "nowhere"))
    for file in (figures, other):
        with pytest.raises(UsageError):
            status("--backups", str(tmp_path / "b"), "--prometheus", str(file))

    assert value_in(figures.read_text(), "respool_watch_success") == 0
    assert other.read_text() == "of somebody"


def test_monitoring_learns_that_there_is_no_backup(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(BackupNotFound):
        status("--backups", str(tmp_path / "empty"), "--prometheus", str(tmp_path / "r.prom"))

    assert "respool_watch_success 0" in (tmp_path / "r.prom").read_text()
