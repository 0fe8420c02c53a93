"""Which target a wish, or a plan, is for, and reaching it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from respool.app.at_export import reach_files
from respool.app.at_imap import reach_imap
from respool.app.at_spool import reach_spool
from respool.app.far_logins import far_account
from respool.app.reached import Reached
from respool.app.settings import Settings
from respool.app.where import TargetKind, where_of, where_of_plan
from respool.app.wish import Wish
from respool.errors import UsageError
from respool.planning.plan import PlanHead


def reach_wished(settings: Settings, wish: Wish) -> AbstractContextManager[Reached]:
    """Where a wish is to go, for the length of a block.

    Raises:
        UsageError: an address, or a path, that is none.
        TargetError: it cannot be reached.
    """
    where = where_of(wish.to)
    if where.kind is not TargetKind.IMAP and (wish.as_user or wish.domain_map):
        raise UsageError("--as and --map-domain are for another server", hint="--to imaps://HOST")
    match where.kind:
        case TargetKind.SPOOL:
            return reach_spool(settings)
        case TargetKind.IMAP:
            typed, account = where.text or "", wish.wanted.account
            return reach_imap(settings, far_account(typed, account, wish.as_user, wish.domain_map))
        case TargetKind.EXPORT:
            return reach_files(where)


def reach_planned(settings: Settings, head: PlanHead) -> AbstractContextManager[Reached]:
    """Where a plan goes, for the length of a block.

    Raises:
        PlanRefused: no target of that kind is known.
        TargetError: it cannot be reached.
    """
    where = where_of_plan(head)
    match where.kind:
        case TargetKind.SPOOL:
            return reach_spool(settings)
        case TargetKind.IMAP:
            return reach_imap(settings, far_account(where.text or "", "", head.owner, {}))
        case TargetKind.EXPORT:
            return reach_files(where)
