"""Do the steps of a plan file do what its head says, and nothing else? Values in, reasons out.

A plan file comes from outside; its digest shows that it is whole, not that it is honest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from respool.planning.plan import PlanHead
from respool.planning.proof import ProveMailbox
from respool.planning.step import ACCOUNT_LANE, Step
from respool.targets.spool.steps import (
    BuildConversations,
    CopyMessages,
    CreateMailbox,
    GiveRights,
    RepairQuota,
    Subscribe,
    WriteIndex,
)
from respool.targets.spool.survey import SpoolSurvey

_MOST_REASONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCheck:
    """A head, and the server it is to be carried out on, as surveyed a moment ago."""

    head: PlanHead
    survey: SpoolSurvey

    def reasons(self, steps: Iterable[tuple[int, Step]]) -> tuple[str, ...]:
        """What the steps (with their numbers) would do that the head does not say."""
        found = list(self._of_head())
        for number, step in steps:
            found += [f"step {number} ({step.kind}): {reason}" for reason in self._of_step(step)]
            if len(found) >= _MOST_REASONS:
                break
        return tuple(found)

    def _of_head(self) -> Iterator[str]:
        root = self.head.request.account.root.child(self.head.into_encoded)
        own = self.survey.name_rules.written(root)
        domain = f"@{self.head.request.account.domain}"
        end = domain if own.endswith(domain) else ""
        below = f"{own.removesuffix(domain)}{self.survey.separator}"
        for each in self.head.mailboxes:
            target = each.target_name
            is_inside = target.startswith(below) and target.endswith(end)
            if target != own and not is_inside:
                yield f"{target} is not in the new folder {own}"
            for who, may in each.rights.items():
                if not who.startswith("-") and not set(may) <= set(
                    self.survey.rights.get(who, "")
                ):
                    yield f"{target} would give {who} more than the account's INBOX does"

    def _of_step(self, step: Step) -> Iterator[str]:
        if step.lane != ACCOUNT_LANE and step.lane not in self._targets:
            yield f"{step.lane} is none of the plan's folders"
        match step:
            case CreateMailbox() | GiveRights():
                yield from self._of_mailbox(step)
            case CopyMessages() | WriteIndex():
                if not step.source.spool.is_absolute():
                    yield f"{step.source.spool} is no place of a backup"
            case RepairQuota():
                own = self.survey.name_rules.written(self.head.request.account.root)
                yield from self._differs("account", step.mailbox, {own})
                yield from self._differs("user", step.userid, {self.survey.owner})
            case BuildConversations() | Subscribe():
                yield from self._differs("user", step.userid, {self.survey.owner})
            case ProveMailbox():
                yield from self._differs("owner", step.owner, {self.survey.owner})
                yield from self._differs("folder", self._written(step.parts), {step.lane})
            case _:
                pass
        if isinstance(step, Subscribe):
            yield from self._differs("folder", self._written(step.parts), self._targets)

    def _of_mailbox(self, step: CreateMailbox | GiveRights) -> Iterator[str]:
        yield from self._differs("folder", step.mailbox, self._targets)
        if isinstance(step, CreateMailbox):
            yield from self._differs("partition", step.partition, {self.survey.partition})
        elif dict(step.rights) != self._targets.get(step.mailbox):
            yield f"other rights of {step.mailbox} than the plan says"

    @property
    def _targets(self) -> dict[str, dict[str, str]]:
        return {each.target_name: dict(each.rights) for each in self.head.mailboxes}

    def _written(self, parts: tuple[str, ...]) -> str:
        return self.survey.name_rules.written(self.head.request.account.root.child(*parts))

    @staticmethod
    def _differs(what: str, found: object, wanted: Iterable[object]) -> Iterator[str]:
        if found not in wanted:
            yield f"another {what} than the plan says: {found}"
