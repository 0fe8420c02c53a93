"""Conflicts: what the live account has already gets the backup's flags where they are newer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from respool.app.prepared import Prepared
from respool.app.settings import Settings
from respool.app.state_sides import live_folders_of
from respool.backups.mailboxes import read_with_state
from respool.model.dataclasses import dataclass
from respool.model.inventory import StoredMailbox
from respool.model.state import UidSet
from respool.planning.chosen import ChosenMailbox
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.request import Conflict
from respool.planning.room_needs import RoomNeed
from respool.planning.step import Step
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.survey import SpoolSurvey
from respool.targets.state.matching import Wanted
from respool.targets.state.planned import FolderFlags
from respool.targets.state.planner import flag_steps, plan_merge
from respool.targets.state.survey import StateFolder, StateSurvey


@dataclass(frozen=True, slots=True, kw_only=True)
class MergingPlan:
    """Mail that is added, and then flags of what was there already."""

    head: PlanHead
    mail: SpoolPlan
    folders: tuple[FolderFlags, ...]

    @property
    def needs(self) -> tuple[RoomNeed, ...]:
        """What the mail takes."""
        return self.mail.needs

    def steps(self) -> Iterator[Step]:
        """All mail first: it is proven before any live flag is changed."""
        yield from self.mail.steps()
        yield from flag_steps(self.folders)


def with_merged_flags(
    settings: Settings,
    prepared: Prepared,
    plan: SpoolPlan,
    chosen: Sequence[ChosenMailbox],
    survey: SpoolSurvey,
) -> SpoolPlan | MergingPlan:
    """``plan``, and the flags of the messages that it leaves because they are there.

    Only where that was asked for, and where any of them is there.
    """
    request = plan.head.request
    there = [each for each in chosen if each.is_there().any()]
    if request.on_conflict is not Conflict.NEWER_FLAGS or not there:
        return plan
    wanted = [
        Wanted(folder=StateFolder(mailbox=box), asked=each.is_there())
        for each in there
        for box in _with_all_columns(prepared, each)
    ]
    live = live_folders_of(settings, request.target, survey)
    state = StateSurvey(
        server=survey.server, owner=survey.owner, folders=live, readers=frozenset()
    )
    folders = plan_merge(request, wanted, state)
    head = replace(plan.head, mailboxes=tuple(_listed(plan.head, folders)))
    return MergingPlan(head=head, mail=plan, folders=folders)


def _with_all_columns(prepared: Prepared, each: ChosenMailbox) -> Iterator[StoredMailbox]:
    """The same records as its index has them; without one nobody knows how old flags are."""
    taken = UidSet.of_array(each.mailbox.records["uid"])
    for source in prepared.selection.mailboxes:
        if source.name == each.mailbox.name and each.mailbox.has_index:
            box, _ = read_with_state(source, prepared.selection.account)
            records = box.records[taken.mask(box.records["uid"])]
            if len(records) == len(each.mailbox.records):
                yield replace(box, records=records)


def _listed(head: PlanHead, folders: Sequence[FolderFlags]) -> Iterator[PlannedMailbox]:
    """The folders of ``head`` with what changes there, and after them those that only change."""
    changing = {each.folder.written: each for each in folders if each.count}
    for planned in head.mailboxes:
        found = changing.pop(planned.target_name, None)
        flags = None if found is None else found.planned(None).flags
        yield replace(planned, flags=flags)
    for each in changing.values():
        yield replace(each.planned(None), messages=0)
