"""The receipt of a run, made of its journal, and the text of it that goes into a ticket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from respool.app.finishing import FinishingPlan, not_asked
from respool.app.receipt_text import receipt_text
from respool.app.receipts import Proofs, receipt_of
from respool.app.what_changed import what_changed
from respool.bluemind.families import Family
from respool.cyrus.files_as_records import with_files_only
from respool.finishing.steps import ConsolidateIndex, LastLook
from respool.planning.finishing import CONSOLIDATE, Finishing
from respool.planning.proof import ProveMailbox
from respool.runs.journal import Journal, RunJournal
from respool.runs.states import StepState
from respool.targets.spool.limits import Settled
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.steps import (
    BuildConversations,
    CopyMessages,
    RaiseQuota,
    SettleQuota,
    Subscribe,
)
from respool.verification.report import Receipt, Verdict, lost_findings
from tests.unit.app.journals import begun, do, journal_in, start
from tests.unit.targets.spool.plans import (
    INBOX,
    chosen,
    files_of,
    planned,
    planned_by,
    stored,
)

BY_OWNER: dict[str, Any] = {"by": "owner", "counts": {}, "differs": [], "messages_in_target": None}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with journal_in(tmp_path) as opened:
        yield opened


def proven(run: RunJournal, **notes: Any) -> None:  # noqa: ANN401 - as a proof notes them
    """Prove every folder, with as many messages as were planned."""
    wanted = [each for each in run.head().mailboxes if each.source_path is not None]
    for at, mailbox in enumerate(wanted):
        counts = {"expected": mailbox.messages, "proven": mailbox.messages}
        do(run, ProveMailbox, at, **{**BY_OWNER, **counts, **notes})


def receipt(run: RunJournal) -> Receipt:
    return receipt_of(run, phases={"restore": 1.0})


def text(run: RunJournal) -> str:
    return receipt_text(receipt(run), Path("/state/runs/1"))


def test_every_folder_that_came_from_the_backup_is_in_it_and_no_holder(
    journal: Journal, tmp_path: Path
) -> None:
    run = begun(journal, tmp_path, planned_by("in-place"))
    proven(run)

    found = receipt(run)

    assert [(each.target, each.proven) for each in found.mailboxes] == [("INBOX", 2), ("x/a", 1)]
    assert found.verdict is Verdict.PROVEN
    assert "left for you: nothing" in text(run)


def proofs_of(run: RunJournal) -> Proofs:
    """What every folder was proven by."""
    rows = [row for row in run.rows() if row.kind == ProveMailbox.kind]
    return {(row.kind, row.lane): run.receipt(row.number) or {} for row in rows}


def told_of(run_plan: SpoolPlan) -> FinishingPlan:
    """``run_plan`` into a BlueMind, which is told to bring its index up to it."""
    finishing = Finishing(
        family=Family.BM4,
        version="4.8.1",
        domain="b.loc",
        entry="U1",
        address="jdoe@b.loc",
        work=(CONSOLIDATE,),
    )
    head = replace(run_plan.head, finishing=finishing)
    return FinishingPlan(head=head, restoring=run_plan, root=INBOX)


def test_where_bluemind_alone_was_not_told_the_verdict_is_that_of_the_mail(
    journal: Journal, tmp_path: Path
) -> None:
    run = begun(journal, tmp_path, told_of(planned_by("in-place")))  # type: ignore[arg-type]
    for row in run.rows():
        if row.kind not in {ProveMailbox.kind, ConsolidateIndex.kind, LastLook.kind}:
            run.record(row.number, StepState.STARTED, before={})
            run.record(row.number, StepState.DONE, receipt={})
    number = start(run, ConsolidateIndex)
    run.record(number, StepState.FAILED, error={"what": "it cannot", "why": None})
    assert receipt(run).untold is None

    proven(run)

    for found in (receipt(run), receipt_of(run, phases={}, proofs=proofs_of(run))):
        assert (found.verdict, found.differs_count) == (Verdict.PROVEN, 0)
        (left,) = found.left_to_do
        assert left.startswith("respool resume 1: ")
        assert found.as_json()["finishing"]["untold"] == "it cannot"
    assert "all mail is proven and in sight; BlueMind was not told of all of it" in text(run)
    assert what_changed(run).endswith("BlueMind was not told of all (run 1)")


def test_that_a_core_which_was_named_was_not_told_is_left_for_a_person(
    journal: Journal, tmp_path: Path
) -> None:
    """Nothing else says that the server is BlueMind's: there is no finishing at all."""
    plan = planned_by("in-place")
    head = replace(plan.head, findings=(*plan.head.findings, not_asked("nobody answers\nthere")))
    run = begun(journal, tmp_path, replace(plan, head=head))
    proven(run)

    (left,) = receipt(run).left_to_do

    assert left.startswith("BlueMind was not told: ")
    assert left.endswith("nobody answers there")


