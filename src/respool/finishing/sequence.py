"""The finishing steps of a plan, from its head alone: before the mail, and after it."""

from __future__ import annotations

from collections.abc import Iterator

from respool.finishing.steps import (
    ConsolidateIndex,
    CreateMailshare,
    LastLook,
    RaiseDirectoryQuota,
    Repair,
    SaveRights,
    SettleDirectoryQuota,
)
from respool.model.accounts import AccountKind
from respool.planning.finishing import CONSOLIDATE, SAVE_RIGHTS, Finishing
from respool.planning.plan import PlanHead
from respool.planning.step import ACCOUNT_LANE, Step


def opening_steps(head: PlanHead, root: str) -> Iterator[Step]:
    """What comes before all mail; ``root`` is the account's, as the administrator writes it."""
    finishing = head.finishing
    if finishing is None or finishing.version is None:
        return
    if finishing.makes is not None:
        makes = finishing.makes
        yield CreateMailshare(
            lane=ACCOUNT_LANE,
            mailbox=root,
            domain=finishing.domain,
            entry=makes.uid,
            name=makes.name,
            email=makes.email,
            data_location=makes.data_location,
            quota_kib=makes.quota_kib,
            shared=makes.shared,
        )
    if finishing.quota is not None:
        yield RaiseDirectoryQuota(
            lane=ACCOUNT_LANE,
            domain=finishing.domain,
            entry=finishing.entry,
            is_mailshare=_is_mailshare(head),
            former=finishing.quota.former,
            limit=finishing.quota.limit,
        )


def closing_steps(head: PlanHead) -> Iterator[Step]:
    """What comes once all mail is proven and in sight: limits, the work, and a last look."""
    finishing = head.finishing
    if finishing is None or finishing.version is None:
        return
    if finishing.quota is not None:
        yield SettleDirectoryQuota(
            lane=ACCOUNT_LANE,
            domain=finishing.domain,
            entry=finishing.entry,
            is_mailshare=_is_mailshare(head),
            former=finishing.quota.former,
            limit=finishing.quota.limit,
        )
    for each in finishing.work:
        yield _working(each, finishing)
    yield LastLook(lane=ACCOUNT_LANE, owner=head.owner)


def _working(work: str, finishing: Finishing) -> Step:
    domain, entry, address = finishing.domain, finishing.entry, finishing.address
    if work == SAVE_RIGHTS:
        return SaveRights(lane=ACCOUNT_LANE, domain=domain, entry=entry)
    if work == CONSOLIDATE:
        return ConsolidateIndex(lane=ACCOUNT_LANE, domain=domain, entry=entry, address=address)
    return Repair(lane=ACCOUNT_LANE, domain=domain, entry=entry, operation=work, address=address)


def _is_mailshare(head: PlanHead) -> bool:
    return head.request.target.kind is AccountKind.MAILSHARE
