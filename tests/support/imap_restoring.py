"""Restores into an account of an IMAP server: plan, run, proof and undo, as a command would."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from respool import __version__
from respool.app.asking import request_of
from respool.app.at_imap import imap_actors
from respool.app.backups import backup_of
from respool.app.chosen import choose
from respool.app.receipts import receipt_of
from respool.app.selection import select
from respool.app.settings import Settings
from respool.app.state import prepare_state
from respool.app.wiring import STEP_KINDS
from respool.app.wish import Wish
from respool.app.written_plan import write_plan
from respool.model.accounts import Account, AccountKind
from respool.planning.context import PlanContext
from respool.planning.proof import ProveAppended
from respool.planning.request import RestoreRequest
from respool.runs.journal import Journal, RunJournal
from respool.runs.runner import Runner, Stop
from respool.runs.undo import Undo
from respool.system.imap import ImapSession
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from respool.system.imap_server import ImapServer
from respool.targets.imap.planner import plan_restore
from respool.targets.imap.sequence import ImapPlan
from respool.targets.imap.surveyor import survey_imap
from respool.verification.report import Receipt
from tests.support.directions import Folders


def imap_server(
    address: ImapAddress, user: str, password: str, *, admin: str | None = None
) -> ImapServer:
    """The account of ``user``; with ``admin`` by an administrator who acts for him."""

    def entered(userid: str) -> ImapSession:
        login = admin or user
        as_user = userid if admin is not None else None
        credentials = Credentials(user=login, password=password, as_user=as_user)
        return enter(address, credentials, Trust())

    return ImapServer(
        where=f"imap://{user}@{address.host}",
        login=admin or user,
        user=user,
        enter=entered,
        pause=lambda _seconds: time.sleep(0.01),
    )


def account_named(login: str) -> Account:
    """A user of that login."""
    name, _, domain = login.partition("@")
    return Account(kind=AccountKind.USER, login=name, domain=domain or None)


def plan_into(
    settings: Settings,
    wish: Wish,
    server: ImapServer,
    **changes: Any,  # noqa: ANN401 - fields of the request
) -> ImapPlan:
    """The plan of a restore into the server's account; ``changes`` are of the request."""
    backup = backup_of(settings)
    selection = select(backup, wish.wanted)
    choice = choose(
        selection,
        wish.wanted,
        is_without_metadata=wish.is_without_metadata,
        has_expunged=wish.has_expunged,
    )
    taken_at, is_about = choice.taken(selection)
    target = account_named(server.user)
    request: RestoreRequest = replace(request_of(wish, selection, target, taken_at), **changes)
    context = PlanContext(
        software=__version__,
        now=datetime.now(UTC),
        generation_label=selection.generation.label,
        taken_at=taken_at,
        is_about=is_about,
        source=str(backup.root.place),
        is_older=selection.is_older,
        skipped=choice.skipped,
    )
    return plan_restore(request, choice.mailboxes, survey_imap(server, request), context)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapRun:
    """One run, begun."""

    server: ImapServer
    journal: RunJournal
    plan: ImapPlan

    def carry_out(self) -> None:
        """To its end."""
        Runner(
            journal=self.journal, actors=imap_actors(self.server, self.journal), stop=Stop()
        ).run()

    def take_back(self, *, is_forced: bool = False) -> None:
        """All of it."""
        Undo(
            journal=self.journal,
            actors=imap_actors(self.server, self.journal),
            stop=Stop(),
            is_forced=is_forced,
        ).run()

    def receipt_of_later_look(self) -> Receipt:
        """As ``verify`` would give it."""
        run: RunJournal = self.journal
        actors: Mapping[str, Any] = imap_actors(self.server, run)
        found = {
            (row.kind, row.lane): actors[row.kind].prove_again(run.step(row.number))
            for row in run.rows()
            if row.kind == ProveAppended.kind
        }
        return receipt_of(run, phases={}, proofs=found)

    def proofs(self) -> dict[str, Mapping[str, Any]]:
        """The proof of each folder."""
        return {
            row.lane: self.journal.receipt(row.number) or {}
            for row in self.journal.rows()
            if row.kind == ProveAppended.kind
        }


@contextmanager
def begun(settings: Settings, plan: ImapPlan, server: ImapServer) -> Iterator[ImapRun]:
    """A run of ``plan`` in the journal of the settings' state directory."""
    state = prepare_state(settings)
    journal = Journal(state)
    file = state / "new.jsonl"
    tail = write_plan(plan, file)
    run = journal.begin(file, tail, STEP_KINDS, now=datetime.now(UTC))
    try:
        yield ImapRun(server=server, journal=run, plan=plan)
    finally:
        server.close()
        journal.close()


def plain(folders: Folders) -> dict[str, list[tuple[object, ...]]]:
    """Messages without their UIDs, which are the target's own."""
    return {
        path: [(m.flags, m.internaldate, m.size_bytes, m.sha1) for m in messages]
        for path, messages in folders.items()
    }
