"""``respool runs prune``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from respool.cli.options import AsJson, State, Yes

if TYPE_CHECKING:
    from respool.app.prune import Pruned

EXAMPLES: Final = """\b
Examples:
  respool runs prune
  respool runs prune --older-than 52w
  respool runs prune --older-than 90d --yes --json
"""


def runs_prune(
    *,
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than", metavar="AGE", help="How long ago they ended: 36h, 90d, 12w."
        ),
    ] = "90d",
    yes: Yes = False,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Forget old runs: their plans, receipts and journals. No mail is touched.

    A run that can still be gone on with, that has a limit still raised, or that is to be
    taken back at a date is kept, however old. Asks first.
    """
    from respool.app.prune import prune
    from respool.app.settings import read_settings
    from respool.cli.confirm import agreed
    from respool.cli.output import print_json, print_note, print_text
    from respool.cli.run_text import prune_question, prune_screen, prune_text
    from respool.errors import UsageError
    from respool.model.ages import parse_age

    try:
        age = parse_age(older_than)
    except ValueError as error:
        raise UsageError(f"--older-than: {error}", hint="--older-than 90d") from error

    def agree(found: Pruned) -> bool:
        print_note(prune_text(found))
        return yes or agreed(prune_question(found))

    report = prune(read_settings({"state": state}), age, agree)
    if as_json:
        print_json(report.as_json())
    else:
        print_text(prune_screen(report))
