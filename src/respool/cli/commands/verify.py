"""``respool verify``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Final

from respool.cli.options import AsJson, FarOptions, RunNumber, ServerOptions, State, settings_of

EXAMPLES: Final = """\b
Examples:
  respool verify 4
  respool verify 4 --json
"""


def verify(
    run: RunNumber,
    *,
    server: ServerOptions,
    far: FarOptions,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Read the mail of a run back again and compare it with its plan; no backup is needed.

    What the owner changed since (flags, deleted messages, new ones) is told apart.
    """
    from respool.app.verify import verify as verify_run
    from respool.cli.restoring import exit_status, show_receipt

    receipt, file = verify_run(settings_of(server, far, state=state), run)
    show_receipt(receipt, file, as_json=as_json)
    return exit_status(receipt)
