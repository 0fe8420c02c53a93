"""``respool catalogue``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Annotated, Final

import typer

from respool.cli.options import AsJson, Backups, State, Yes, settings_of

EXAMPLES: Final = """\b
Examples:
  respool catalogue
  respool catalogue -g latest --yes
  respool catalogue --bodies
  respool catalogue --forget
"""
Which = Annotated[
    str | None,
    typer.Option(
        "-g", "--generation", metavar="GEN", help="Which generation; default: all of them."
    ),
]
Bodies = Annotated[
    bool,
    typer.Option("--bodies", help="What stands in messages, too, and names of attachments."),
]
Again = Annotated[
    bool, typer.Option("--again", help="Look at each index of what was indexed once more.")
]
Forget = Annotated[bool, typer.Option("--forget", help="Remove the catalogue of this backup.")]


def catalogue(
    *,
    generation: Which = None,
    bodies: Bodies = False,
    again: Again = False,
    forget: Forget = False,
    yes: Yes = False,
    backups: Backups = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Index generations, so that find and history answer at once. The backup is only read.

    Of each generation only what differs from its neighbours is read.
    Asks first where it will take longer than a minute.
    """
    from respool.app.catalogue_report import catalogue as make_catalogue
    from respool.app.indexing import IndexWish
    from respool.cli.catalogue_text import print_forgotten, print_report
    from respool.cli.output import print_json
    from respool.cli.progress import indexing_bar

    settings = settings_of(backups=backups, state=state)
    if forget:
        print_forgotten(settings, as_json=as_json, is_agreed=yes)
        return
    with indexing_bar(yes=yes) as (agree, watcher):
        wish = IndexWish(agree=agree, watcher=watcher)
        report = make_catalogue(settings, generation, wish, has_bodies=bodies, is_again=again)
    if as_json:
        print_json(report.as_json())
    else:
        print_report(report)
