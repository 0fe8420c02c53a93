"""``respool history``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Annotated, Final

import typer

from respool.cli.options import AsJson, Backups, State, Yes, settings_of

EXAMPLES: Final = """\b
Examples:
  respool history jdoe@example.org Projects/2017
  respool history --guid e8c2c58963389d1a964a1b01942a3d746f87a8f3
"""
Whose = Annotated[
    str | None,
    typer.Argument(
        metavar="[ACCOUNT]", help="jdoe@example.org; user/… or share/… where both are."
    ),
]
Which = Annotated[
    str | None,
    typer.Argument(metavar="[FOLDER]", help="INBOX, Projects/2017 …; not those below it."),
]
Guid = Annotated[
    str | None, typer.Option("--guid", metavar="GUID", help="A message, instead of a folder.")
]


def history(
    account: Whose = None,
    folder: Which = None,
    *,
    guid: Guid = None,
    yes: Yes = False,
    backups: Backups = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """What became of a folder or a message: since when, moved, renamed, deleted, last seen.

    Generations that are not in the catalogue are taken in before.
    """
    from respool.app.history import HistoryWish
    from respool.app.history import history as look_back
    from respool.app.indexing import IndexWish
    from respool.cli.history_text import print_history
    from respool.cli.output import print_json
    from respool.cli.progress import indexing_bar
    from respool.errors import UsageError
    from respool.model.condition_text import parse_guid

    try:
        wish = HistoryWish(
            account=account, folder=folder, guid=None if guid is None else parse_guid(guid)
        )
    except ValueError as error:
        raise UsageError(f"--guid: {error}") from error
    settings = settings_of(backups=backups, state=state)
    with indexing_bar(yes=yes) as (agree, watcher):
        report = look_back(settings, wish, IndexWish(agree=agree, watcher=watcher))
    if as_json:
        print_json(report.as_json())
    else:
        print_history(report)
