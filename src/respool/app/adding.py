"""Adding to live folders of this machine's server, over IMAP: as their owner, by our own login.

A mailshare has no owner. There the administrator adds, who gives himself the rights for each
step, and whose read state is nobody else's: what is read there is given to each reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from respool.app.reached import Prover
from respool.model.dataclasses import dataclass
from respool.planning.appending import AppendMessages
from respool.planning.proof import ProveAppended
from respool.planning.step import Step
from respool.runs.actor import Actor, Note, RunRecord, Undoing
from respool.system.borrowed_rights import borrowed_rights
from respool.system.cyrus_server import CyrusServer
from respool.system.imap_server import ImapServer
from respool.targets.imap.actor import imap_actor
from respool.targets.spool.created import CreatedMailboxes
from respool.targets.spool.in_place import TO_ADD
from respool.targets.spool.whereabouts import Finder, Whereabouts
from respool.verification.actor import BY_ADMINISTRATOR
from respool.verification.appended import AppendedProofActor


@contextmanager
def adding_to(server: CyrusServer, owner: str | None) -> Iterator[ImapServer]:
    """Sessions of who adds, for the length of a block."""
    user = server.admin_name if owner is None else owner
    adding = ImapServer(
        where=str(server.address), login=server.admin_name, user=user, enter=server.enter
    )
    try:
        yield adding
    finally:
        adding.close()


def adding_actors(
    server: CyrusServer, adding: ImapServer, record: RunRecord
) -> Mapping[str, Actor[Any]]:
    """Who appends, and takes back what was appended."""
    actor: Actor[Any] = imap_actor(adding, record)
    if record.head().owner is None:
        actor = _Borrowing(server=server, actor=actor)
    live = CreatedMailboxes(server, record)
    finder = Finder(server=server, record=record)
    return {AppendMessages.kind: _Looking(live=live, finder=finder, actor=actor)}


def adding_provers(
    server: CyrusServer, adding: ImapServer, record: RunRecord
) -> Mapping[str, Prover]:
    """Who reads it back."""
    if record.head().owner is not None:
        return {ProveAppended.kind: AppendedProofActor(server=adding, record=record)}
    prover = AppendedProofActor(server=adding, record=record, by=BY_ADMINISTRATOR)
    return {ProveAppended.kind: _BorrowingProver(server=server, actor=prover, prover=prover)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looking:
    """``actor``, who adds only to the very folder that the run has looked at before."""

    live: CreatedMailboxes
    finder: Finder
    actor: Actor[Any]

    def observe(self, step: Step) -> Note:
        self.live.check(step.lane)
        return self.actor.observe(step)

    def perform(self, step: Step, before: Note) -> Note:
        self.live.check(step.lane)
        return self.actor.perform(step, before)

    def take_back(self, step: Step, undoing: Undoing) -> str | None:
        """What was renamed since is left: the mail is in it still."""
        if not undoing.before:
            return None
        found = self.finder.find(step.lane, self.live.uniqueid(step.lane))
        if found.whereabouts is Whereabouts.RENAMED:
            return f"somebody renamed it: it is {found.name} now"
        if found.whereabouts is not Whereabouts.THERE:
            return None
        return self.actor.take_back(step, undoing)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Borrowing:
    """``actor``, for whom the administrator has the rights on a step's folder meanwhile."""

    server: CyrusServer
    actor: Actor[Any]

    def observe(self, step: Step) -> Note:
        with borrowed_rights(self.server, step.lane, TO_ADD):
            return self.actor.observe(step)

    def perform(self, step: Step, before: Note) -> Note:
        with borrowed_rights(self.server, step.lane, TO_ADD):
            return self.actor.perform(step, before)

    def take_back(self, step: Step, undoing: Undoing) -> str | None:
        """Of a folder that is gone nothing is there any more."""
        if not self.server.admin.exists(step.lane):
            return None
        with borrowed_rights(self.server, step.lane, TO_ADD):
            return self.actor.take_back(step, undoing)


@dataclass(frozen=True, slots=True, kw_only=True)
class _BorrowingProver(_Borrowing):
    """The same for proofs, which can be made again."""

    prover: Prover

    def prove_again(self, step: Step) -> Note:
        if not self.server.admin.exists(step.lane):
            return self.prover.prove_again(step)
        with borrowed_rights(self.server, step.lane, TO_ADD):
            return self.prover.prove_again(step)
