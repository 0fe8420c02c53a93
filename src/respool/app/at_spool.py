"""Restores into the spool of the live server that is on this machine.

What only some runs need, such as what speaks with BlueMind, is loaded for these alone.
"""

# ruff: noqa: PLC0415 - loading all of it takes as long as many a plan

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from respool.app.access import server_access
from respool.app.at_live import AtLive
from respool.app.cut_off import clear_cut_off
from respool.app.finishing_core import LazyCore
from respool.app.plan import plan_again, plan_into_spool
from respool.app.raised_quotas import settle_raised
from respool.app.reached import Plan, Prover
from respool.app.settings import Settings
from respool.app.settling import Place
from respool.app.unchanged import check_unchanged
from respool.app.wish import Wish
from respool.model.dataclasses import dataclass
from respool.planning.plan import PlanHead
from respool.planning.proof import (
    ProveAnnotations,
    ProveFlags,
    ProveMailbox,
    ProveSeen,
    ProveSubscriptions,
)
from respool.runs.actor import Actor, RunRecord
from respool.runs.journal import Journal, RunJournal
from respool.system.borrowed_rights import give_back
from respool.system.cyrus_server import reach_server
from respool.targets.spool.actor import spool_actor
from respool.targets.spool.created import CreatedMailboxes
from respool.targets.spool.steps import SPOOL_STEPS
from respool.verification.actor import ProofActor
from respool.verification.annotations import AnnotationProofActor
from respool.verification.seen import SeenProofActor
from respool.verification.subscriptions import SubscriptionProofActor

if TYPE_CHECKING:
    from respool.system.imap_server import ImapServer

_IN_DIRECTORY: Final = "bluemind-raise-quota"  # the steps that raise limits of a directory


@contextmanager
def reach_spool(settings: Settings) -> Iterator[AtSpool]:
    """The live server of this machine, for the length of a block.

    Raises:
        TargetError: it cannot be reached.
    """
    with (
        reach_server(server_access(settings)) as server,
        ExitStack() as stack,
        closing(LazyCore(settings)) as core,
    ):
        yield AtSpool(server, stack, core=core)


@dataclass(frozen=True, slots=True)
class AtSpool(AtLive):
    """The live server of this machine; see `Reached` for each call."""

    _stack: ExitStack = field(default_factory=ExitStack)
    _adds: list[tuple[RunRecord, ImapServer]] = field(default_factory=list)
    core: LazyCore | None = None

    def mend(self, state: Path) -> None:
        """Give back borrowed rights, and clear what runs in place left in live mailboxes."""
        give_back(self.server)
        clear_cut_off(state, self.server)

    def plan(self, settings: Settings, wish: Wish) -> Plan:
        """The plan of a restore into a live account."""
        return plan_into_spool(settings, wish, self.server)

    def check_unchanged(self, settings: Settings, head: PlanHead, file: Path) -> None:
        """Of an account to be created the backup is asked again, too."""
        check_unchanged(settings, head, self.server, file)

    def check_honesty(self, settings: Settings, file: Path) -> None:
        """See that the plan does what it says, and may be for this person's account.

        One that changes flags must be the plan that its request makes now.
        """
        from respool.app.plan_file import check_honesty
        from respool.app.same_plan import check_same, head_of_plan

        if head_of_plan(file).merged:
            check_same(file, lambda head: plan_again(settings, head, self.server))
        else:
            check_honesty(settings, file, self.server)

    def check_ready(self, settings: Settings, run: RunJournal) -> None:
        """To be called under the account's lock."""
        from respool.app.readiness import check_ready

        check_ready(settings, run, self.server)

    def actors(self, record: RunRecord) -> Mapping[str, Actor[Any]]:
        """One actor for all that changes the spool, and those of what else it needs."""
        spool = spool_actor(self.server, record)
        return {
            **self._finishing(record),
            **{step.kind: spool for step in SPOOL_STEPS},
            **self._flagging(record),
            **self._adding(record),
            **self.provers(record),
        }

    def provers(self, record: RunRecord) -> Mapping[str, Prover]:
        """Mail, read marks, annotations and subscriptions are read back apart."""
        server, created = self.server, CreatedMailboxes(self.server, record)
        return {
            **self._proving_added(record),
            **self._proving_flags(record),
            ProveMailbox.kind: ProofActor(server=server, record=record, created=created),
            ProveSeen.kind: SeenProofActor(server=server, record=record, created=created),
            ProveSubscriptions.kind: SubscriptionProofActor(server=server, record=record),
            **self._looking_again(record),
            ProveAnnotations.kind: AnnotationProofActor(
                server=server, record=record, created=created
            ),
        }

    def _finishing(self, record: RunRecord) -> Mapping[str, Actor[Any]]:
        if record.head().finishing is None:
            return {}
        from respool.app.finishing_core import finishing_actor
        from respool.finishing.steps import FINISHING_STEPS

        actor = finishing_actor(self.core, self.server, record)
        return {step.kind: actor for step in FINISHING_STEPS}

    def _looking_again(self, record: RunRecord) -> Mapping[str, Prover]:
        if record.head().finishing is None:
            return {}
        from respool.app.finishing_core import finishing_actor
        from respool.finishing.steps import LastLook

        return {LastLook.kind: finishing_actor(self.core, self.server, record)}

    def _flagging(self, record: RunRecord) -> Mapping[str, Actor[Any]]:
        if not record.head().merged:
            return {}
        from respool.targets.state.actor import StateActor
        from respool.targets.state.steps import STATE_STEPS

        return {step.kind: StateActor(self.server) for step in STATE_STEPS}

    def _proving_flags(self, record: RunRecord) -> Mapping[str, Prover]:
        if not record.head().merged:
            return {}
        from respool.verification.stored_flags import FlagProofActor

        return {ProveFlags.kind: FlagProofActor(server=self.server, record=record)}

    def _adding(self, record: RunRecord) -> Mapping[str, Actor[Any]]:
        if not _is_adding(record.head()):
            return {}
        from respool.app.adding import adding_actors

        return adding_actors(self.server, self._sessions(record), record)

    def _proving_added(self, record: RunRecord) -> Mapping[str, Prover]:
        if not _is_adding(record.head()):
            return {}
        from respool.app.adding import adding_provers

        return adding_provers(self.server, self._sessions(record), record)

    def _sessions(self, record: RunRecord) -> ImapServer:
        """Who adds to live folders; he logs out once another run begins, or all have ended."""
        from respool.app.adding import adding_to

        if not (self._adds and self._adds[0][0] is record):
            self._stack.close()
            adding = self._stack.enter_context(adding_to(self.server, record.head().owner))
            self._adds[:] = [(record, adding)]
        return self._adds[0][1]

    def settle(self, state: Path, journal: Journal, held: Path | None = None) -> None:
        """Put raised limits back, Cyrus's first: BlueMind's own are set in Cyrus, too."""
        place = Place(state=state, journal=journal, held=held)
        settle_raised(place, self.server)
        if self.core is not None and any(journal.settlings.open_runs(_IN_DIRECTORY)):
            from respool.app.raised_directories import settle_directories

            settle_directories(place, self.server, self.core)


def _is_adding(head: PlanHead) -> bool:
    """Whether a run adds to folders that hold mail."""
    return any(each.is_appended for each in head.mailboxes)
