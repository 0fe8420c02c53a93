"""``respool undo``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Annotated, Final

import typer

from respool.cli.options import AsJson, RunNumber, ServerOptions, State, Yes, settings_of

EXAMPLES: Final = """\b
Examples:
  respool undo 4
  respool undo 4 --force
  respool undo 4 --yes --json
"""


def undo(
    run: RunNumber,
    *,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Remove folders that the run created though somebody touched them."
        ),
    ] = False,
    yes: Yes = False,
    server: ServerOptions,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Take away exactly what a run added; what somebody touched since is left, and listed.

    Asks first. Typed again it goes on, and tries what was left.
    """
    from respool.app.undo import undo as undo_run
    from respool.cli.output import print_json, print_text
    from respool.cli.restoring import undoing
    from respool.cli.undo_text import undo_screen, undo_status

    with undoing(is_agreed=yes, is_forced=force) as conversation:
        report = undo_run(settings_of(server, state=state), run, conversation, is_forced=force)
    if as_json:
        print_json(report.as_json())
    else:
        print_text(undo_screen(report))
    return undo_status(report)
