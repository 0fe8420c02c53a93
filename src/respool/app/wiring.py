"""The one place that names concrete targets, steps and actors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from respool.planning.proof import ProveAnnotations, ProveMailbox, ProveSeen, ProveSubscriptions
from respool.planning.step import Step
from respool.runs.actor import Actor, Note, RunRecord
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.actor import spool_actor
from respool.targets.spool.created import CreatedMailboxes
from respool.targets.spool.steps import SPOOL_STEPS
from respool.verification.actor import ProofActor
from respool.verification.annotations import AnnotationProofActor
from respool.verification.seen import SeenProofActor
from respool.verification.subscriptions import SubscriptionProofActor


class Prover(Actor[Any], Protocol):
    """Performs proofs of one kind, and can look again."""

    def prove_again(self, step: Any) -> Note:  # noqa: ANN401 - a proof of its kind
        """As ``perform``, at any later time."""


_ALL: tuple[type[Step], ...] = (
    *SPOOL_STEPS,
    ProveMailbox,
    ProveSeen,
    ProveAnnotations,
    ProveSubscriptions,
)
STEP_KINDS: Mapping[str, type[Step]] = {step.kind: step for step in _ALL}


def actors_of(server: CyrusServer, record: RunRecord) -> Mapping[str, Actor[Any]]:
    """Which actor performs which kind of step, for one run on one server."""
    spool = spool_actor(server, record)
    return {**{step.kind: spool for step in SPOOL_STEPS}, **proof_actors(server, record)}


def proof_actors(server: CyrusServer, record: RunRecord) -> Mapping[str, Prover]:
    """Who reads back what one run restored, now or later, by kind of step."""
    created = CreatedMailboxes(server, record)
    return {
        ProveMailbox.kind: ProofActor(server=server, record=record, created=created),
        ProveSeen.kind: SeenProofActor(server=server, record=record, created=created),
        ProveSubscriptions.kind: SubscriptionProofActor(server=server, record=record),
        ProveAnnotations.kind: AnnotationProofActor(server=server, record=record, created=created),
    }
