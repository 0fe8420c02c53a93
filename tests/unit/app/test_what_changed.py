from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from respool.app.what_changed import _elsewhere, what_changed
from respool.app.where import TargetKind
from respool.runs.journal import Journal
from respool.runs.states import StepState
from respool.targets.spool.steps import (
    AdoptMailbox,
    CopyMessages,
    CreateAccount,
    CreateMailbox,
    GiveRights,
    RaiseQuota,
    WriteIndex,
)
from tests.unit.app.journals import begun, do, fail, journal_in, start
from tests.unit.targets.spool.plans import INBOX, planned_by

NOTHING = "NOTHING WAS CHANGED"
BEGINNINGS = ("NOTHING THAT WAS LIVE WAS CHANGED; ", "NO MESSAGE THAT WAS LIVE WAS CHANGED; ")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with journal_in(tmp_path) as opened:
        yield opened


def added(found: str) -> str:
    """What is said besides that nothing live was changed."""
    (beginning,) = (each for each in BEGINNINGS if found.startswith(each))
    return found.removeprefix(beginning).removesuffix(" (run 1)")


@pytest.mark.parametrize("way", ["beside", "in-place", "created", "onto-a-share"])
def test_a_run_that_did_nothing_changed_nothing(
    journal: Journal, tmp_path: Path, way: str
) -> None:
    run = begun(journal, tmp_path, planned_by(way, is_raising=True))

    assert what_changed(run) == NOTHING


def test_a_folder_that_was_begun_is_hidden_until_it_has_its_rights(
    journal: Journal, tmp_path: Path
) -> None:
    run = begun(journal, tmp_path, planned_by("beside"))

    fail(run, CreateMailbox)
    assert added(what_changed(run)) == "the new folder restored may stand there, empty"
    do(run, CreateMailbox, 1)
    hidden = "the new folder restored was begun and is hidden from the owner"
    assert added(what_changed(run)) == hidden
    do(run, CopyMessages)
    assert added(what_changed(run)) == hidden
    start(run, GiveRights)
    assert added(what_changed(run)) == hidden.replace("hidden from", "partly in sight of")


def test_an_account_that_was_created_is_said_and_one_that_may_have_been(
    journal: Journal, tmp_path: Path
) -> None:
    plan = planned_by("created")
    cut = begun(journal, tmp_path, plan)
    start(cut, CreateAccount)
    whole = begun(journal, tmp_path, plan)
    do(whole, CreateAccount)

    assert added(what_changed(cut)) == "the account jdoe@b.loc may have been created"
    assert "the account jdoe@b.loc was created (run 2)" in what_changed(whole)


def test_a_live_folder_is_filled_in_place_from_its_index_on(
    journal: Journal, tmp_path: Path
) -> None:
    """Copies that wait beside it are none of its messages."""
    run = begun(journal, tmp_path, planned_by("in-place"))
    waits = "copies wait there under names that no mail program sees"

    do(run, AdoptMailbox)
    assert what_changed(run) == NOTHING
    do(run, CopyMessages)
    assert added(what_changed(run)) == f"1 folder was begun: {waits}"
    do(run, WriteIndex)
    assert added(what_changed(run)) == "1 folder was filled in place"


def test_in_place_new_folders_and_filled_ones_are_told_apart(
    journal: Journal, tmp_path: Path
) -> None:
    run = begun(journal, tmp_path, planned_by("in-place"))

    do(run, CreateMailbox)
    do(run, WriteIndex)
    do(run, WriteIndex, 1)

    assert added(what_changed(run)) == (
        "1 folder was filled in place; new folders were begun and are hidden from the owner"
    )


def test_a_raised_limit_is_said_even_if_it_is_all_that_was_done(
    journal: Journal, tmp_path: Path
) -> None:
    run = begun(journal, tmp_path, planned_by("beside", is_raising=True))

    do(run, RaiseQuota)

    assert added(what_changed(run)) == f"the MESSAGE limit of {INBOX} is raised"


def test_a_run_that_is_done_is_whole_and_one_that_was_taken_back_changed_nothing(
    journal: Journal, tmp_path: Path
) -> None:
    run = begun(journal, tmp_path, planned_by("beside"))
    for row in run.rows():
        run.record(row.number, StepState.STARTED, before={})
        run.record(row.number, StepState.DONE, receipt={})
    assert added(what_changed(run)).endswith("is whole and in sight of the owner")
    for row in run.rows():
        run.record(row.number, StepState.UNDOING)
        run.record(row.number, StepState.UNDONE)

    assert what_changed(run) == NOTHING


def test_a_member_of_a_batch_without_a_step_changed_nothing() -> None:
    head: Any = SimpleNamespace(target_kind=TargetKind.IMAP, into="back", where="imaps://b.loc")
    assert list(_elsewhere(head, ())) == []
