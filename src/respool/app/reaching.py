"""Which target a wish, or a plan, is for, and reaching it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from respool.app.at_spool import reach_spool
from respool.app.reached import Reached
from respool.app.settings import Settings
from respool.app.wish import Wish
from respool.errors import PlanRefused
from respool.planning.plan import PlanHead


def reach_wished(settings: Settings, _wish: Wish) -> AbstractContextManager[Reached]:
    """Where a wish is to go, for the length of a block.

    Raises:
        TargetError: it cannot be reached.
    """
    return reach_spool(settings)


def reach_planned(settings: Settings, head: PlanHead) -> AbstractContextManager[Reached]:
    """Where a plan goes, for the length of a block.

    Raises:
        PlanRefused: no target of that kind is known.
        TargetError: it cannot be reached.
    """
    if head.target_kind != "spool":
        raise PlanRefused("this plan cannot be carried out", (f"target {head.target_kind}",))
    return reach_spool(settings)
