"""``respool resume``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Final

from respool.cli.options import (
    AsJson,
    FarOptions,
    PaceOptions,
    RunNumber,
    ServerOptions,
    State,
    settings_of,
)

EXAMPLES: Final = """\b
Examples:
  respool resume 4
  respool resume 4 --json
  respool resume batch:2
"""


def resume(
    run: RunNumber,
    *,
    pace: PaceOptions,
    server: ServerOptions,
    far: FarOptions,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Go on with a run that stopped part-way or was killed, and prove it.

    What is done stays done; what was begun is looked at first. The plan is the one that
    was agreed to, so nothing is asked.
    """
    from respool.app.resume import resume as resume_run
    from respool.cli.batching import resume_many, run_or_batch
    from respool.cli.restoring import conversing, show_receipt, status_of_run

    settings = settings_of(server, far, state=state)
    number, batch = run_or_batch(run)
    if number is None:
        return resume_many(settings, batch or 0, pace=pace, as_json=as_json)
    with conversing(is_agreed=True, has_details=False, pace=pace) as conversation:
        receipt = resume_run(settings, number, conversation)
    file = settings.state / "runs" / str(receipt.run) / "receipt.txt"
    show_receipt(receipt, file, as_json=as_json)
    return status_of_run(receipt)
