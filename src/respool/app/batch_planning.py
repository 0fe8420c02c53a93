"""Planning a batch: each account into one file; one that cannot be planned stops no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path
from typing import TextIO

from respool.app.batch_plan import BatchPlan, NoWish, PlannedMember, member_of
from respool.app.reaching import Reaching
from respool.app.wish import Wish
from respool.errors import NothingMatches, PlanRefused, RespoolError, UsageError
from respool.model.dataclasses import dataclass
from respool.planning.codec import render_plan
from respool.planning.plan import PlanHead
from respool.planning.plan_series import SeriesHead
from respool.planning.room_needs import RoomNeed, why_no_room
from respool.runs.batches import Section
from respool.system.durable import new_private_file

OnPlanned = Callable[[PlannedMember, PlanHead | None], None]


def plan_batch(
    wishes: Sequence[Wish | NoWish],
    reaching: Reaching,
    file: Path,
    state: Path,
    on_planned: OnPlanned,
) -> BatchPlan:
    """Plan each wish into ``file``, which is new; one that cannot be stops no other.

    ``state`` is the state directory. ``on_planned`` is told each as it comes.

    Raises:
        NothingMatches: nobody has any of the messages that were asked for.
        PlanRefused: no wish can be planned, with the reason of each; or there is room for
            each, but not for all of them.
        UsageError: the file cannot be written.
    """
    work = _Planning(reaching=reaching, state=state)
    with _new_file(file) as lines:
        lines.write(f"{SeriesHead().line()}\n")
        for wish in wishes:
            on_planned(*work.one(wish, lines))
        lines.seek(0)
        lines.write(SeriesHead.of_tails(work.tails).line())
    batch = BatchPlan(members=tuple(work.members))
    try:
        _check(batch, work.needs)
        if work.unmatched is not None and not work.heads:
            raise work.unmatched
    except (PlanRefused, NothingMatches):
        file.unlink()
        raise
    return batch


def _check(batch: BatchPlan, needs: Sequence[RoomNeed]) -> None:
    """Whether anything can be done, and whether there is room for all of it together."""
    if not batch.planned and not batch.idle:
        reasons = tuple(f"{each.account}: {_why(each.failure)}" for each in batch.failed)
        raise PlanRefused("none of these accounts can be restored", reasons)
    together = why_no_room(needs)
    if together:
        raise PlanRefused(
            "these accounts cannot be restored together",
            together,
            hint="restore some of them at a time",
        )


def _new_file(file: Path) -> TextIO:
    try:
        return new_private_file(file)
    except FileExistsError as error:
        raise UsageError(f"{file} is there already", hint="choose another --out") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be written", why=str(error)) from error


@dataclass(slots=True, kw_only=True)
class _Planning:
    """Plans that are made one after the other: what they take together, their last lines.

    ``unmatched`` is what the last account said that has none of the messages asked for: it
    has nothing to do then.
    """

    reaching: Reaching
    state: Path
    members: list[PlannedMember] = field(default_factory=list)
    needs: list[RoomNeed] = field(default_factory=list)
    tails: list[str] = field(default_factory=list)
    heads: int = 0
    unmatched: NothingMatches | None = None

    def one(self, wish: Wish | NoWish, lines: TextIO) -> tuple[PlannedMember, PlanHead | None]:
        """Plan one wish into ``lines``, which stay as they were where it has nothing to do."""
        start, head = lines.tell(), None
        if isinstance(wish, NoWish):
            member = PlannedMember(account=wish.account, failure=wish.failure)
        else:
            try:
                head, tail = self._into(lines, wish)
                self.heads += 1
                section = Section(offset=start, length=lines.tell() - start)
                if head.is_nothing:
                    self._cut(lines, start)
                else:
                    self.tails.append(tail)
                member = member_of(wish.wanted.account, head, None if head.is_nothing else section)
            except NothingMatches as error:
                self._cut(lines, start)
                self.unmatched = error
                member = PlannedMember(account=wish.wanted.account)
            except RespoolError as error:
                self._cut(lines, start)
                member = PlannedMember(account=wish.wanted.account, failure=error)
        self.members.append(member)
        return member, head

    def _into(self, lines: TextIO, wish: Wish) -> tuple[PlanHead, str]:
        """The head of the plan, all of which was written, and its last line."""
        with self.reaching.wished(wish) as target:
            target.mend(self.state)
            plan = target.plan(self.reaching.settings, wish)
            line = ""
            for line in render_plan(plan.head, plan.steps()):
                lines.write(f"{line}\n")
            self.needs += () if plan.head.is_nothing else plan.needs
            return plan.head, line

    @staticmethod
    def _cut(lines: TextIO, start: int) -> None:
        lines.seek(start)
        lines.truncate()


def _why(failure: RespoolError | None) -> str:
    if failure is None:
        return ""
    reasons = "; ".join(failure.reasons) or failure.why
    return f"{failure.what}: {reasons}" if reasons else failure.what
