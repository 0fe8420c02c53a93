"""The one place that names concrete targets, steps and actors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from respool.planning.proof import ProveMailbox, ProveSeen
from respool.planning.step import Step
from respool.runs.actor import Actor, RunRecord
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.actor import spool_actor
from respool.targets.spool.created import CreatedMailboxes
from respool.targets.spool.steps import SPOOL_STEPS
from respool.verification.actor import ProofActor
from respool.verification.seen import SeenProofActor

_ALL: tuple[type[Step], ...] = (*SPOOL_STEPS, ProveMailbox, ProveSeen)
STEP_KINDS: Mapping[str, type[Step]] = {step.kind: step for step in _ALL}


def actors_of(server: CyrusServer, record: RunRecord) -> Mapping[str, Actor[Any]]:
    """Which actor performs which kind of step, for one run on one server."""
    spool = spool_actor(server, record)
    return {
        **{step.kind: spool for step in SPOOL_STEPS},
        ProveMailbox.kind: proof_actor(server, record),
        ProveSeen.kind: seen_proof_actor(server, record),
    }


def proof_actor(server: CyrusServer, record: RunRecord) -> ProofActor:
    """Who reads the mailboxes of one run back, now or later."""
    return ProofActor(server=server, record=record, created=CreatedMailboxes(server, record))


def seen_proof_actor(server: CyrusServer, record: RunRecord) -> SeenProofActor:
    """Who reads back what readers of one run were given, now or later."""
    return SeenProofActor(server=server, record=record, created=CreatedMailboxes(server, record))
