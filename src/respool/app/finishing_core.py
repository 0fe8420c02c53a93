"""BlueMind's core for the steps of runs: opened when one first needs it, shared by all of them."""

# ruff: noqa: PLC0415 - what speaks with a core is loaded where a run has steps for one

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from respool.app.bluemind_access import core_of
from respool.app.settings import Settings
from respool.errors import UsageError

if TYPE_CHECKING:
    from respool.finishing.actor import FinishingActor
    from respool.finishing.asking import Asking, Silence
    from respool.finishing.patience import Patience
    from respool.runs.actor import RunRecord
    from respool.system.bluemind_core import BluemindCore
    from respool.system.cyrus_server import CyrusServer


class LazyCore:
    """BlueMind's core, opened when a step first needs it; anew once it could not be."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept = ExitStack()
        self._core: BluemindCore | None = None
        self._silence: Silence | None = None

    def asking(self, patience: Patience) -> Asking:
        """Who asks it; that it is away, all who do know together."""
        from respool.finishing.asking import Asking, Silence

        self._silence = self._silence or Silence()
        return Asking(core=self, patience=patience, silence=self._silence, forget=self.close)

    def __call__(self) -> BluemindCore:
        """The core.

        Raises:
            TargetError, UsageError: as `core_of`; nothing says that there is one.
        """
        if self._core is None:
            core = self._kept.enter_context(core_of(self._settings))
            self._core = _no_core() if core is None else core
        return self._core

    def close(self) -> None:
        """Let it go; asked again it is opened anew, and says anew of which version it is."""
        self._core = None
        self._kept.close()


def finishing_actor(
    core: LazyCore | None, server: CyrusServer, record: RunRecord
) -> FinishingActor:
    """Who carries out the finishing steps of one run."""
    from respool.finishing import patience
    from respool.finishing.actor import FinishingActor
    from respool.finishing.asking import Asking

    usual = patience.USUAL
    asking = Asking(core=_no_core, patience=usual) if core is None else core.asking(usual)
    return FinishingActor(asking=asking, server=server, record=record)


def _no_core() -> BluemindCore:
    raise UsageError(
        "this step needs BlueMind's core, and no key of it is set",
        hint="RESPOOL_BLUEMIND_KEY_FILE names a file whose first line it is",
    )
