"""The plan of a batch: the plans of its accounts, one after the other in one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from respool.app.batch_report import told
from respool.app.reaching import Reaching
from respool.app.wish import Wish
from respool.errors import PlanFileInvalid, PlanRefused, RespoolError, UsageError
from respool.planning.codec import parse_head, render_plan
from respool.planning.plan import PlanHead
from respool.runs.batches import Member, Section
from respool.system.durable import new_private_file

_HEAD: Final = b'{"respool":"plan",'
_AT_ONCE: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWish:
    """An account for which nothing can be wished, and why."""

    account: str
    failure: RespoolError


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMember:
    """One account of a batch: what its plan says in short, or why there is none.

    ``plan`` is None, too, where there is nothing to do.
    """

    account: str
    plan: Section | None = None
    target: str = ""
    into: str = ""
    folders: int = 0
    messages: int = 0
    size_bytes: int = 0
    lost: int = 0
    is_changing_flags: bool = False
    failure: RespoolError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """All accounts of a batch, in order."""

    members: tuple[PlannedMember, ...]

    @property
    def planned(self) -> tuple[PlannedMember, ...]:
        """Those with a plan."""
        return tuple(each for each in self.members if each.plan is not None)

    @property
    def idle(self) -> tuple[PlannedMember, ...]:
        """Those with nothing to do."""
        return tuple(each for each in self.members if each.plan is None and not each.failure)

    @property
    def failed(self) -> tuple[PlannedMember, ...]:
        """Those without."""
        return tuple(each for each in self.members if each.failure is not None)

    @property
    def messages(self) -> int:
        """How many messages will be added."""
        return sum(each.messages for each in self.members)

    @property
    def size_bytes(self) -> int:
        """How many octets of mail will be added."""
        return sum(each.size_bytes for each in self.members)

    def as_members(self) -> tuple[Member, ...]:
        """What the journal keeps of it."""
        return tuple(
            Member(
                number=number,
                account=each.account,
                plan=each.plan,
                error=None if each.failure is None else told(each.failure),
            )
            for number, each in enumerate(self.members)
        )


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
        PlanRefused: no wish can be planned, with the reason of each.
        UsageError: the file cannot be written.
    """
    members: list[PlannedMember] = []
    with _new_file(file) as lines:
        for wish in wishes:
            head: PlanHead | None = None
            if isinstance(wish, NoWish):
                members.append(PlannedMember(account=wish.account, failure=wish.failure))
                on_planned(members[-1], head)
                continue
            start = lines.tell()
            try:
                head = _plan_into(lines, wish, reaching, state)
                section = Section(offset=start, length=lines.tell() - start)
                member = _member(wish.wanted.account, head, None if head.is_nothing else section)
            except RespoolError as error:
                member = PlannedMember(account=wish.wanted.account, failure=error)
            if member.plan is None:
                lines.seek(start)
                lines.truncate()
            members.append(member)
            on_planned(member, head)
    plan = BatchPlan(members=tuple(members))
    if not plan.planned and not plan.idle:
        reasons = tuple(f"{each.account}: {_why(each.failure)}" for each in plan.failed)
        raise PlanRefused("none of these accounts can be restored", reasons)
    return plan


def plan_of_file(file: Path) -> BatchPlan:
    """The plan that a file of several plans holds.

    Raises:
        PlanFileInvalid: it is none.
    """
    return BatchPlan(
        members=tuple(
            _member(head.request.account.address, head, section)
            for head, section in _sections(file)
        )
    )


def is_of_several(file: Path) -> bool:
    """Whether a plan file holds more than one plan."""
    sections = _sections(file)
    return next(sections, None) is not None and next(sections, None) is not None


def copy_section(file: Path, section: Section, out: Path) -> None:
    """Write one plan of a file of several to a new file that only we may read."""
    with file.open("rb") as source, new_private_file(out) as target:
        source.seek(section.offset)
        left = section.length
        while left:
            octets = source.read(min(left, _AT_ONCE))
            if not octets:
                raise PlanFileInvalid(f"{file} is cut", why=f"{left} octets of it are missing")
            target.write(octets.decode("ascii"))
            left -= len(octets)


def _new_file(file: Path) -> TextIO:
    try:
        return new_private_file(file)
    except FileExistsError as error:
        raise UsageError(f"{file} is there already", hint="choose another --out") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be written", why=str(error)) from error


def _plan_into(lines: TextIO, wish: Wish, reaching: Reaching, state: Path) -> PlanHead:
    with reaching.wished(wish) as target:
        target.mend(state)
        plan = target.plan(reaching.settings, wish)
        lines.writelines(f"{line}\n" for line in render_plan(plan.head, plan.steps()))
        return plan.head


def _sections(file: Path) -> Iterator[tuple[PlanHead, Section]]:
    """Head and place of each plan in a file, in order."""
    with file.open("rb") as lines:
        offset = start = 0
        head: PlanHead | None = None
        for line in lines:
            if line.startswith(_HEAD):
                if head is not None:
                    yield head, Section(offset=start, length=offset - start)
                head, start = parse_head(line.decode("ascii", "backslashreplace")), offset
            offset += len(line)
        if head is not None:
            yield head, Section(offset=start, length=offset - start)


def _member(account: str, head: PlanHead, section: Section | None) -> PlannedMember:
    return PlannedMember(
        account=account,
        plan=section,
        target=head.request.target.address if head.where is None else head.where,
        into="in place" if head.request.is_in_place else head.into,
        folders=sum(each.source_path is not None for each in head.mailboxes),
        messages=head.messages,
        size_bytes=head.size_bytes,
        lost=sum(each.lost for each in head.mailboxes),
        is_changing_flags=head.request.state_only is not None or bool(head.merged),
    )


def _why(failure: RespoolError | None) -> str:
    if failure is None:
        return ""
    reasons = "; ".join(failure.reasons) or failure.why
    return f"{failure.what}: {reasons}" if reasons else failure.what
