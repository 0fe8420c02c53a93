"""Do the steps of a plan file do what its head says, and nothing else? Values in, reasons out.

A plan file comes from outside; its digest shows that it is whole, not that it is honest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from respool.model.accounts import folder_path
from respool.model.names import MailboxName, decoded_part
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.proof import ProveMailbox
from respool.planning.step import ACCOUNT_LANE, Step
from respool.targets.spool.names import refusals
from respool.targets.spool.rights import is_fit_identifier
from respool.targets.spool.steps import (
    BuildConversations,
    CopyMessages,
    CreateMailbox,
    GiveRights,
    RepairQuota,
    SourcePlace,
    Subscribe,
    WriteIndex,
)
from respool.targets.spool.survey import SpoolSurvey

_MOST_REASONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCheck:
    """A head, the server as surveyed a moment ago, and where the backup has each folder.

    ``sources`` are by the backup's mailbox name, for the head's account and generation.
    """

    head: PlanHead
    survey: SpoolSurvey
    sources: Mapping[str, SourcePlace]

    def reasons(self, steps: Iterable[tuple[int, Step]]) -> tuple[str, ...]:
        """What the steps (with their numbers) would do that the head does not say."""
        found = list(self._of_head())
        counts: Counter[tuple[str, str]] = Counter()
        for number, step in steps:
            found += [f"step {number} ({step.kind}): {reason}" for reason in self._of_step(step)]
            if len(found) >= _MOST_REASONS:
                return tuple(found)
            counts[step.kind, getattr(step, "mailbox", step.lane)] += 1
            if isinstance(step, CopyMessages):
                counts["messages", step.lane] += len(step.messages)
        return (*found, *self._of_counts(counts))

    def _of_counts(self, counts: Counter[tuple[str, str]]) -> Iterator[str]:
        """Every folder is made, proven and shown once, and gets as many messages as said."""
        for each in self.head.mailboxes:
            wanted = {CreateMailbox.kind: 1, GiveRights.kind: 1, "messages": each.messages}
            if each.source_path is not None:
                wanted[ProveMailbox.kind] = 1
            for kind, count in wanted.items():
                found = counts[kind, each.target_name]
                if found != count:
                    yield f"{each.target_name}: {found} of {count} {kind}"

    def _of_head(self) -> Iterator[str]:
        head, rules = self.head, self.survey.name_rules
        root = head.request.account.root.child(head.into_encoded)
        names = {rules.written(root): root}
        if head.into != decoded_part(head.into_encoded):
            yield f"the new folder is shown as {head.into!r}, and is {head.into_encoded!r}"
        if names.keys() - {each.target_name for each in head.mailboxes}:
            yield f"the new folder {head.into!r} itself is not made"
        for each in head.mailboxes:
            yield from self._of_target(each, root)

    def _of_target(self, planned: PlannedMailbox, root: MailboxName) -> Iterator[str]:
        rules = self.survey.name_rules
        local = planned.target_name
        if root.domain is not None and root.domain != rules.default_domain:
            local = local.removesuffix(f"@{root.domain}")
        try:
            name = MailboxName(domain=root.domain, parts=tuple(local.split(rules.separator)))
        except ValueError as error:
            yield str(error)
            return
        if name != root and not name.is_below(root):
            yield f"{planned.target_name} is not in the new folder"
        if planned.target_path != folder_path(name) or rules.written(name) != planned.target_name:
            yield f"{planned.target_name} is shown as {planned.target_path!r}"
        yield from (f"{planned.target_name}: {reason}" for reason in refusals(name, rules))
        yield from self._of_rights(planned)

    def _of_rights(self, planned: PlannedMailbox) -> Iterator[str]:
        live = self.survey.rights
        for who, may in planned.rights.items():
            is_fit = is_fit_identifier(who) and may.isalnum() and may.isascii()
            if not is_fit or not (who.startswith("-") or set(may) <= set(live.get(who, ""))):
                yield f"{planned.target_name} would give {who} {may}, more than INBOX does"
        for who, may_not in live.items():
            if who.startswith("-") and not set(may_not) <= set(planned.rights.get(who, "")):
                yield f"{planned.target_name} would let {who[1:]} in, whom INBOX shuts out"

    def _of_step(self, step: Step) -> Iterator[str]:
        if step.lane != ACCOUNT_LANE and step.lane not in self._targets:
            yield f"{step.lane} is none of the plan's folders"
        match step:
            case CreateMailbox() | GiveRights():
                yield from self._of_mailbox(step)
            case CopyMessages() | WriteIndex():
                source = self._source_names.get(step.lane)
                if source is None or self.sources.get(source) != step.source:
                    yield f"{step.source.spool} is not where the backup has {source}"
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

    @property
    def _source_names(self) -> dict[str, str | None]:
        return {each.target_name: each.source_name for each in self.head.mailboxes}

    def _written(self, parts: tuple[str, ...]) -> str:
        if not all(parts):
            return ""
        return self.survey.name_rules.written(self.head.request.account.root.child(*parts))

    @staticmethod
    def _differs(what: str, found: object, wanted: Iterable[object]) -> Iterator[str]:
        if found not in wanted:
            yield f"another {what} than the plan says: {found}"
