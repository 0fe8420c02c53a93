from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from respool.errors import JournalError, RunNotFound
from respool.planning.plan import PlanTail
from respool.planning.step import Step
from respool.runs.database import SCHEMA_VERSION, Database, schema_script
from respool.runs.journal import Journal, RunJournal
from respool.runs.states import ALLOWED, RunState, StepState
from tests.support.memory_steps import MEMORY_KINDS, AddMessages, CountAccount, MakeMailbox
from tests.unit.planning.plans import HEAD, message
from tests.unit.runs.runs import NOW, begin, quick, write_plan

STEPS: tuple[Step, ...] = (
    MakeMailbox(lane="", mailbox="a"),
    AddMessages(lane="a", messages=(message(1), message(2))),
    AddMessages(lane="b", messages=(message(1),)),
    AddMessages(lane="a", messages=(message(3),)),
    CountAccount(lane=""),
)
TAIL = PlanTail(steps=2, messages=0, digest="")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(quick(Journal(tmp_path))) as opened:
        yield opened


@pytest.fixture
def run(journal: Journal, tmp_path: Path) -> RunJournal:
    return begin(journal, tmp_path, STEPS)


def said(run: RunJournal) -> list[object]:
    """All that a journal says of a run."""
    numbers = range(len(STEPS))
    return [
        run.head(),
        run.rows(),
        [run.before(number) for number in numbers],
        [run.receipt(number) for number in numbers],
        run.receipts_of_lane(""),
    ]


def carried_out_in_part(run: RunJournal) -> None:
    run.record(0, StepState.STARTED, before={"existed": False})
    run.record(0, StepState.DONE, receipt={"uniqueid": "\u00e9t\u00e9"})
    run.record(1, StepState.STARTED, before={"count": 0})
    run.record(1, StepState.FAILED, error={"error": "step-failed"})
    run.record(2, StepState.STARTED, before={"count": 5})


def set_state(run: RunJournal, number: int, state: StepState) -> None:
    run._database.write("UPDATE step SET state = ? WHERE number = ?", (state, number))


def test_a_new_run_takes_the_plan_and_every_step_waits(run: RunJournal, tmp_path: Path) -> None:
    assert run.number == 1
    assert run.directory == tmp_path / "runs" / "1"
    assert not (tmp_path / "new.jsonl").exists()
    assert run.head() == HEAD
    assert [(row.number, row.lane, row.kind) for row in run.rows()] == [
        (number, step.lane, step.kind) for number, step in enumerate(STEPS)
    ]
    assert {row.state for row in run.rows()} == {StepState.WAITING}


def test_every_step_is_given_as_it_stands_in_the_plan(run: RunJournal) -> None:
    assert tuple(run.step(number) for number in range(len(STEPS))) == STEPS
    assert list(run.steps_of_lane("a")) == [(1, STEPS[1]), (3, STEPS[3])]
    assert list(run.steps_of_lane("nowhere")) == []


@pytest.mark.parametrize("now", StepState)
def test_only_the_changes_of_the_table_are_recorded(run: RunJournal, now: StepState) -> None:
    """What is refused leaves the step as it stood."""
    taken = set()
    for wanted in StepState:
        set_state(run, 1, now)
        try:
            run.record(1, wanted, receipt={"to": wanted})
        except JournalError:
            assert run.state(1) is now
        else:
            assert run.state(1) is wanted
            taken.add((now, wanted))

    assert taken == {change for change in ALLOWED if change[0] is now}


def test_what_was_noted_before_stays_when_a_step_is_started_again(run: RunJournal) -> None:
    """It is how things stood before the first attempt, not between two."""
    carried_out_in_part(run)

    run.record(1, StepState.STARTED)

    assert run.before(1) == {"count": 0}


def test_a_step_that_is_not_done_has_no_receipt(run: RunJournal) -> None:
    """A failure is noted, but it is not what the step did."""
    carried_out_in_part(run)

    assert [run.receipt(number) is not None for number in range(len(STEPS))] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert run.receipts_of_lane("") == [(MakeMailbox.kind, run.receipt(0))]


