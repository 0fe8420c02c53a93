"""The steps of a spool plan in their order: create, fill, count, prove, show, give back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypedDict

import numpy as np

from respool.model.accounts import AccountKind
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.model.state import SPECIAL_USE, Annotation
from respool.planning.annotating import annotation_groups
from respool.planning.appending import AppendMessages
from respool.planning.chosen import Destined, messages_by_place, planned_messages
from respool.planning.load import load_of
from respool.planning.plan import PlanHead
from respool.planning.proof import (
    ProveAnnotations,
    ProveAppended,
    ProveMailbox,
    ProveSeen,
    ProveSubscriptions,
)
from respool.planning.room_needs import RoomNeed
from respool.planning.step import ACCOUNT_LANE, Step, groups
from respool.targets.spool.rooms import needs_of
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

_ROWS_AT_ONCE = 8192
_PREFIX_IS_SAFE = (2, 5, 0)
_DELETED_BIT = np.uint32(1 << 2)
_SEEN_BIT = np.uint32(1 << 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolPlan:
    """A head, and steps that are made as they are asked for."""

    head: PlanHead
    destined: tuple[Destined, ...]
    holders: tuple[MailboxName, ...]
    survey: SpoolSurvey

    @property
    def needs(self) -> tuple[RoomNeed, ...]:
        """What it takes of each file system."""
        return needs_of(self.survey, load_of(self.head.mailboxes))

    def steps(self) -> Iterator[Step]:
        """The steps in order, lazily: create, fill, count, prove, show, give back."""
        yield from self._preparing()
        for each in self.destined:
            yield from self._adding(each) if each.is_appended else _filling(each, self.survey)
        yield from self._counting()
        for each in self.destined:
            if each.is_new or each.wanted.any():
                yield self._proof(each)
        yield from self._showing()
        for each in self.destined:
            yield from _giving_back(each, self._written(each.target))
            yield from _annotating(each, self._written(each.target), self.survey.owner)

    def _proof(self, each: Destined) -> ProveMailbox | ProveAppended:
        lane = self._written(each.target)
        if each.is_appended:
            return ProveAppended(lane=lane, mailbox=called(self.survey, lane), may_grow=True)
        return ProveMailbox(
            lane=lane,
            owner=self.survey.owner,
            parts=each.target.parts[len(self._root.parts) :],
            is_seen_shared=each.is_seen_shared,
            may_grow=not each.is_new,
        )

    def _adding(self, each: Destined) -> Iterator[Step]:
        """To what holds mail: the server itself puts it there."""
        lane = self._written(each.target)
        for place, messages in messages_by_place(each):
            for group in groups(messages):
                yield AppendMessages(
                    lane=lane,
                    mailbox=called(self.survey, lane),
                    source=place,
                    messages=group,
                    is_created=False,
                    is_mending=self.head.request.is_mending_line_ends,
                )

    @property
    def _root(self) -> MailboxName:
        return self.head.request.target.root

    def _written(self, name: MailboxName) -> str:
        return self.survey.name_rules.written(name)

    def _new(self) -> list[MailboxName]:
        """Every mailbox that will be created below the root, outermost first."""
        created = [*self.holders, *(each.target for each in self.destined if each.is_new)]
        return sorted(created, key=lambda name: (len(name.parts), name.parts))

    def _preparing(self) -> Iterator[Step]:
        survey = self.survey
        if survey.is_absent:
            yield CreateAccount(
                lane=ACCOUNT_LANE,
                mailbox=self._written(self._root),
                partition=survey.partition,
                rights=survey.rights,
                limits={each.resource: each.limit for each in survey.quotas},
            )
        for root, raised in self._raised().items():
            yield RaiseQuota(lane=ACCOUNT_LANE, root=root, **raised)
        is_shared = {each.target: each.is_seen_shared for each in self.destined}
        is_share = self.head.request.target.kind is AccountKind.MAILSHARE
        for name in self._new():
            yield CreateMailbox(
                lane=ACCOUNT_LANE,
                mailbox=self._written(name),
                partition=survey.partition,
                is_seen_shared=is_shared.get(name, is_share and survey.is_seen_shared),
            )
        for each in self.destined:
            if not each.is_new and each.wanted.any():
                yield self._taking(each)

    def _taking(self, each: Destined) -> AdoptMailbox | AddToMailbox:
        mailbox = self._written(each.target)
        if each.is_appended:
            return AddToMailbox(lane=ACCOUNT_LANE, mailbox=mailbox)
        return AdoptMailbox(lane=ACCOUNT_LANE, mailbox=mailbox, is_seen_shared=each.is_seen_shared)

    def _counting(self) -> Iterator[Step]:
        survey, is_written = self.survey, is_spool_written(self.head)
        if is_written:
            yield repair_quota_step(self.head, survey)
        for root, raised in self._raised().items():
            yield SettleQuota(lane=ACCOUNT_LANE, root=root, **raised)
        if is_written and survey.has_conversations and survey.owner is not None:
            yield BuildConversations(lane=ACCOUNT_LANE, userid=survey.owner)

    def _raised(self) -> Mapping[str, RaisedLimits]:
        """Quota root → limits as they are and as they will be, of those that are raised.

        SETQUOTA sets all limits of a root at once: those that stay are named, too.
        """
        roots = {each.root for each in self.head.quota if each.raised_to is not None}
        return {
            root: RaisedLimits(
                former={each.resource: each.limit for each in limits if each.limit is not None},
                limits={
                    each.resource: each.limit if each.raised_to is None else each.raised_to
                    for each in limits
                    if each.limit is not None
                },
            )
            for root in sorted(roots)
            for limits in ([each for each in self.head.quota if each.root == root],)
        }

    def _showing(self) -> Iterator[Step]:
        rights = {each.target_name: each.rights for each in self.head.mailboxes}
        every = self._new()
        for name in reversed(every):  # innermost first: the tree comes into sight whole
            written = self._written(name)
            yield GiveRights(lane=ACCOUNT_LANE, mailbox=written, rights=rights[written])
        names = [*self.holders, *(each.target for each in self.destined)]
        subscribers = {each.target_name: each.subscribers for each in self.head.mailboxes}
        for name in sorted(names, key=lambda name: (len(name.parts), name.parts)):
            written = self._written(name)
            for userid in subscribers[written]:
                yield Subscribe(
                    lane=ACCOUNT_LANE,
                    userid=userid,
                    mailbox=written,
                    domain=name.domain,
                    parts=name.parts,
                )
        if any(subscribers.values()):
            yield ProveSubscriptions(lane=ACCOUNT_LANE)


def repair_quota_step(head: PlanHead, survey: SpoolSurvey) -> RepairQuota:
    """Counting the target anew, by a name that no version misunderstands.

    2.4 takes a higher quota root from mailboxes whose account is named below it: there the
    whole domain is counted (cyrus-formats 5.6).
    """
    rules, root = survey.name_rules, head.request.target.root
    domain = None if root.domain == rules.default_domain else root.domain
    bare = MailboxName(domain=None, parts=root.parts)
    has_higher_root = any(each.root != rules.written(root) for each in survey.quotas)
    by_name = survey.version >= _PREFIX_IS_SAFE or not has_higher_root
    added = 0 if head.request.is_in_place else head.size_bytes
    return RepairQuota(
        lane=ACCOUNT_LANE,
        mailbox=rules.written(root),
        domain=domain,
        local=bare.admin_with(rules.separator) if by_name else None,
        internal=bare.internal if by_name else None,
        userid=survey.owner,
        added_bytes=added,
    )


def is_spool_written(head: PlanHead) -> bool:
    """Whether a plan creates folders or writes into the spool; else it only appends."""
    return any(
        each.is_new or (each.messages > 0 and not each.is_appended) for each in head.mailboxes
    )


def called(survey: SpoolSurvey, mailbox: str) -> str:
    """What whoever appends to a live mailbox calls it; a plan for which nobody can is refused."""
    found = survey.live.get(mailbox)
    return "" if found is None or found.called is None else found.called


class RaisedLimits(TypedDict):
    """Limits by resource, storage in KiB, before and after."""

    former: Mapping[str, int]
    limits: Mapping[str, int]


def _filling(each: Destined, survey: SpoolSurvey) -> Iterator[Step]:
    if not each.wanted.any():
        return
    lane = survey.name_rules.written(each.target)
    place = each.chosen.place
    keeps = survey.archive_room is not None
    for group in groups(planned_messages(each)):
        yield CopyMessages(lane=lane, source=place, messages=group, keeps_archive=keeps)
    yield WriteIndex(lane=lane, source=place, keeps_archive=keeps)
    yield RebuildMailbox(lane=lane)
    if survey.has_search_index:
        yield BuildSearchIndex(lane=lane)


def _giving_back(each: Destined, lane: str) -> Iterator[Step]:
    """What readers have of their own, once they have their rights."""
    for reader, uids in sorted(each.marks.items()):
        name = each.target
        yield GiveSeen(
            lane=lane, domain=name.domain, parts=name.parts, reader=reader, uids=str(uids)
        )
    if each.marks:
        yield ProveSeen(lane=lane)


def _annotating(each: Destined, lane: str, owner: str | None) -> Iterator[Step]:
    """What was written beside a mailbox and its messages; its special use is the owner's."""
    name = each.target
    special: tuple[Annotation, ...] = ()
    if each.special_use and owner is not None:
        uses = " ".join(each.special_use).encode("ascii", "replace")
        special = (Annotation(entry=SPECIAL_USE, userid=owner, value=uses),)
    annotations = (*each.annotations, *special)
    for userid, group in annotation_groups(annotations):
        yield Annotate(
            lane=lane, domain=name.domain, parts=name.parts, userid=userid, annotations=group
        )
    if annotations:
        yield ProveAnnotations(lane=lane)
