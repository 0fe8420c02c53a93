"""What commands about many accounts have in common at the terminal."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from respool.app.batch import BatchConversation
    from respool.app.batch_plan import BatchPlan, NoWish, PlannedMember
    from respool.app.batch_report import BatchReport
    from respool.app.settings import Settings
    from respool.app.undo import UndoConversation
    from respool.app.wish import Wish
    from respool.cli.options import PaceOptions
    from respool.cli.restore_options import Wishes
    from respool.cli.selecting import WhichMessages
    from respool.planning.plan import PlanHead
    from respool.runs.batches import Batch

_RUN: Final = re.compile(r"(batch:)?([0-9]{1,18})", re.ASCII)


def run_or_batch(text: str) -> tuple[int | None, int | None]:
    """The run, or the batch, that was typed: ``4`` or ``batch:2``.

    Raises:
        UsageError: neither.
    """
    from respool.errors import UsageError

    found = _RUN.fullmatch(text)
    if found is None:
        raise UsageError(f'"{text}" is no run', hint="a number, or batch:N; respool runs has them")
    number = int(found[2])
    return (None, number) if found[1] else (number, None)


def typed_wishes(
    settings: Settings,
    typed: tuple[str | None, ...],
    accounts: str | None,
    wishes: Wishes,
    which: WhichMessages,
    command: str,
) -> Wish | tuple[Wish | NoWish, ...]:
    """What is wished for one account, or for each of several.

    ``typed`` are an account and folders. Several are what ``accounts`` means (all words are
    folders then, the first one, too), or the accounts of a selection.

    Raises:
        UsageError, SelectionInvalid, BackupError: as `wishes_of`.
    """
    from respool.cli.restoring import chosen_wishes, wish_of

    if accounts is None:
        account, folders = typed[0], [each for each in typed[1:] if each is not None]
        if which.selection is None:
            return wish_of(account, folders, wishes, which, command=command)
        found = chosen_wishes(account, folders, wishes, which, command)
        return found[0] if len(found) == 1 else _of_chosen(found)
    from respool.app.batch_members import wishes_of
    from respool.errors import UsageError

    if which.selection is not None:
        raise UsageError(
            "--selection says itself whose messages: --accounts does not go with it",
            hint="leave --accounts out",
        )
    every = [each for each in typed if each is not None]
    template = wish_of("each", every, wishes, which, command=command)
    return wishes_of(settings, accounts, template)


def _of_chosen(found: tuple[Wish, ...]) -> tuple[Wish | NoWish, ...]:
    from respool.app.batch_members import wishes_of_chosen

    return wishes_of_chosen(found)


def is_of_several(plan: str) -> bool:
    """Whether a plan file holds more than one plan; one that cannot be read does not."""
    from pathlib import Path

    from respool.app.batch_plan import is_of_several as has_several

    try:
        return has_several(Path(plan))
    except OSError:
        return False


def restore_many(
    settings: Settings,
    many: tuple[Wish | NoWish, ...] | str,
    *,
    is_agreed: bool,
    has_details: bool,
    pace: PaceOptions,
    as_json: bool,
) -> int:
    """Restore what is wished for many accounts, or a plan file of several; the exit status."""
    from pathlib import Path

    from respool.app.batch import restore_batch, restore_batch_plan

    with batch_conversing(is_agreed=is_agreed, has_details=has_details, pace=pace) as conversation:
        report = (
            restore_batch_plan(settings, Path(many), conversation)
            if isinstance(many, str)
            else restore_batch(settings, many, conversation)
        )
    return show_batch_report(report, as_json=as_json)


def plan_many(
    settings: Settings,
    many: tuple[Wish | NoWish, ...],
    out: str | None,
    *,
    has_details: bool,
    as_json: bool,
) -> int:
    """Show what a restore of many accounts would do, or keep it as a file; the exit status.

    Accounts that could not be planned are told on standard error, too, where JSON is printed.
    """
    from pathlib import Path

    from respool.app.batch import batch_plan_lines, save_batch_plan
    from respool.cli.batch_text import batch_plan_text
    from respool.cli.output import print_note, print_text

    if as_json and out is None:
        with batch_plan_lines(settings, many) as (plan, lines):
            for line in lines:
                print_text(line)
        for each in plan.failed:
            print_note(f"{each.account}: {each.failure}")
    else:
        file = None if out is None else Path(out)
        plan = save_batch_plan(settings, many, file, planned_note(has_details=has_details))
        print_text(batch_plan_text(plan))
    return plan.exit_status


@contextmanager
def batch_conversing(
    *, is_agreed: bool, has_details: bool, pace: PaceOptions
) -> Iterator[BatchConversation]:
    """A conversation about many restores, on this terminal."""
    from respool.app.batch import BatchConversation
    from respool.cli.batch_text import batch_plan_text, batch_question
    from respool.cli.confirm import agreed
    from respool.cli.output import print_note
    from respool.cli.restoring import conversing

    def agree(plan: BatchPlan) -> bool:
        print_note(batch_plan_text(plan))
        return is_agreed or agreed(batch_question(plan))

    def on_member(account: str, number: int, count: int) -> None:
        print_note(f"[{number}/{count}] {account}")

    with conversing(is_agreed=is_agreed, has_details=False, pace=pace, is_silent=True) as alone:
        yield BatchConversation(
            on_planned=planned_note(has_details=has_details),
            agree=agree,
            on_member=on_member,
            alone=alone,
        )


class planned_note:  # noqa: N801 - called like a function
    """What is said of each account as it is planned: with ``has_details`` its whole plan."""

    def __init__(self, *, has_details: bool) -> None:
        self._has_details = has_details

    def __call__(self, member: PlannedMember, head: PlanHead | None) -> None:
        """``head`` is None where it could not be planned."""
        from respool.cli.output import print_note
        from respool.cli.restore_text import plan_text

        if self._has_details and head is not None:
            print_note(f"{member.account}\n{plan_text(head, has_details=True)}\n")


def resume_many(settings: Settings, batch: int, *, pace: PaceOptions, as_json: bool) -> int:
    """Go on with a batch; the exit status."""
    from respool.app.batch import resume_batch

    with batch_conversing(is_agreed=True, has_details=False, pace=pace) as conversation:
        report = resume_batch(settings, batch, conversation)
    return show_batch_report(report, as_json=as_json)


def undo_many(
    settings: Settings,
    batch: int,
    conversation: UndoConversation,
    *,
    is_forced: bool,
    is_agreed: bool,
) -> tuple[object, str, int]:
    """Take a batch back: its JSON, its screen and the exit status."""
    from respool.app.batch_back import undo_batch
    from respool.cli.batch_text import batch_undo_screen, batch_undo_text
    from respool.cli.confirm import agreed
    from respool.cli.output import print_note

    def agree(found: Batch) -> bool:
        print_note(batch_undo_text(found, is_forced=is_forced))
        return is_agreed or agreed(f"Take batch {found.number} back?")

    undone = undo_batch(settings, batch, agree, conversation, is_forced=is_forced)
    return undone.as_json(), batch_undo_screen(undone), undone.exit_status


def show_batch_report(report: BatchReport, *, as_json: bool) -> int:
    """The report on standard output; its exit status."""
    from respool.cli.batch_text import batch_screen
    from respool.cli.output import print_outcome

    sys.stderr.flush()
    print_outcome(report.as_json, lambda: batch_screen(report), as_json=as_json)
    return report.exit_status
