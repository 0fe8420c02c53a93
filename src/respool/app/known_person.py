"""Whether an earlier run on this machine has settled whose a live account is.

Somebody said that it is the same person's, or the run itself made the account again, or
restored into it while it had never held a message: then nobody is asked twice, as long as
both INBOXes are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from respool.app.settings import Settings
from respool.app.wiring import STEP_KINDS
from respool.errors import PlanFileInvalid
from respool.planning.plan import PlanHead
from respool.planning.request import Person, RestoreRequest
from respool.runs.journal import Journal, RunJournal

_MAKING: Final = frozenset({"spool-create-account", "bluemind-create-mailshare"})


def is_known_same(
    settings: Settings, request: RestoreRequest, *, source_id: str | None, live_id: str | None
) -> bool:
    """Whether a run has settled it for the INBOX ``source_id`` of the backup and the live one."""
    if source_id is None or live_id is None or not (settings.state / "journal.db").exists():
        return False
    journal = Journal(settings.state)
    try:
        return any(
            head.source_id == source_id and live_id in _same_ids(head, run)
            for head, run in _runs(journal)
            if (head.request.account, head.request.target) == (request.account, request.target)
        )
    finally:
        journal.close()


def _runs(journal: Journal) -> Iterator[tuple[PlanHead, RunJournal]]:
    for row in journal.rows():
        run = journal.run(row.number, STEP_KINDS)
        try:
            yield run.head(), run
        except (PlanFileInvalid, OSError):
            continue


def _same_ids(head: PlanHead, run: RunJournal) -> Iterator[str]:
    """Ids of the live INBOX that is the same person's by this run."""
    if head.request.person is not Person.OTHER:
        yield head.facts.get("account id", "")
    for row in run.rows():
        if row.kind in _MAKING:
            yield str((run.receipt(row.number) or {}).get("uniqueid", ""))