def test_a_journal_that_is_opened_again_says_the_same(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        run = begin(journal, tmp_path, STEPS)
        carried_out_in_part(run)
        before = said(run)

    with closing(Journal(tmp_path)) as again:
        assert said(again.run(1, MEMORY_KINDS)) == before


def test_what_was_recorded_is_in_the_files_at_once(run: RunJournal, tmp_path: Path) -> None:
    """A copy of the files, taken without closing anything, says the same."""
    carried_out_in_part(run)

    copy = shutil.copytree(tmp_path, tmp_path.with_name("copy"))

    with closing(Journal(copy)) as again:
        assert said(again.run(1, MEMORY_KINDS)) == said(run)


def test_every_record_waits_for_the_disk(tmp_path: Path) -> None:
    """WAL with FULL: a write that returned outlives a power cut."""
    with closing(Journal(tmp_path)) as journal:
        database = journal._database
        assert database.one("PRAGMA journal_mode", ()) == ("wal",)
        assert database.one("PRAGMA synchronous", ()) == (2,)


def test_the_plan_is_on_disk_before_the_journal_speaks_of_it(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file, its name, and the name of its directory."""
    flushed: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.add(os.fstat(descriptor).st_ino))

    directory = begin(journal, tmp_path, STEPS).directory

    wanted = (directory / "plan.jsonl", directory, directory.parent)
    assert {path.stat().st_ino for path in wanted} <= flushed


def test_runs_are_numbered_one_after_the_other_and_kept_apart(
    journal: Journal, tmp_path: Path
) -> None:
    first, second = begin(journal, tmp_path, STEPS), begin(journal, tmp_path, STEPS[:1])

    first.record(0, StepState.STARTED)

    assert (first.number, second.number) == (1, 2)
    assert second.state(0) is StepState.WAITING
    assert len(second.rows()) == 1


def test_a_run_that_could_not_begin_leaves_no_trace_and_the_next_one_can(
    journal: Journal, tmp_path: Path
) -> None:
    """As after a kill in the midst of it: the directory is there, the run is not."""
    twice = [MakeMailbox(lane="", mailbox="a")]
    file = write_plan(tmp_path, twice)
    lines = file.read_text("ascii").splitlines()
    file.write_text("\n".join([lines[0], lines[1], lines[1], lines[2], ""]), "ascii")
    with pytest.raises(JournalError):
        journal.begin(file, TAIL, MEMORY_KINDS, now=NOW)
    with pytest.raises(RunNotFound):
        journal.run(1, MEMORY_KINDS)

    run = begin(journal, tmp_path, STEPS)

    assert tuple(run.step(number) for number in range(len(STEPS))) == STEPS


def test_a_run_that_nobody_began_is_not_found(journal: Journal) -> None:
    with pytest.raises(RunNotFound, match="no run 7"):
        journal.run(7, MEMORY_KINDS)


def test_a_step_that_the_run_does_not_have_is_refused(run: RunJournal) -> None:
    for ask in (run.step, run.state, run.before, run.receipt):
        with pytest.raises(JournalError, match="no step 99"):
            ask(99)


def test_how_a_run_ended_is_noted(run: RunJournal) -> None:
    run.mark(RunState.STOPPED, ended_at=NOW)

    row = run._database.one("SELECT state, ended_at, account FROM run", ())
    assert row == ("stopped", "2026-03-02T01:00:00+00:00", "jdoe@b.loc")


def test_a_journal_of_a_later_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")

    with pytest.raises(JournalError, match="a later version"):
        Journal(tmp_path)

    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"not a database at all, but long enough" * 40)

    with pytest.raises(JournalError, match="cannot be used"):
        Journal(tmp_path)


def test_a_journal_without_its_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be used"):
        Journal(tmp_path / "nowhere")


def test_a_later_look_replaces_the_receipt_of_a_step_that_is_done(
    journal: Journal, run: RunJournal
) -> None:
    """And of no other: what waits or failed has said nothing that could be newer."""
    carried_out_in_part(run)

    for number in (0, 1, 2, 3):
        journal.amend(run.number, number, {"settled": "yes"})

    assert [run.receipt(number) for number in range(4)] == [{"settled": "yes"}, None, None, None]
    assert [row.state for row in run.rows()][:2] == [StepState.DONE, StepState.FAILED]
    assert run.receipts_of_lane("") == [(MakeMailbox.kind, {"settled": "yes"})]


def test_a_run_is_overtaken_by_a_later_one_that_has_begun_to_work_on_its_mailbox(
    journal: Journal, run: RunJournal, tmp_path: Path
) -> None:
    """Of the same target; and not before it has begun there."""
    later = begin(journal, tmp_path, STEPS)
    elsewhere = begin(journal, tmp_path, STEPS, head=replace(HEAD, target="jdoe@b.loc elsewhere"))
    elsewhere.record(2, StepState.STARTED)
    run.record(1, StepState.STARTED)
    assert "a" not in run.overtaken

    later.record(1, StepState.STARTED)

    assert [lane in run.overtaken for lane in ("a", "b")] == [True, False]
    assert "a" not in later.overtaken


def test_a_journal_whose_making_was_cut_off_is_made_by_the_next_command(tmp_path: Path) -> None:
    """Its tables come all at once, or not at all."""
    script = schema_script(1)
    statements = [each for each in script.split(";\n") if each.strip()]
    for count in range(1, len(statements)):
        state = tmp_path / str(count)
        state.mkdir()
        with closing(sqlite3.connect(state / "journal.db", isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(";\n".join(statements[:count]) + ";")

        assert begin(Journal(state), state, STEPS).number == 1


def test_a_journal_that_is_damaged_while_it_is_open_says_so(tmp_path: Path) -> None:
    database = Database(tmp_path / "journal.db")
    with database.transaction() as cursor:
        cursor.execute("DROP TABLE step")

    with pytest.raises(JournalError, match="cannot be read"):
        database.all("SELECT * FROM step", ())
