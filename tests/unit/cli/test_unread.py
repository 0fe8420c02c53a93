"""A command whose reader has gone says by its status how it ended, as it else would."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from respool.cli import main
from respool.cli.standard_streams import MessageStream
from tests.support import golden

ALICE = "alice@bluemind.loc"
LACKED, FOUND, LEFT = 3, 3, 21


class Gone(io.StringIO):
    """What nobody reads any more."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


@pytest.fixture(scope="module")
def backups(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup that lacks a message of ALICE."""
    root = golden.unpack_dataprotect(tmp_path_factory.mktemp("backups"))
    (lost,) = root.glob("**/1234/**/data/**/user/alice/4.")
    lost.unlink()
    return root


@pytest.fixture(autouse=True)
def _machine(backups: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPOOL_BACKUPS", str(backups))
    monkeypatch.setenv("RESPOOL_IMAPD_CONF", str(tmp_path / "none.conf"))
    monkeypatch.setenv("RESPOOL_STATE", str(tmp_path / "state"))


def status(monkeypatch: pytest.MonkeyPatch, *words: str) -> object:
    monkeypatch.setattr(sys, "argv", ["respool", *words])
    with pytest.raises(SystemExit) as caught:
        main.main()
    return caught.value.code


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_export_of_a_backup_that_lacks_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Gone())
    made = status(monkeypatch, "export", ALICE, str(tmp_path / "mail"), "--yes", *form)

    assert made == LACKED
    assert (tmp_path / "mail" / "manifest.json").exists()
    assert status(monkeypatch, "verify", "1", *form) == LACKED


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_batch_of_accounts_one_of_which_lacks_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: list[str]
) -> None:
    accounts, place = tmp_path / "accounts", tmp_path / "mail"
    accounts.write_text(f"{ALICE}\n1digit@bluemind.loc\n")
    place.mkdir()
    words = ["--accounts", str(accounts), "--to", f"maildir:{place}", "--yes"]

    monkeypatch.setattr(sys, "stdout", Gone())
    assert status(monkeypatch, "restore", *words, *form) == LACKED
    assert len([*place.iterdir()]) == 2


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("run", ["1", "batch:1"])
def test_an_undo_that_leaves_what_somebody_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: str, form: list[str]
) -> None:
    accounts, place = tmp_path / "accounts", tmp_path / "mail"
    accounts.write_text(f"{ALICE}\n")
    place.mkdir()
    words = ["--accounts", str(accounts), "--to", f"maildir:{place}", "--yes"]
    assert status(monkeypatch, "restore", *words) == LACKED
    touched = next(place.glob("**/cur/*"))
    touched.write_bytes(b"mine\n")

    monkeypatch.setattr(sys, "stdout", Gone())
    assert status(monkeypatch, "undo", run, "--yes", *form) == LEFT
    assert touched.read_bytes() == b"mine\n"


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize(
    "words", [["check", ALICE, "--jobs", "1"], ["diff", ALICE, "89", "-g", "87"], ["doctor"]]
)
def test_what_looked_and_found_something(
    monkeypatch: pytest.MonkeyPatch, words: list[str], form: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Gone())
    assert status(monkeypatch, *words, *form) == FOUND


def test_a_restore_goes_on_where_nobody_hears_its_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --yes it was agreed to, and 0 would say that all is there: ``… 2>&1 | head -1``."""
    with Path("/dev/full").open("wb") as full:
        raw = MessageStream(full.fileno(), "w", closefd=False)
        monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BufferedWriter(raw)))

        assert status(monkeypatch, "export", ALICE, str(tmp_path / "mail"), "--yes") == LACKED
    assert (tmp_path / "mail" / "manifest.json").exists()
