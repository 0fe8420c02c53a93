"""Flags of live messages put back, on the live server of this machine; no mail is added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from respool.app.access import server_access
from respool.app.at_live import AtLive
from respool.app.plan import identity_of
from respool.app.prepared import Prepared, prepare, prepare_again
from respool.app.reached import Plan, Prover
from respool.app.same_plan import check_same
from respool.app.settings import Settings
from respool.app.state_sides import later_selection, sides_of
from respool.app.target_account import survey_target, target_of
from respool.app.wish import Wish
from respool.errors import NotReady, SurveyChanged, UsageError
from respool.model.dataclasses import dataclass
from respool.planning.plan import PlanHead
from respool.planning.proof import ProveFlags
from respool.planning.request import RestoreRequest
from respool.runs.actor import Actor, RunRecord
from respool.runs.journal import Journal, RunJournal
from respool.system.borrowed_rights import give_back
from respool.system.cyrus_server import reach_server
from respool.targets.spool.surveyor import name_rules
from respool.targets.state.actor import StateActor
from respool.targets.state.planner import StatePlan, plan_state
from respool.targets.state.steps import STATE_STEPS
from respool.verification.stored_flags import FlagProofActor


@contextmanager
def reach_state(settings: Settings) -> Iterator[AtState]:
    """The live server of this machine, for the length of a block.

    Raises:
        TargetError: it cannot be reached.
    """
    with reach_server(server_access(settings)) as server:
        yield AtState(server)


@dataclass(frozen=True, slots=True)
class AtState(AtLive):
    """The live server of this machine, whose messages stay; see `Reached` for each call."""

    def mend(self, _state: Path) -> None:
        """Give back borrowed rights."""
        give_back(self.server)

    def plan(self, settings: Settings, wish: Wish) -> Plan:
        """The plan of putting flags of a live account back."""
        prepared = prepare(settings, wish)
        selection = prepared.selection
        target = target_of(wish, selection, self.server, prepared.backup.live)
        if target.kind is not selection.account.kind:
            raise UsageError(
                "--state-only puts back what was the account's own",
                why=f"{selection.account.address} is a {selection.account.kind},"
                f" {target.address} is a {target.kind}",
            )
        request = prepared.request(target)
        if request.state_only is not None and request.state_only.until is not None:
            until = later_selection(prepared, request.state_only.until).generation.label
            request = replace(request, state_only=replace(request.state_only, until=until))
        return self._planned(settings, prepared, request)

    def _planned(
        self, settings: Settings, prepared: Prepared, request: RestoreRequest
    ) -> StatePlan:
        selection = prepared.selection
        survey = survey_target(request, lambda: selection, self.server, settings.state)
        reasons, findings = identity_of(settings, request, selection, survey, self.server)
        sides = sides_of(settings, prepared, request, survey, self.server)
        context = prepared.context(reasons, findings)
        context = replace(context, skipped={**context.skipped, **sides.skipped})
        return plan_state(request, sides.wanted, sides.later, sides.survey, context)

    def check_unchanged(self, _settings: Settings, head: PlanHead, _file: Path) -> None:
        """The folders must be there still; what became of each message, the run itself sees."""
        reasons = [
            f"{each.target_path} is not there any more"
            for each in head.mailboxes
            if each.messages and not self.server.admin.exists(each.target_name)
        ]
        if reasons:
            raise SurveyChanged(
                "the account is no longer as it was when the plan was made",
                tuple(reasons),
                hint="make the plan again",
            )

    def check_honesty(self, settings: Settings, file: Path) -> None:
        """Its steps must be those that the same request makes now, of flags as they are now."""
        check_same(
            file,
            lambda head: self._planned(settings, prepare_again(settings, head), head.request),
        )

    def check_ready(self, _settings: Settings, run: RunJournal) -> None:
        """Whether the account is there; no backup is needed to go on."""
        target = run.head().request.target
        if not self.server.admin.exists(name_rules(self.server).written(target.root)):
            raise NotReady(
                f"run {run.number} cannot go on as things are now",
                (f"{target.address} is gone from the live server",),
                hint="take the run back",
            )

    def actors(self, record: RunRecord) -> Mapping[str, Actor[Any]]:
        """One actor for all that changes flags, and that of the proof."""
        actor = StateActor(self.server)
        return {**{step.kind: actor for step in STATE_STEPS}, **self.provers(record)}

    def provers(self, record: RunRecord) -> Mapping[str, Prover]:
        """Flags are read back as who they are for."""
        return {ProveFlags.kind: FlagProofActor(server=self.server, record=record)}

    def settle(self, state: Path, journal: Journal, held: Path | None = None) -> None:
        """Nothing is changed for a time."""
