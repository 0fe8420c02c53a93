"""What all targets on the live server of this machine have in common."""

from __future__ import annotations

from pathlib import Path

from respool.app.state import account_lock
from respool.errors import SurveyChanged
from respool.model.dataclasses import dataclass
from respool.planning.plan import PlanHead
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.surveyor import is_of


@dataclass(frozen=True, slots=True)
class AtLive:
    """The live server of this machine; see `Reached` for each call."""

    server: CyrusServer

    def check_is_of(self, number: int, head: PlanHead) -> None:
        """See that the run was carried out on this server."""
        if not is_of(self.server, head.facts.get("server", "")):
            raise SurveyChanged(
                f"run {number} was not carried out on this server",
                (f"it was on {head.facts.get('server')}",),
                hint="--imapd-conf names the configuration of another one",
            )

    def lock_file(self, state: Path, head: PlanHead) -> Path:
        """The lock of the live account."""
        return account_lock(state, head.request.target, self.server.default_domain)
