"""A plan file that is whole, agreed to and carried out as a run of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from respool.app.access_log import note_change, of_run
from respool.app.carrying_out import Conversation, carry_out
from respool.app.reached import Reached
from respool.app.settings import Settings
from respool.app.stored_runs import locked_text
from respool.app.wiring import STEP_KINDS
from respool.errors import Declined
from respool.model.dataclasses import dataclass
from respool.planning.codec import parse_head
from respool.planning.plan import PlanHead, PlanTail
from respool.runs.journal import Journal, RunJournal
from respool.system.durable import remove_directory
from respool.system.locks import exclusive
from respool.verification.report import NO_RUN, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A plan file that is whole, and the target that it is for.

    ``member`` is the batch that it belongs to, and which of it; None: it was asked for alone.
    """

    settings: Settings
    state: Path
    target: Reached
    file: Path
    tail: PlanTail
    member: tuple[int, int] | None = None

    def carry_out(self, conversation: Conversation) -> Receipt:
        """Ask, run, prove; the file moves into the run's directory.

        Where there is nothing to do nobody is asked, and there is no run; in a batch there is.

        Raises:
            Declined, Locked, SurveyChanged: nothing was changed.
            StepFailed, Interrupted: stopped part-way; ``changed`` says what was added.
        """
        head, target = head_of(self.file), self.target
        if head.is_nothing and self.member is None:
            return _nothing(head)
        if not conversation.agree(head):
            raise Declined("the answer was no")
        journal = Journal(self.state)
        try:
            with exclusive(target.lock_file(self.state, head), what=locked_text(head)):
                target.check_unchanged(self.settings, head, self.file)
                run = journal.begin(
                    self.file, self.tail, STEP_KINDS, now=datetime.now(UTC), member=self.member
                )
                self._note(journal, run, head)
                conversation.on_begin(run.number, head)
                receipt = carry_out(run, target, conversation)
            if receipt.untold is None:  # else its core is not asked once more
                target.settle(self.state, journal)
            return receipt
        finally:
            journal.close()

    def _note(self, journal: Journal, run: RunJournal, head: PlanHead) -> None:
        """Into the access log; a run that cannot be noted there is none."""
        try:
            note_change(self.settings, of_run("restore", run.number, head))
        except BaseException:
            journal.forget(run.number, is_to_begin_again=True)
            remove_directory(run.directory)
            raise


def _nothing(head: PlanHead) -> Receipt:
    return Receipt(
        run=NO_RUN, head=head, mailboxes=(), phases={}, left_to_do=(), findings=head.findings
    )


def head_of(file: Path) -> PlanHead:
    """The head of a plan file.

    Raises:
        PlanFileInvalid: there is none.
    """
    with file.open(encoding="ascii") as lines:
        return parse_head(lines.readline())
