"""The mailboxes that a run began to make, or took to fill: what an undo may touch at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import RunRecord
from respool.targets.spool.steps import AdoptMailbox, CreateMailbox


class Beginnings:
    """Those of one run, looked up once: mailbox → its id, None where it is not known."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record

    @cached_property
    def made(self) -> Mapping[str, str | None]:
        """What the run began to make; the id of one that it did not finish is not known."""
        return {
            step.mailbox: self._uniqueid(number)
            for number, step in self._steps()
            if isinstance(step, CreateMailbox)
            and self._record.before(number).get("existed") is False
        }

    @cached_property
    def adopted(self) -> Mapping[str, str | None]:
        """Live mailboxes that the run took; the id of one that it only looked at is not known."""
        return {
            step.mailbox: self._uniqueid(number)
            for number, step in self._steps()
            if isinstance(step, AdoptMailbox)
        }

    def _steps(self) -> Iterator[tuple[int, CreateMailbox | AdoptMailbox]]:
        for number, step in self._record.steps_of_lane(ACCOUNT_LANE):
            if isinstance(step, CreateMailbox | AdoptMailbox):
                yield number, step

    def _uniqueid(self, number: int) -> str | None:
        found: str | None = (self._record.receipt(number) or {}).get("uniqueid")
        return found
