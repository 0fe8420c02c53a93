"""Do the steps of a plan file do what its head says, and nothing else? Values in, reasons out.

A plan file comes from outside; its digest shows that it is whole, not that it is honest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from functools import cached_property

import numpy as np

from respool.model.accounts import AccountKind, folder_path
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.model.state import UidSet
from respool.planning.appending import AppendMessages
from respool.planning.folder_rights import Rights
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.proof import (
    ProveAnnotations,
    ProveAppended,
    ProveMailbox,
    ProveSeen,
    ProveSubscriptions,
)
from respool.planning.source_place import SourcePlace
from respool.planning.step import ACCOUNT_LANE, MessageStep, Step
from respool.targets.spool.given_check import AllowedAnnotations, GivenCheck, counted
from respool.targets.spool.names import refusals
from respool.targets.spool.quotas import forecast_of, loads_of
from respool.targets.spool.sequence import called, is_spool_written, repair_quota_step
from respool.targets.spool.steps import (
    AddToMailbox,
    AdoptMailbox,
    Annotate,
    BuildConversations,
    BuildSearchIndex,
    CopyMessages,
    CreateAccount,
    CreateMailbox,
    GiveRights,
    GiveSeen,
    RaiseQuota,
    RebuildMailbox,
    RepairQuota,
    SettleQuota,
    Subscribe,
    WriteIndex,
)
from respool.targets.spool.survey import SpoolSurvey

_MOST_REASONS = 5
_OF_A_LANE = (
    MessageStep,
    WriteIndex,
    RebuildMailbox,
    BuildSearchIndex,
    ProveMailbox,
    ProveAppended,
    GiveSeen,
    ProveSeen,
    Annotate,
    ProveAnnotations,
)


@dataclass(frozen=True, kw_only=True)
class PlanCheck:
    """A head, the server as surveyed a moment ago, and where the backup has each folder.

    ``sources`` are by the backup's mailbox name, for the head's account and generation;
    ``rights`` are what each new folder may give, by its name; ``annotations`` what the
    backup has, see `GivenCheck`; ``kept`` is where the live server itself keeps messages.
    """

    head: PlanHead
    survey: SpoolSurvey
    sources: Mapping[str, SourcePlace]
    rights: Mapping[str, Rights]
    annotations: Mapping[str, AllowedAnnotations] = field(default_factory=dict)
    kept: Mapping[str, SourcePlace] = field(default_factory=dict)

    def reasons(self, steps: Iterable[tuple[int, Step]]) -> tuple[str, ...]:
        """What the steps (with their numbers) would do that the head does not say."""
        found = list(self._of_head())
        counts: Counter[tuple[str, str]] = Counter()
        for number, step in steps:
            found += [f"step {number} ({step.kind}): {reason}" for reason in self._of_step(step)]
            if len(found) >= _MOST_REASONS:
                return tuple(found)
            about: str = step.lane or getattr(step, "mailbox", getattr(step, "root", ""))
            counts.update({(kind, about): count for kind, count in counted(step).items()})
            if isinstance(step, MessageStep):
                counts["messages", step.lane] += len(step.messages)
                counts["joined", step.lane] += sum(each.is_joined for each in step.messages)
        return (*found, *self._of_counts(counts))

    def _of_counts(self, counts: Counter[tuple[str, str]]) -> Iterator[str]:
        """Nothing is left out, nothing done twice, and as many messages come as are said."""
        for (kind, about), count in self._wanted().items():
            found = counts[kind, about]
            if found != count:
                yield f"{about}: {found} of {count} {kind}"

    def _wanted(self) -> Mapping[tuple[str, str], int]:
        """How often each kind of step is to come for each mailbox or quota root."""
        wanted: dict[tuple[str, str], int] = {}
        for each in self.head.mailboxes:
            name, is_filled = each.target_name, each.messages > 0
            wanted[CreateMailbox.kind, name] = int(each.is_new)
            wanted[GiveRights.kind, name] = int(each.is_new)
            is_live = not each.is_new and is_filled
            wanted[AdoptMailbox.kind, name] = int(is_live and not each.is_appended)
            wanted[AddToMailbox.kind, name] = int(is_live and each.is_appended)
            wanted[ProveMailbox.kind, name] = int(each.is_proven and not each.is_appended)
            wanted[ProveAppended.kind, name] = int(each.is_proven and each.is_appended)
            wanted["messages", name] = each.messages
            wanted["joined", name] = each.joined
            wanted |= {(kind, name): count for kind, count in self._given.wanted(each).items()}
        are_subscribed = any(each.subscribers for each in self.head.mailboxes)
        wanted[ProveSubscriptions.kind, ACCOUNT_LANE] = int(are_subscribed)
        wanted[CreateAccount.kind, self._root] = int(self.survey.is_absent)
        wanted[RepairQuota.kind, self._root] = int(is_spool_written(self.head))
        for limit in self.head.quota:
            if limit.raised_to is not None:
                wanted[RaiseQuota.kind, limit.root] = wanted[SettleQuota.kind, limit.root] = 1
        return wanted

    def _of_head(self) -> Iterator[str]:
        head, rules = self.head, self.survey.name_rules
        root = head.request.root
        if (head.into, head.into_encoded) != (folder_path(root), root.parts[-1]):
            yield f"the new folder is shown as {head.into!r}, and is {root.parts[-1]!r}"
        is_made = rules.written(root) in self._planned
        if not is_made and not head.request.is_in_place:
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
        if not (planned.is_new or self.head.request.is_in_place):
            yield f"{planned.target_name} is not made"
        if planned.target_path != folder_path(name) or rules.written(name) != planned.target_name:
            yield f"{planned.target_name} is shown as {planned.target_path!r}"
        yield from (f"{planned.target_name}: {reason}" for reason in refusals(name, rules))
        if planned.is_new:
            yield from self._of_rights(planned)

    def _of_rights(self, planned: PlannedMailbox) -> Iterator[str]:
        allowed = dict(self.rights.get(planned.target_name, {}))
        if dict(planned.rights) != allowed:
            yield (
                f"{planned.target_name} would get the rights {dict(planned.rights)}, and INBOX and"
                f" backup allow {allowed}"
            )

    def _of_step(self, step: Step) -> Iterator[str]:
        yield from self._of_lane(step)
        match step:
            case CreateMailbox() | GiveRights() | AdoptMailbox() | AddToMailbox():
                yield from self._of_mailbox(step)
            case CreateAccount():
                yield from self._of_account(step)
            case RaiseQuota() | SettleQuota():
                yield from self._of_limits(step)
            case CopyMessages() | WriteIndex():
                yield from self._of_source(step)
            case AppendMessages() | ProveAppended():
                yield from self._of_adding(step)
            case ProveMailbox():
                yield from self._of_proof(step)
            case GiveSeen() | Annotate() | Subscribe():
                yield from self._given.of_step(step, self._planned)
            case RepairQuota() | BuildConversations():
                yield from self._of_owner(step)
            case _:
                pass

    def _of_lane(self, step: Step) -> Iterator[str]:
        is_of_account = not isinstance(step, _OF_A_LANE)
        if is_of_account and step.lane != ACCOUNT_LANE:
            yield f"it is of the whole account, and stands among the steps of {step.lane}"
        elif not is_of_account and step.lane not in self._planned:
            yield f"{step.lane} is none of the plan's folders"

    def _of_adding(self, step: AppendMessages | ProveAppended) -> Iterator[str]:
        """Only what holds mail is added to over IMAP, by the name that it has there."""
        wanted = called(self.survey, step.lane)
        if not wanted or step.mailbox != wanted or not self._is_added_to(step.lane):
            yield f"{step.mailbox} is not what is to be added to"
        if isinstance(step, AppendMessages):
            yield from self._of_place(step)
            is_mending = self.head.request.is_mending_line_ends
            yield from self._differs(
                "way", (step.is_created, step.is_mending), {(False, is_mending)}
            )
        elif not step.may_grow:
            yield "new mail can arrive in a folder that was live before"

    def _is_added_to(self, name: str) -> bool:
        planned = self._planned.get(name)
        return planned is not None and planned.is_appended and not planned.is_new

    def _of_place(self, step: AppendMessages | CopyMessages | WriteIndex) -> Iterator[str]:
        planned = self._planned.get(step.lane)
        source = None if planned is None else planned.source_name
        places = {self.sources.get(source or ""), self.kept.get(source or "")}
        if source is None or step.source not in places:
            yield f"{step.source.spool} is not where the backup has {source}"
        elif self.head.request.is_selective and isinstance(step, MessageStep):
            yield from self._of_picked(step, source)

    def _of_source(self, step: CopyMessages | WriteIndex) -> Iterator[str]:
        yield from self._of_place(step)
        if self._is_added_to(step.lane):
            yield f"{step.lane} holds mail, and is only added to over IMAP"
        keeps = self.survey.archive_room is not None
        yield from self._differs("archive", step.keeps_archive, {keeps})

    def _of_picked(self, step: MessageStep, source: str) -> Iterator[str]:
        """Nothing is taken but what was picked; what the live server keeps has the same UID."""
        picked = self.head.request.picked.get(source, UidSet())
        uids = np.array([each.uid for each in step.messages], dtype="i8")
        others = uids[~picked.mask(uids)].tolist()
        if others:
            yield f"message {others[0]} of {source} is none of those that were picked"

    def _of_proof(self, step: ProveMailbox) -> Iterator[str]:
        planned = self._planned.get(step.lane)
        yield from self._differs("owner", step.owner, {self.survey.owner})
        yield from self._differs("folder", self._written(step.parts), {step.lane})
        yield from self._of_read_state(step.lane, is_shared=step.is_seen_shared)
        if planned is not None and step.may_grow == planned.is_new:
            yield "new mail can arrive in a folder that was live before, and in no other"

    def _of_read_state(self, mailbox: str, *, is_shared: bool) -> Iterator[str]:
        """Of a mailshare it is shared where that is so now, or where the backup's is kept."""
        planned = self._planned.get(mailbox)
        is_kept = planned is not None and planned.source_name is not None and planned.is_seen_kept
        is_share = self.head.request.target.kind is AccountKind.MAILSHARE
        wanted = is_share and (self.survey.is_seen_shared or is_kept)
        if is_shared != wanted:
            yield f"another read state of {mailbox} than the plan says"

    def _of_owner(self, step: RepairQuota | BuildConversations) -> Iterator[str]:
        yield from self._differs("user", step.userid, {self.survey.owner})
        is_of_quota = isinstance(step, RepairQuota)
        if is_of_quota and step != repair_quota_step(self.head, self.survey):
            yield f"it would count another account than {self._root}"

    def _of_account(self, step: CreateAccount) -> Iterator[str]:
        survey = self.survey
        if not (survey.is_absent and self.head.request.is_creating_account):
            yield f"it would create {step.mailbox}, and nobody asked for that"
        yield from self._differs("account", step.mailbox, {self._root})
        yield from self._differs("partition", step.partition, {survey.partition})
        if dict(step.rights) != dict(survey.rights):
            yield f"other rights of {step.mailbox} than it had"
        if dict(step.limits) != {each.resource: each.limit for each in survey.quotas}:
            yield f"other limits of {step.mailbox} than it had"

    def _of_limits(self, step: RaiseQuota | SettleQuota) -> Iterator[str]:
        if not self.head.request.is_raising_quota:
            yield f"it would raise {step.root}, and nobody asked for that"
        forecast = forecast_of(self.survey, loads_of(self.head.mailboxes), is_raising=True)
        limits = [each for each in forecast if each.root == step.root]
        raised = {
            each.resource: each.limit if each.raised_to is None else each.raised_to
            for each in limits
        }
        now = {each.resource: each.limit for each in limits}
        if dict(step.limits) != raised or dict(step.former) != now:
            yield f"other limits of {step.root} than the plan says"

    def _of_mailbox(
        self, step: CreateMailbox | GiveRights | AdoptMailbox | AddToMailbox
    ) -> Iterator[str]:
        yield from self._differs("folder", step.mailbox, self._planned)
        if isinstance(step, GiveRights):
            planned = self._planned.get(step.mailbox)
            if planned is None or dict(step.rights) != dict(planned.rights):
                yield f"other rights of {step.mailbox} than the plan says"
            return
        if isinstance(step, AddToMailbox):
            if not (self.head.request.is_in_place and self._is_added_to(step.mailbox)):
                yield f"{step.mailbox} is not to be added to"
            return
        yield from self._of_read_state(step.mailbox, is_shared=step.is_seen_shared)
        if isinstance(step, CreateMailbox):
            yield from self._differs("partition", step.partition, {self.survey.partition})
            if step.may_be_there:  # whatever it is, an undo would take it for the run's own
                yield f"{step.mailbox} is to be new, and must not be there"
        elif not self.head.request.is_in_place or step.mailbox in self.survey.used:
            yield f"{step.mailbox} is not to be filled in place"

    @property
    def _given(self) -> GivenCheck:
        return GivenCheck(head=self.head, survey=self.survey, annotations=self.annotations)

    @cached_property
    def _planned(self) -> Mapping[str, PlannedMailbox]:
        return {each.target_name: each for each in self.head.mailboxes}

    def _written(self, parts: tuple[str, ...]) -> str:
        if not all(parts):
            return ""
        root = self.head.request.target.root
        return self.survey.name_rules.written(root.child(*parts) if parts else root)

    @property
    def _root(self) -> str:
        return self.survey.name_rules.written(self.head.request.target.root)

    @staticmethod
    def _differs(what: str, found: object, wanted: Iterable[object]) -> Iterator[str]:
        if found not in wanted:
            yield f"another {what} than the plan says: {found}"
