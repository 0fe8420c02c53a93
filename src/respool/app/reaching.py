"""Which target a wish, or a plan, is for, and reaching it.

What a target needs is loaded when it is reached: a command starts without the other ones.
"""

# ruff: noqa: PLC0415 - loading all targets takes as long as many a plan

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import TracebackType
from typing import Self

from respool.app.far_wish import FarWish
from respool.app.reached import Reached
from respool.app.settings import Settings
from respool.app.where import TargetKind, Where, where_of, where_of_plan
from respool.app.wish import Wish
from respool.errors import TargetError, UsageError
from respool.planning.plan import PlanHead


def reach_wished(settings: Settings, wish: Wish) -> AbstractContextManager[Reached]:
    """Where a wish is to go, for the length of a block.

    Raises:
        UsageError: an address, or a path, that is none.
        TargetError: it cannot be reached.
    """
    if wish.state_only is not None:
        return _reach_state(settings)
    where = where_of(wish.to)
    if where.kind is not TargetKind.IMAP and (wish.as_user or wish.domain_map):
        raise UsageError("--as and --map-domain are for another server", hint="--to imaps://HOST")
    match where.kind:
        case TargetKind.SPOOL:
            return _reach_spool(settings)
        case TargetKind.IMAP:
            meant = FarWish(account=wish.wanted.account, domains=wish.domain_map)
            return _reach_imap(settings, where.text or "", meant, wish.as_user)
        case _:
            return _reach_files(where)


def reach_planned(settings: Settings, head: PlanHead) -> AbstractContextManager[Reached]:
    """Where a plan goes, for the length of a block.

    Raises:
        PlanRefused: no target of that kind is known.
        TargetError: it cannot be reached.
    """
    where = where_of_plan(head)
    match where.kind:
        case TargetKind.SPOOL:
            return _reach_spool(settings)
        case TargetKind.IMAP:
            return _reach_imap(settings, where.text or "", FarWish(), head.owner)
        case TargetKind.EXPORT:
            return _reach_files(where)
        case TargetKind.STATE:
            return _reach_state(settings)


def _reach_spool(settings: Settings) -> AbstractContextManager[Reached]:
    from respool.app.at_spool import reach_spool

    return reach_spool(settings)


def _reach_imap(
    settings: Settings, typed: str, wish: FarWish, as_user: str | None
) -> AbstractContextManager[Reached]:
    from respool.app.at_imap import reach_imap

    return reach_imap(settings, typed, wish, as_user)


def _reach_files(where: Where) -> AbstractContextManager[Reached]:
    from respool.app.at_export import reach_files

    return reach_files(where)


def _reach_state(settings: Settings) -> AbstractContextManager[Reached]:
    from respool.app.at_state import reach_state

    return reach_state(settings)


class Reaching:
    """Targets that are reached one after the other; this server's spool once for all of them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._kept = ExitStack()
        self._spool: Reached | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._kept.close()

    def wished(self, wish: Wish) -> AbstractContextManager[Reached]:
        """As `reach_wished`."""
        if wish.state_only is None and where_of(wish.to).kind is TargetKind.SPOOL:
            return self._shared(reach_wished(self.settings, wish))
        return reach_wished(self.settings, wish)

    def planned(self, head: PlanHead) -> AbstractContextManager[Reached]:
        """As `reach_planned`."""
        if where_of_plan(head).kind is TargetKind.SPOOL:
            return self._shared(reach_planned(self.settings, head))
        return reach_planned(self.settings, head)

    @contextmanager
    def _shared(self, reached: AbstractContextManager[Reached]) -> Iterator[Reached]:
        """The spool that was reached before, else ``reached``; anew once it failed us."""
        if self._spool is None:
            self._spool = self._kept.enter_context(reached)
        try:
            yield self._spool
        except TargetError:
            self._spool = None
            self._kept.close()
            raise
