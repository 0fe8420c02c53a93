"""``respool runs show``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Final

from respool.cli.options import AsJson, RunNumber, State

EXAMPLES: Final = """\b
Examples:
  respool runs show 4
  respool runs show 4 --json
"""


def runs_show(run: RunNumber, *, state: State = None, as_json: AsJson = False) -> None:
    """One run: what was planned, how far each folder and step is, and what can be typed next."""
    from respool.app.run_details import show_run
    from respool.app.settings import read_settings
    from respool.cli.output import print_json, print_text
    from respool.cli.run_text import run_screen

    details = show_run(read_settings({"state": state}), run)
    if as_json:
        print_json(details.as_json())
    else:
        print_text(run_screen(details))
