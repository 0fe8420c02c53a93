"""The steps of a spool plan in their order: create, fill, count, prove, show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from respool.model.inventory import IN_ARCHIVE, SYSTEM_FLAG_MASK, Rows, StoredMailbox
from respool.model.names import MailboxName
from respool.planning.plan import PlanHead
from respool.planning.proof import ProveMailbox
from respool.planning.step import ACCOUNT_LANE, PlannedMessage, Step, groups
from respool.targets.spool.steps import (
    BuildConversations,
    BuildSearchIndex,
    CopyMessages,
    CreateMailbox,
    GiveRights,
    RebuildMailbox,
    RepairQuota,
    SourcePlace,
    Subscribe,
    WriteIndex,
)
from respool.targets.spool.survey import SpoolSurvey

_ROWS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenMailbox:
    """One mailbox of the backup that is to be restored."""

    place: SourcePlace
    mailbox: StoredMailbox

    def wanted(self) -> NDArray[np.bool_]:
        """Mask of the records that will be restored.

        A file of no octets is left out: reconstruct would delete it (lab-notes).
        """
        mask: NDArray[np.bool_] = self.mailbox.restorable() & (self.mailbox.records["size"] > 0)
        return mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Destined:
    """A chosen mailbox, its new name, and the mask of its wanted records."""

    chosen: ChosenMailbox
    target: MailboxName
    wanted: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolPlan:
    """A head, and steps that are made as they are asked for."""

    head: PlanHead
    destined: tuple[Destined, ...]
    holders: tuple[MailboxName, ...]
    survey: SpoolSurvey

    def steps(self) -> Iterator[Step]:
        """The steps in order, lazily: create, fill, count, prove, show."""
        survey = self.survey
        every = sorted(
            [*self.holders, *(each.target for each in self.destined)],
            key=lambda name: (len(name.parts), name.parts),
        )
        for name in every:
            yield CreateMailbox(
                lane=ACCOUNT_LANE,
                mailbox=survey.name_rules.written(name),
                partition=survey.partition,
            )
        for each in self.destined:
            yield from _filling(each, survey)
        yield RepairQuota(
            lane=ACCOUNT_LANE,
            mailbox=survey.name_rules.written(self.head.request.account.root),
            domain=self.head.request.account.domain,
            userid=survey.owner,
        )
        if survey.has_conversations and survey.owner is not None:
            yield BuildConversations(lane=ACCOUNT_LANE, userid=survey.owner)
        depth = len(self.head.request.account.root.parts)
        for each in self.destined:
            yield ProveMailbox(
                lane=survey.name_rules.written(each.target),
                owner=survey.owner,
                parts=each.target.parts[depth:],
            )
        rights = {each.target_name: each.rights for each in self.head.mailboxes}
        for name in reversed(every):  # innermost first: the tree comes into sight whole
            written = survey.name_rules.written(name)
            yield GiveRights(lane=ACCOUNT_LANE, mailbox=written, rights=rights[written])
        if survey.owner is not None:
            for name in every:
                yield Subscribe(lane=ACCOUNT_LANE, userid=survey.owner, parts=name.parts[depth:])


def _planned_messages(each: Destined) -> Iterator[PlannedMessage]:
    wanted = each.chosen.mailbox.records[each.wanted]
    for start in range(0, len(wanted), _ROWS_AT_ONCE):
        yield from _of_rows(each.chosen.mailbox, wanted[start : start + _ROWS_AT_ONCE])


def _of_rows(mailbox: StoredMailbox, rows: Rows) -> Iterator[PlannedMessage]:
    """Column by column: one number of a NumPy row costs more than a whole message here."""
    guids, words = rows["guid"].tobytes(), rows["user_flags"].tobytes()
    flag_names = cache(mailbox.flag_names)
    columns = (rows[name].tolist() for name in ("uid", "internaldate", "size"))
    bits = (rows["system_flags"] & np.uint32(SYSTEM_FLAG_MASK)).tolist()
    archived = (rows["place"] == IN_ARCHIVE).tolist()
    for at, (uid, internaldate, size) in enumerate(zip(*columns, strict=True)):
        guid = guids[at * 20 : at * 20 + 20]
        yield PlannedMessage(
            uid=uid,
            guid=guid.hex() if any(guid) else None,
            internaldate=internaldate,
            size_bytes=size,
            flags=flag_names(bits[at], words[at * 16 : at * 16 + 16]),
            is_archived=archived[at],
        )


def _filling(each: Destined, survey: SpoolSurvey) -> Iterator[Step]:
    if not each.wanted.any():
        return
    lane = survey.name_rules.written(each.target)
    place = each.chosen.place
    for group in groups(_planned_messages(each)):
        yield CopyMessages(lane=lane, source=place, messages=group)
    yield WriteIndex(lane=lane, source=place)
    yield RebuildMailbox(lane=lane)
    if survey.has_search_index:
        yield BuildSearchIndex(lane=lane)
