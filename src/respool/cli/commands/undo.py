"""``respool undo``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from respool.cli.options import (
    AsJson,
    FarOptions,
    MaybeRun,
    ServerOptions,
    State,
    Yes,
    settings_of,
)

if TYPE_CHECKING:
    from respool.app.settings import Settings
    from respool.app.undo import UndoConversation

EXAMPLES: Final = """\b
Examples:
  respool undo 4
  respool undo 4 --force
  respool undo 4 --yes --json
  respool undo batch:2
  respool undo --due --yes
"""


def undo(
    run: MaybeRun = None,
    *,
    due: Annotated[
        bool,
        typer.Option("--due", help="Every run whose --remove-after has passed, instead of RUN."),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Remove folders that the run created though somebody touched them."
        ),
    ] = False,
    yes: Yes = False,
    server: ServerOptions,
    far: FarOptions,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Take away exactly what a run added; what somebody touched since is left, and listed.

    Asks first. Typed again it goes on, and tries what was left.
    """
    from respool.cli.output import print_outcome
    from respool.cli.restoring import undoing
    from respool.errors import UsageError

    if due is not (run is None):
        raise UsageError("name a run, or --due", hint="respool runs lists them")
    settings = settings_of(server, far, state=state)
    with undoing(is_agreed=yes, is_forced=force) as conversation:
        if run is None:
            shown, text, status = _due(settings, conversation)
        else:
            shown, text, status = _one(settings, run, conversation, is_forced=force, yes=yes)
    print_outcome(lambda: shown, lambda: text, as_json=as_json)
    return status


def _one(
    settings: Settings, run: str, conversation: UndoConversation, *, is_forced: bool, yes: bool
) -> tuple[object, str, int]:
    from respool.app.undo import undo as undo_run
    from respool.cli.batching import run_or_batch, undo_many
    from respool.cli.undo_text import undo_screen, undo_status

    number, batch = run_or_batch(run)
    if number is None:
        return undo_many(settings, batch or 0, conversation, is_forced=is_forced, is_agreed=yes)
    report = undo_run(settings, number, conversation, is_forced=is_forced)
    return report.as_json(), undo_screen(report), undo_status(report)


def _due(settings: Settings, conversation: UndoConversation) -> tuple[object, str, int]:
    from respool.app.due import undo_due
    from respool.cli.undo_text import due_screen, due_status

    every = undo_due(settings, conversation)
    return {"runs": [each.as_json() for each in every]}, due_screen(every), due_status(every)
