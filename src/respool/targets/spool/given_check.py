"""Do steps that give readers theirs back do what a plan's head says? Values in, reasons out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from respool.model.names import MailboxName
from respool.model.state import UidSet
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.proof import ProveSeen
from respool.planning.step import Step
from respool.targets.spool.steps import GiveSeen
from respool.targets.spool.survey import SpoolSurvey


def counted_as(step: Step) -> str:
    """What a step counts as: each reader's marks are given once."""
    return f"{step.kind} as {step.reader}" if isinstance(step, GiveSeen) else step.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenCheck:
    """A head and the server as surveyed a moment ago."""

    head: PlanHead
    survey: SpoolSurvey

    def wanted(self, planned: PlannedMailbox) -> Mapping[str, int]:
        """How often each kind of step is to come for a folder."""
        wanted = {f"{GiveSeen.kind} as {reader}": 1 for reader in planned.seen_by}
        return {**wanted, ProveSeen.kind: int(bool(planned.seen_by))}

    def of_seen(self, step: GiveSeen, planned: PlannedMailbox | None) -> Iterator[str]:
        """Reasons against giving a reader these marks."""
        try:
            name = MailboxName(domain=step.domain, parts=step.parts)
            count = UidSet.parse(step.uids).count
        except ValueError as error:
            yield str(error)
            return
        if self.survey.name_rules.written(name) != step.lane:
            yield f"another folder than {step.lane}"
        said = None if planned is None else planned.seen_by.get(step.reader)
        if said is None or self.head.request.is_without_seen:
            yield f"marks for {step.reader} that the plan does not speak of"
        elif count != said or (planned is not None and said > planned.messages):
            yield f"{count} marks for {step.reader}, and the plan says {said}"
        if step.reader == self.survey.owner or step.reader in self.survey.admins:
            yield f"{step.reader} has no marks of his own here"
