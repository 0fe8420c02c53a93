"""How the accounts of a batch stand, from the journal alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from respool.app.runs import summary_of
from respool.app.settings import Settings
from respool.app.stored_runs import opened_journal
from respool.model.dataclasses import dataclass
from respool.model.json_text import as_utc_text
from respool.runs.batches import Member
from respool.runs.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStanding:
    """One account; ``state`` is its run's, else ``waiting``, ``nothing to do`` or ``failed``."""

    account: str
    run: int | None
    state: str
    messages: int | None
    error: Mapping[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """The shape in ``accounts`` of ``runs show batch:N --json``."""
        return {
            "account": self.account,
            "run": self.run,
            "state": self.state,
            "messages": self.messages,
            "error": None if self.error is None else dict(self.error),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStanding:
    """A batch and each of its accounts, in order."""

    batch: int
    started_at: datetime
    accounts: tuple[MemberStanding, ...]

    def as_json(self) -> dict[str, Any]:
        """The shape of ``runs show batch:N --json``."""
        return {
            "batch": self.batch,
            "started_at": as_utc_text(self.started_at),
            "accounts": [each.as_json() for each in self.accounts],
        }


def show_batch(settings: Settings, number: int) -> BatchStanding:
    """How batch ``number`` stands. Asks no server.

    Raises:
        RunNotFound: there is no such batch.
    """
    with opened_journal(settings, number) as journal:
        batch = journal.batches.batch(number)
        return BatchStanding(
            batch=number,
            started_at=batch.started_at,
            accounts=tuple(_standing(journal, each) for each in batch.members),
        )


def _standing(journal: Journal, member: Member) -> MemberStanding:
    state, messages = "waiting" if member.is_waiting else "nothing to do", None
    if member.run is None and member.error is not None:
        state = "failed"
    if member.run is not None:
        summary = summary_of(journal, journal.row(member.run))
        state, messages = summary.verdict or summary.row.state.value, summary.messages
    return MemberStanding(
        account=member.account,
        run=member.run,
        state=state,
        messages=messages,
        error=member.error,
    )
