"""A later run has begun to work on the same mailbox: an earlier one leaves it alone."""

from __future__ import annotations

from respool.errors import StepFailed
from respool.runs.actor import RunRecord


def check_not_overtaken(record: RunRecord, mailbox: str) -> None:
    """See that what comes into ``mailbox``, or waits there, is of this run.

    Raises:
        StepFailed: a later run has begun to fill it, or to add to it.
    """
    if mailbox in record.overtaken:
        raise StepFailed(
            f"a later run has begun to fill {mailbox}",
            why="what waits there now, or came into it, is of that run",
            hint="go on with the later run, and take this one back",
            can_be_tried_again=False,
        )
