"""Directories of one account, as they are typed: ``--data``, ``--meta``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_reading import JDOE, refused, respool
from tests.support import golden
from tests.support.staging import Staging, stage_mailshare, stage_user
from tests.support.trees import unchanged
from tests.support.truth import read_truth

VERSION = "3.0.18"


@pytest.fixture(scope="module")
def spool(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return golden.unpack_spool(VERSION, tmp_path_factory.mktemp("spool"))


@pytest.fixture(scope="module")
def jdoe(spool: Path, tmp_path_factory: pytest.TempPathFactory) -> Staging:
    return stage_user(spool, tmp_path_factory.mktemp("stage"), "jdoe")


def shown(*words: str) -> dict[str, Any]:
    done = respool(*words, "--json")
    assert done.returncode == 0, done.stderr.decode()
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def test_show_says_of_staged_directories_what_the_server_said(jdoe: Staging) -> None:
    boxes = read_truth(VERSION).of_user(JDOE)

    with unchanged(jdoe.data[0].parent):
        found = shown("show", JDOE, *jdoe.options())

    assert (found["account"], found["kind"], found["generation"]) == (JDOE, "user", "undated")
    assert {each["name"]: (each["messages"], each["unseen"]) for each in found["mailboxes"]} == {
        f"{box.name}": (len(box.messages), sum("\\Seen" not in m.flags for m in box.messages))
        for box in boxes
    }


def test_show_puts_a_mailshare_together_from_its_letters(spool: Path, tmp_path: Path) -> None:
    contact = stage_mailshare(spool, tmp_path, "contact")

    found = shown("show", "contact@bluemind.loc", *contact.options())

    assert found["kind"] == "mailshare"
    assert {"INBOX", "Archives", "Été", "restored", "zzz/inner"} <= {
        each["path"] for each in found["mailboxes"]
    }


def test_a_message_comes_from_data_alone(jdoe: Staging) -> None:
    done = respool("cat", JDOE, "INBOX", "3", *jdoe.options(has_meta=False))

    assert done.returncode == 0
    assert done.stdout == (jdoe.data[0] / "3.").read_bytes()


def test_backups_says_what_was_recognised(jdoe: Staging) -> None:
    found = shown("backups", *jdoe.options())

    (generation,) = found["generations"]
    data, meta = jdoe.data[0], jdoe.meta[0]
    assert found["description"] == f"directories of one account: data {data}, meta {meta}"
    assert (found["kind"], found["backups"]) == ("staged", str(data.parent))
    assert (generation["label"], generation["state"]) == ("undated", "undated")
    assert (generation["is_about"], generation["accounts"]) == (True, 1)


@pytest.mark.parametrize("command", ["show", "plan", "restore"])
def test_options_that_do_not_fit_are_refused(command: str, jdoe: Staging) -> None:
    data, meta = str(jdoe.data[0]), str(jdoe.meta[0])

    errors = [
        refused(2, command, JDOE, "--data", data, "--backups", "/b"),
        refused(2, command, JDOE, "--meta", meta),
        refused(2, command, JDOE, "--archive", meta),
    ]

    assert [each["error"] for each in errors] == ["usage"] * 3


def test_a_directory_that_is_not_there_is_named(jdoe: Staging) -> None:
    error = refused(10, "show", JDOE, "--data", str(jdoe.data[0]), "--meta", "/nowhere/jdoe-meta")

    assert error["error"] == "backup-not-found"
    assert "/nowhere/jdoe-meta" in error["what"]


@pytest.mark.parametrize(
    "words",
    [("--in-place", "--into", "old"), ("--same-person", "--other-person")],
    ids=["in-place-into", "both-persons"],
)
def test_wishes_that_contradict_each_other_are_refused(words: tuple[str, ...]) -> None:
    for command in ("plan", "restore"):
        assert "exclude each other" in refused(2, command, JDOE, *words)["what"]


def test_a_wish_beside_a_plan_file_is_refused() -> None:
    error = refused(2, "restore", "--plan", "/nowhere.plan", "--raise-quota")

    assert "exactly that plan" in error["what"]
