"""The steps of a plan for an IMAP server in their order: create, fill, show, prove, give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from respool.model.accounts import AccountKind
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.model.state import SHARED
from respool.planning.annotating import annotation_groups
from respool.planning.appending import AppendMessages
from respool.planning.chosen import Destined, planned_messages
from respool.planning.plan import PlanHead
from respool.planning.proof import ProveAppended, ProveSubscriptions
from respool.planning.room_needs import RoomNeed
from respool.planning.step import ACCOUNT_LANE, Step, groups
from respool.targets.imap.flags import KeptFlags
from respool.targets.imap.sharing import Sharing
from respool.targets.imap.steps import (
    CreateFolder,
    GiveReaderSeen,
    SetAcl,
    SetAnnotations,
    SetSubscription,
    ShowTree,
)
from respool.targets.imap.survey import ImapSurvey


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapPlan:
    """A head, and steps that are made as they are asked for.

    ``holders`` are folders that are made only to hold others. ``made_as`` is what the new
    folder is called until all is there, None: it has its own name from the first.
    """

    head: PlanHead
    destined: tuple[Destined, ...]
    holders: tuple[MailboxName, ...]
    survey: ImapSurvey
    flags: KeptFlags
    sharing: Sharing
    made_as: MailboxName | None

    @property
    def needs(self) -> tuple[RoomNeed, ...]:
        """Nothing of this machine but what its journal takes."""
        return ()

    def steps(self) -> Iterator[Step]:
        """The steps in order, lazily."""
        new = self._new()
        destined = {each.target: each for each in self.destined}
        for name in new:
            each = destined.get(name)
            yield CreateFolder(
                lane=ACCOUNT_LANE,
                mailbox=self._written(name),
                made_as=self._written(self._until_shown(name)),
                use=None if each is None else next(iter(each.special_use), None),
                allowed=None if each is None else self.sharing.most(each),
                is_own=self.head.request.target.kind is AccountKind.USER,
            )
        for each in self.destined:
            yield from self._filling(each)
        if self.made_as is not None:
            yield ShowTree(
                lane=ACCOUNT_LANE,
                made_as=tuple(self._written(self._until_shown(name)) for name in new),
                mailboxes=tuple(map(self._written, new)),
            )
        for each in self.destined:
            if each.is_new or each.wanted.any():
                lane = self._written(each.target)
                yield ProveAppended(lane=lane, mailbox=lane, may_grow=not each.is_new)
        for each in self.destined:
            yield from self._giving(each)
        for mailbox in self.head.mailboxes:
            if mailbox.subscribers:
                yield SetSubscription(lane=ACCOUNT_LANE, mailbox=mailbox.target_name)
        if any(mailbox.subscribers for mailbox in self.head.mailboxes):
            yield ProveSubscriptions(lane=ACCOUNT_LANE)

    def _written(self, name: MailboxName) -> str:
        return self.survey.names.written(name)

    def _new(self) -> list[MailboxName]:
        """Every folder that will be created, outermost first."""
        created = [*self.holders, *(each.target for each in self.destined if each.is_new)]
        return sorted(created, key=lambda name: (len(name.parts), name.parts))

    def _until_shown(self, name: MailboxName) -> MailboxName:
        if self.made_as is None:
            return name
        below = name.parts[len(self.made_as.parts) :]
        return MailboxName(domain=name.domain, parts=self.made_as.parts + below)

    def _filling(self, each: Destined) -> Iterator[Step]:
        if not each.wanted.any():
            return
        name = self._until_shown(each.target) if each.is_new else each.target
        for group in groups(self.flags.of_messages(planned_messages(each))):
            yield AppendMessages(
                lane=self._written(each.target),
                mailbox=self._written(name),
                source=each.chosen.place,
                messages=group,
                is_created=each.is_new,
                is_mending=self.head.request.is_mending_line_ends,
            )

    def _giving(self, each: Destined) -> Iterator[Step]:
        """What others have of a folder, and what was written beside it."""
        lane = self._written(each.target)
        rights = self._rights().get(lane, {})
        if rights:
            yield SetAcl(lane=lane, mailbox=lane, rights=rights)
        for reader, uids in sorted(each.marks.items()):
            name = each.target
            yield GiveReaderSeen(
                lane=lane,
                domain=name.domain,
                parts=name.parts,
                reader=reader,
                uids=str(uids),
                mailbox=lane,
            )
        for userid, group in annotation_groups(each.annotations):
            is_shared = userid == SHARED
            yield SetAnnotations(lane=lane, mailbox=lane, is_shared=is_shared, annotations=group)

    def _rights(self) -> Mapping[str, Mapping[str, str]]:
        return {each.target_name: each.rights for each in self.head.mailboxes}
