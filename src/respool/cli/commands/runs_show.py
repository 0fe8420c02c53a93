"""``respool runs show``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from respool.cli.options import AsJson, RunNumber, State

if TYPE_CHECKING:
    from respool.app.settings import Settings

EXAMPLES: Final = """\b
Examples:
  respool runs show 4
  respool runs show 4 --json
  respool runs show batch:2
"""


def runs_show(run: RunNumber, *, state: State = None, as_json: AsJson = False) -> None:
    """One run: what was planned, how far each folder and step is, and what can be typed next."""
    from respool.app.run_details import show_run
    from respool.app.settings import read_settings
    from respool.cli.batching import run_or_batch
    from respool.cli.output import print_json, print_text
    from respool.cli.run_text import run_screen

    settings = read_settings({"state": state})
    number, batch = run_or_batch(run)
    if number is None:
        _show_batch(settings, batch or 0, as_json=as_json)
        return
    details = show_run(settings, number)
    if as_json:
        print_json(details.as_json())
    else:
        print_text(run_screen(details))


def _show_batch(settings: Settings, number: int, *, as_json: bool) -> None:
    from respool.app.batch_standing import show_batch
    from respool.cli.batch_text import batch_standing_text
    from respool.cli.output import print_json, print_text

    standing = show_batch(settings, number)
    if as_json:
        print_json(standing.as_json())
    else:
        print_text(batch_standing_text(standing))