def test_a_limit_that_stays_raised_is_said_until_it_is_put_back(
    journal: Journal, tmp_path: Path
) -> None:
    run = begun(journal, tmp_path, planned_by("beside", is_raising=True))
    do(run, RaiseQuota)
    proven(run)
    said = f"quota       MESSAGE of {INBOX} is RAISED from 8 to 11"

    assert said in text(run)
    do(run, SettleQuota, settled=Settled.YES.value)
    assert receipt(run).raised == ()
    assert "RAISED" not in text(run)


def test_what_the_backup_had_lost_comes_out_when_it_is_copied(
    journal: Journal, tmp_path: Path
) -> None:
    run = begun(journal, tmp_path, planned_by("beside"))
    do(run, CopyMessages, lost={"2": "guid-differs: the file's octets are others"})
    do(run, ProveMailbox, 0, **{**BY_OWNER, "expected": 2, "proven": 2})
    do(run, ProveMailbox, 1, **{**BY_OWNER, "expected": 0, "proven": 0})

    found = receipt(run)

    assert found.verdict is Verdict.INCOMPLETE
    assert [(each.code, each.uid) for each in found.losses] == [("guid-differs", 2)]
    assert "INBOX 2: guid-differs, the file's octets are others" in text(run)


def test_a_restore_without_metadata_says_so_of_itself_and_of_each_folder(
    journal: Journal, tmp_path: Path
) -> None:
    files = with_files_only(stored(0, orphans=files_of(1, 2), has_index=False))
    folder = chosen("INBOX", files.records, findings=files.findings, has_index=False)
    run = begun(journal, tmp_path, planned([folder], request={"is_without_metadata": True}))
    proven(run)

    found = text(run)

    assert "metadata    none was used: no flags or keywords, dates of the files" in found
    assert "INBOX -> restored, without metadata" in found


@pytest.mark.parametrize(("way", "is_said"), [("beside", True), ("onto-a-share", False)])
def test_only_an_owner_can_be_missed_when_the_administrator_reads_back(
    journal: Journal,
    tmp_path: Path,
    way: str,
    is_said: bool,  # noqa: FBT001 - a table
) -> None:
    """A mailshare has none."""
    run = begun(journal, tmp_path, planned_by(way))
    proven(run, by="administrator")

    assert ("the owner cannot log in" in text(run)) is is_said


def test_what_could_not_be_finished_is_left_for_a_person(journal: Journal, tmp_path: Path) -> None:
    run = begun(journal, tmp_path, planned_by("beside", has_conversations=True))
    do(run, BuildConversations, status=75, said="no database")
    proven(run)
    do(run, Subscribe, userid="jdoe@b.loc", subscribed=None, why="he may not log in")

    assert receipt(run).left_to_do == (
        "subscribe the owner to 1 new folders: he may not log in",
        "building conversations (ctl_conversationsdb -b) failed: no database",
    )


def test_a_folder_that_stays_closed_to_its_owner_is_no_proven_restore(
    journal: Journal, tmp_path: Path
) -> None:
    run = begun(journal, tmp_path, planned_by("beside"))
    proven(run)
    do(
        run,
        Subscribe,
        userid="jdoe@b.loc",
        subscribed=None,
        closed="INBOX/restored",
        why="permission denied",
    )

    assert receipt(run).closed == ("INBOX/restored",)
    assert receipt(run).verdict is Verdict.DIFFERS


def test_a_run_that_was_cut_off_is_never_proven_by_a_later_look(
    journal: Journal, tmp_path: Path
) -> None:
    """All its mail reads back, but nobody has his rights yet."""
    run = begun(journal, tmp_path, planned_by("onto-a-share"))
    proven(run)

    found = receipt_of(run, phases={}, proofs=proofs_of(run))

    assert found.verdict is Verdict.DIFFERS
    assert any("was cut off" in each for each in found.left_to_do)


def test_a_backup_that_lacks_nothing_is_not_called_incomplete_where_the_server_refused(
    journal: Journal, tmp_path: Path
) -> None:
    run = begun(journal, tmp_path, planned_by("in-place"))
    proven(run)
    clean = receipt(run)
    first = replace(clean.mailboxes[0], lost={"1": "message-refused: no"})
    found = replace(clean, mailboxes=(first,), findings=lost_findings(first))

    said = receipt_text(found, tmp_path)

    assert said.startswith("respool, run 1: PROVEN, THE SERVER REFUSED SOME\n")
    assert "lost already" not in said
    assert found.verdict is Verdict.INCOMPLETE


def test_the_name_of_a_folder_forges_no_line_and_rules_no_terminal(
    journal: Journal, tmp_path: Path
) -> None:
    run = begun(journal, tmp_path, planned_by("in-place"))
    proven(run)
    clean = receipt(run)
    first = replace(clean.mailboxes[0], source="a\nleft for you: nothing\x1b[2J")

    said = receipt_text(replace(clean, mailboxes=(first,)), tmp_path)

    assert "a\\nleft for you: nothing\\x1b[2J -> INBOX" in said
    assert "\x1b" not in said
