"""What the commands plan, restore and verify have in common at the terminal."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from respool.errors import EndedBySignal

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path
    from types import FrameType

    from respool.app.carrying_out import Conversation
    from respool.app.selection import Wanted
    from respool.app.undo import UndoConversation
    from respool.app.wish import Wish
    from respool.cli.options import PaceOptions
    from respool.cli.restore_options import Wishes
    from respool.cli.selecting import WhichMessages
    from respool.model.conditions import Conditions
    from respool.planning.chosen_lines import ChosenGroup
    from respool.planning.plan import PlanHead
    from respool.planning.request import Person
    from respool.verification.report import Receipt


def is_wishing(*groups: Wishes | WhichMessages) -> bool:
    """Whether any of these options was given."""
    from respool.cli.option_groups import values_of

    return any(value for group in groups for value in values_of(group).values())


def wish_of(
    account: str | None,
    folders: list[str] | None,
    wishes: Wishes,
    which: WhichMessages | None = None,
    *,
    command: str,
) -> Wish:
    """What was typed, as one value; of what was chosen, the selection is read.

    Raises:
        UsageError: no account, or options that contradict each other.
    """
    from respool.cli.selecting import WhichMessages, messages_of

    which = which or WhichMessages()
    _check(account, wishes, which, command)
    wanted, conditions, chosen = messages_of(which, _named(account, folders, wishes, command))
    return _wish(wanted, conditions, chosen, wishes)


def chosen_wishes(
    account: str | None,
    folders: list[str] | None,
    wishes: Wishes,
    which: WhichMessages,
    command: str,
) -> tuple[Wish, ...]:
    """What was typed, of each account that the selection has messages of.

    Raises:
        UsageError, SelectionInvalid.
    """
    from respool.cli.selecting import chosen_by_account
    from respool.model.conditions import Conditions

    _check(account, wishes, which, command)
    found = chosen_by_account(which, _named(account, folders, wishes, command))
    return tuple(_wish(wanted, Conditions(), group, wishes) for wanted, group in found)


def _named(account: str | None, folders: list[str] | None, wishes: Wishes, command: str) -> Wanted:
    from respool.app.selection import Wanted
    from respool.cli.state_wishes import generation_of

    return Wanted(
        account=account or "",
        folders=tuple(folders or ()),
        generation=generation_of(wishes),
        command=command,
    )


def _wish(
    wanted: Wanted, conditions: Conditions, chosen: ChosenGroup | None, wishes: Wishes
) -> Wish:
    from respool.app.wish import Wish
    from respool.cli.state_wishes import conflict_of, state_wish_of

    return Wish(
        wanted=wanted,
        conditions=conditions,
        chosen=chosen,
        to=wishes.to,
        as_user=wishes.as_user,
        domain_map=_domain_map(wishes.map_domain or ()),
        is_mending_line_ends=wishes.mend_line_ends,
        into=wishes.into,
        renames=tuple(wishes.rename or ()),
        is_without_metadata=wishes.without_metadata,
        has_expunged=wishes.include_expunged,
        person=_person(wishes),
        is_creating_account=wishes.create_account,
        is_in_place=wishes.in_place,
        is_only_missing=wishes.only_missing,
        on_conflict=conflict_of(wishes),
        is_raising_quota=wishes.raise_quota,
        is_without_seen=wishes.no_seen,
        is_without_annotations=wishes.no_annotations,
        is_without_finishing=wishes.no_finishing,
        remove_after=_age(wishes.remove_after),
        is_rehearsal=wishes.rehearse,
        state_only=state_wish_of(wishes),
        note=wishes.note,
    )


def _check(account: str | None, wishes: Wishes, which: WhichMessages, command: str) -> None:
    """See that what was typed goes together."""
    from respool.errors import UsageError

    if account is None and which.selection is None:
        raise UsageError("no account was named", hint=f"respool {command} jdoe@example.org")
    in_place = wishes.in_place or wishes.only_missing
    if in_place and wishes.into is not None:
        option = "--only-missing" if wishes.only_missing else "--in-place"
        raise UsageError(
            f"{option} and --into exclude each other",
            why="in place there is no new folder that could have a name",
        )
    if wishes.rehearse and (in_place or wishes.remove_after is not None):
        raise UsageError(
            "--rehearse goes with neither --in-place nor --remove-after",
            why="a rehearsal takes a folder of its own, and takes it back at once",
        )
    if wishes.state_only is not None and is_wishing(which):
        raise UsageError(
            "--state-only is of whole folders",
            why="it takes no conditions, and no selection",
        )


def _domain_map(typed: Iterable[str]) -> dict[str, str]:
    from respool.errors import UsageError

    found: dict[str, str] = {}
    for each in typed:
        old, equals, new = (part.strip() for part in each.partition("="))
        if not (old and equals and new) or found.setdefault(old, new) != new:
            raise UsageError(
                f'--map-domain "{each}" is no OLD=NEW, or a second one',
                hint="--map-domain example.org=example.com",
            )
    return found


def _age(text: str | None) -> timedelta | None:
    from respool.errors import UsageError
    from respool.model.ages import parse_age

    try:
        return None if text is None else parse_age(text)
    except ValueError as error:
        raise UsageError(str(error), hint="--remove-after 14d") from error


def _person(wishes: Wishes) -> Person | None:
    from respool.errors import UsageError
    from respool.planning.request import Person

    if wishes.same_person and wishes.other_person:
        raise UsageError("--same-person and --other-person exclude each other")
    if wishes.same_person:
        return Person.SAME
    return Person.OTHER if wishes.other_person else None


@contextmanager
def conversing(
    *, is_agreed: bool, has_details: bool, pace: PaceOptions, is_silent: bool = False
) -> Iterator[Conversation]:
    """A conversation about a restore, on this terminal; signals as `_stopping` says.

    ``is_silent``: the plan was shown and agreed to before.
    """
    from respool.app.carrying_out import Conversation
    from respool.cli.confirm import agreed
    from respool.cli.output import print_note
    from respool.cli.progress import bar
    from respool.cli.restore_text import plan_text
    from respool.cli.target_text import question
    from respool.system.pace import Pace, default_jobs

    def agree(head: PlanHead) -> bool:
        if is_silent:
            return True
        print_note(plan_text(head, has_details=has_details))
        return is_agreed or agreed(question(head))

    with bar() as drawn, _stopping() as stopping:

        def begin(_run: int, head: PlanHead) -> None:
            drawn.begin(head)
            stopping.begin()

        yield Conversation(
            agree=agree,
            on_begin=begin,
            on_progress=drawn.step,
            stop=stopping.stop,
            pace=Pace(jobs=pace.jobs or default_jobs(), is_nice=pace.nice),
        )


@contextmanager
def undoing(*, is_agreed: bool, is_forced: bool) -> Iterator[UndoConversation]:
    """A conversation about an undo, on this terminal; signals as `_stopping` says."""
    from respool.app.undo import UndoConversation
    from respool.cli.confirm import agreed
    from respool.cli.output import print_note
    from respool.cli.progress import counting_bar
    from respool.cli.undo_text import undo_question, undo_text

    def agree(run: int, head: PlanHead) -> bool:
        print_note(undo_text(run, head, is_forced=is_forced))
        return is_agreed or agreed(undo_question(run, head))

    with counting_bar() as drawn, _stopping() as stopping:

        def begin(_run: int, head: PlanHead) -> None:
            drawn.begin(head)
            stopping.begin()

        yield UndoConversation(
            agree=agree, on_begin=begin, on_progress=drawn.step, stop=stopping.stop
        )


class _Stopping:
    """What turns signals into the wish to stop, from `begin` on."""

    def __init__(self) -> None:
        from respool.runs.runner import Stop

        self.stop = Stop()

    def begin(self) -> None:
        """A run has begun: from now on it ends in good order."""
        from respool.system.signals import ENDING

        for each in ENDING:
            signal.signal(each, self._asked)

    def _asked(self, number: int, _frame: FrameType | None) -> None:
        from respool.cli.output import print_note

        if self.stop.wish.is_set():
            raise EndedBySignal
        self.stop.wish.set()
        with suppress(OSError):  # the terminal may be what has gone
            print_note(f"{signal.Signals(number).name}: stopping after the present step")


@contextmanager
def _stopping() -> Iterator[_Stopping]:
    """SIGINT, SIGTERM and SIGHUP end a run after its present step; a second one at once."""
    from respool.system.signals import ENDING

    former = {each: signal.getsignal(each) for each in ENDING}
    try:
        yield _Stopping()
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)


def show_receipt(receipt: Receipt, file: Path, *, as_json: bool) -> None:
    """The receipt on standard output; ``file`` has it as text."""
    from respool.cli.output import print_outcome
    from respool.cli.restore_text import receipt_screen

    sys.stderr.flush()
    print_outcome(receipt.as_json, lambda: receipt_screen(receipt, file), as_json=as_json)


def status_of_run(receipt: Receipt) -> int:
    """As `exit_status`, of a run that ends here: 20 where only BlueMind was not told."""
    status = exit_status(receipt)
    return 20 if receipt.untold is not None and status in {0, 3} else status


def exit_status(receipt: Receipt) -> int:
    """0 proven or nothing to do, 3 the backup lacked mail, 21 rehearsed is left, 30 differs."""
    if receipt.rehearsal is not None and receipt.rehearsal.kept:
        return 21
    known = {"proven": 0, "nothing to do": 0, "proven, backup incomplete": 3}
    return known.get(receipt.verdict.value, 30)
