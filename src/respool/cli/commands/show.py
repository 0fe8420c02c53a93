"""``respool show``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from respool.cli.condition_options import SearchOptions, conditions_of, print_conditions
from respool.cli.options import AccountName, AsJson, BackupOptions, Generation, settings_of

if TYPE_CHECKING:
    from respool.app.show import AccountContents

_FOLDERS = typer.Argument(
    metavar="FOLDER",
    help="Only these and what is below them, in full.",
    show_default=False,
)
_DETAILS = typer.Option(
    "--details", help="Each folder in full: rights, readers, quota, annotations, ids."
)
_RAW = typer.Option(
    "--raw",
    help="For experts: every field of the cyrus.* files of each folder, and what lies there.",
)

EXAMPLES = """\b
Examples:
  respool show jdoe@example.org
  respool show jdoe@example.org Projects/2017 -g 2017-10-03
  respool show jdoe@example.org --from alice --since 2017-10-01
  respool show share/contact@example.org -g latest~1 --details
  respool show jdoe@example.org --data /var/backups/jdoe --meta /var/backups/jdoe-meta
"""


def show(
    account: AccountName,
    folders: Annotated[list[str] | None, _FOLDERS] = None,
    *,
    which: SearchOptions,
    generation: Generation = None,
    details: Annotated[bool, _DETAILS] = False,
    raw: Annotated[bool, _RAW] = False,
    backup: BackupOptions,
    as_json: AsJson = False,
) -> None:
    """Folders of an account: messages, unread, size, deleted but kept, and what is damaged."""
    from respool.app.selection import Wanted
    from respool.app.show import show_account
    from respool.cli.output import print_json

    settings = settings_of(backup)
    conditions = conditions_of(which)
    wanted = Wanted(
        account=account, folders=tuple(folders or ()), generation=generation, command="show"
    )
    contents = show_account(settings, wanted, conditions=conditions, has_raw=raw)
    if as_json:
        print_json(contents.as_json())
    else:
        print_conditions(conditions)
        _print(contents, in_full=details or raw or bool(folders))


def _print(contents: AccountContents, *, in_full: bool) -> None:
    from respool.cli.folder_text import (
        finding_lines,
        folder_lines,
        lines_below,
        row_of,
        subscription_lines,
    )
    from respool.cli.output import Table, print_table, print_text, shown_time, zone_name

    taken = contents.generation.taken_at
    when = shown_time(taken, is_about=contents.generation.is_about)
    zone = f" {zone_name(taken)}" if taken else f", times in {zone_name()}"
    print_text(f"{contents.account.address}, generation {contents.generation.label}, {when}{zone}")
    headings = ("FOLDER", "MSGS", "UNREAD", "SIZE", "DELETED*", "NOTES")
    rows = [row_of(folder) for folder in contents.folders]
    print_table(Table(headings=headings, rows=rows, right=frozenset({1, 2, 3, 4})))
    for line in lines_below(contents):
        print_text(line)
    for folder in contents.folders:
        if in_full:
            print_text("")
        for line in folder_lines(folder) if in_full else finding_lines(folder):
            print_text(line)
    if in_full and contents.subscriptions:
        print_text("")
        for line in subscription_lines(name.display for name in contents.subscriptions):
            print_text(line)
