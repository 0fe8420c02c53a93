"""The plan of a batch, and the file that holds the plans of its accounts, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from respool.app.batch_report import told
from respool.errors import PlanFileInvalid, RespoolError
from respool.model.dataclasses import dataclass
from respool.planning.codec import parse_head
from respool.planning.plan import PlanHead
from respool.planning.plan_series import SeriesHead, is_series_head, parse_series_head
from respool.runs.batches import Member, Section
from respool.system.durable import new_private_file

_HEAD: Final = b'{"respool":"plan",'
_AT_ONCE: Final = 1 << 20
_PARTLY: Final = 20


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
    def exit_status(self) -> int:
        """0 all could be planned, 20 some could not."""
        return _PARTLY if self.failed else 0

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


def plan_of_file(file: Path) -> BatchPlan:
    """The plan that a file of several plans holds.

    Raises:
        PlanFileInvalid: it is none, or not all of it is there.
    """
    with file.open(encoding="ascii", errors="backslashreplace") as lines:
        said = parse_series_head(lines.readline())
    members: list[PlannedMember] = []
    tails: list[str] = []
    for head, section, tail in _sections(file):
        members.append(member_of(head.request.account.address, head, section))
        tails.append(tail)
    if SeriesHead.of_tails(tails) != said:
        raise PlanFileInvalid(
            "the plans were cut or altered since they were made",
            why=f"the first line speaks of {said.plans} plans; {len(tails)} are there",
            hint="make the plan again",
        )
    return BatchPlan(members=tuple(members))


def is_of_several(file: Path) -> bool:
    """Whether a plan file is one of several plans; it may hold one, or none, all the same."""
    with file.open(encoding="ascii", errors="backslashreplace") as lines:
        if is_series_head(lines.readline()):
            return True
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


def _sections(file: Path) -> Iterator[tuple[PlanHead, Section, str]]:
    """Head, place and last line of each plan in a file, in order."""
    with file.open("rb") as lines:
        offset = start = 0
        head: PlanHead | None = None
        last = b""
        for line in lines:
            if line.startswith(_HEAD):
                if head is not None:
                    yield head, Section(offset=start, length=offset - start), _text(last)
                head, start = parse_head(line.decode("ascii", "backslashreplace")), offset
            offset += len(line)
            last = line
        if head is not None:
            yield head, Section(offset=start, length=offset - start), _text(last)


def _text(line: bytes) -> str:
    return line.rstrip(b"\n").decode("ascii", "backslashreplace")


def member_of(account: str, head: PlanHead, section: Section | None) -> PlannedMember:
    """One account of a batch as its plan says; ``section`` None: there is nothing to do."""
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
