"""Do steps that give readers theirs back do what a plan's head says? Values in, reasons out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.model.state import SPECIAL_USE, UidSet
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.proof import ProveAnnotations, ProveSeen
from respool.planning.step import Step
from respool.targets.spool.annotations import RETENTION, WOULD_GO
from respool.targets.spool.steps import Annotate, GiveSeen, Subscribe
from respool.targets.spool.survey import SpoolSurvey

AllowedAnnotations: TypeAlias = frozenset[tuple[str, str, bytes, int | None]]
_MAILBOX_S, _MESSAGES = "annotations", "annotations of messages"


def counted(step: Step) -> Mapping[str, int]:
    """What a step counts as, and how often: each reader's marks are given once."""
    if isinstance(step, GiveSeen):
        return {f"{step.kind} as {step.reader}": 1}
    if isinstance(step, Subscribe):
        return {f"{step.kind} of {step.userid}": 1}
    if isinstance(step, Annotate):
        on_messages = sum(each.uid is not None for each in step.annotations)
        return {_MAILBOX_S: len(step.annotations) - on_messages, _MESSAGES: on_messages}
    return {step.kind: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenCheck:
    """A head and the server as surveyed a moment ago.

    ``annotations`` are what the backup has of each mailbox by its name there: entry, userid
    on the target, value, UID.
    """

    head: PlanHead
    survey: SpoolSurvey
    annotations: Mapping[str, AllowedAnnotations]

    def wanted(self, planned: PlannedMailbox) -> Mapping[str, int]:
        """How often each kind of step is to come for a folder."""
        wanted = {f"{GiveSeen.kind} as {reader}": 1 for reader in planned.seen_by}
        wanted |= {f"{Subscribe.kind} of {userid}": 1 for userid in planned.subscribers}
        of_mailbox = planned.annotations + len(planned.special_use[:1])
        is_annotated = of_mailbox + planned.message_annotations > 0
        return {
            **wanted,
            ProveSeen.kind: int(bool(planned.seen_by)),
            _MAILBOX_S: of_mailbox,
            _MESSAGES: planned.message_annotations,
            ProveAnnotations.kind: int(is_annotated),
        }

    def of_step(
        self, step: GiveSeen | Annotate | Subscribe, planned: Mapping[str, PlannedMailbox]
    ) -> Iterator[str]:
        """Reasons against a step, ``planned`` being the plan's folders by their names."""
        match step:
            case GiveSeen():
                return self.of_seen(step, planned.get(step.lane))
            case Annotate():
                return self.of_annotations(step, planned.get(step.lane))
            case Subscribe():
                return self.of_subscription(step, planned.get(step.mailbox))

    def of_seen(self, step: GiveSeen, planned: PlannedMailbox | None) -> Iterator[str]:
        """Reasons against giving a reader these marks."""
        yield from self._of_name(step)
        try:
            count = UidSet.parse(step.uids).count
        except ValueError as error:
            yield str(error)
            return
        said = None if planned is None else planned.seen_by.get(step.reader)
        if said is None or self.head.request.is_without_seen:
            yield f"marks for {step.reader} that the plan does not speak of"
        elif count != said or (planned is not None and said > planned.messages):
            yield f"{count} marks for {step.reader}, and the plan says {said}"
        if step.reader == self.survey.owner or step.reader in self.survey.admins:
            yield f"{step.reader} has no marks of his own here"

    def of_annotations(self, step: Annotate, planned: PlannedMailbox | None) -> Iterator[str]:
        """Reasons against writing these annotations."""
        yield from self._of_name(step)
        if planned is None or self.head.request.is_without_annotations:
            yield f"annotations of {step.lane} that the plan does not speak of"
            return
        allowed = self.annotations.get(planned.source_name or "", frozenset())
        for each in step.annotations:
            if each.entry == SPECIAL_USE and each.uid is None:
                if step.userid != self.survey.owner or (
                    tuple(each.value.split()) != planned.special_use
                ):
                    yield f"another special use of {step.lane} than the plan says"
            elif (each.entry, step.userid, each.octets, each.uid) not in allowed:
                yield f"an annotation {each.entry} that the backup does not have"
            elif each.entry.lower() in RETENTION and not self.head.request.is_in_place:
                yield f"{each.entry} of {step.lane}: {WOULD_GO}"

    def of_subscription(self, step: Subscribe, planned: PlannedMailbox | None) -> Iterator[str]:
        """Reasons against subscribing somebody."""
        yield from self._of_name(step)
        if planned is None or step.userid not in planned.subscribers:
            yield f"a subscription of {step.userid} that the plan does not speak of"
        if self.survey.owner not in {None, step.userid} or step.userid in self.survey.admins:
            yield f"{step.userid} is not to be subscribed here"

    def _of_name(self, step: GiveSeen | Annotate | Subscribe) -> Iterator[str]:
        try:
            name = MailboxName(domain=step.domain, parts=step.parts)
        except ValueError as error:
            yield str(error)
            return
        wanted = step.mailbox if isinstance(step, Subscribe) else step.lane
        if self.survey.name_rules.written(name) != wanted:
            yield f"another folder than {wanted}"
