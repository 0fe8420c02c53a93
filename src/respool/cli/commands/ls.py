"""``respool ls``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from respool.cli.condition_options import SearchOptions, conditions_of
from respool.cli.options import (
    AccountName,
    AsJson,
    BackupOptions,
    FolderName,
    Generation,
    settings_of,
)

if TYPE_CHECKING:
    from respool.app.ls import FolderListing

_WITH_EXPUNGED = typer.Option(
    "--include-expunged", help="Those too that the user deleted and that are still on disk."
)
_RAW = typer.Option("--raw", help="For experts: every field of each record, by name.")

EXAMPLES = """\b
Examples:
  respool ls jdoe@example.org INBOX
  respool ls jdoe@example.org INBOX --from alice --has attachment
  respool ls jdoe@example.org Projects/2017 -g 2017-10-03 --json
"""


def ls(
    account: AccountName,
    path: FolderName,
    *,
    which: SearchOptions,
    generation: Generation = None,
    include_expunged: Annotated[bool, _WITH_EXPUNGED] = False,
    raw: Annotated[bool, _RAW] = False,
    backup: BackupOptions,
    as_json: AsJson = False,
) -> None:
    """Messages of a folder, one a line, in the order of their UIDs.

    Without -g: of the newest generation that has the folder. With conditions: those alone
    that fulfil all of them.
    """
    from respool.app.ls import list_messages
    from respool.app.selection import Wanted
    from respool.cli.output import print_json_line

    settings = settings_of(backup)
    wanted = Wanted(account=account, folders=(path,), generation=generation, command="ls")
    listing = list_messages(
        settings,
        wanted,
        conditions=conditions_of(which),
        include_expunged=include_expunged,
        has_raw=raw,
    )
    if as_json:
        for message in listing.messages:
            print_json_line(message.as_json())
    elif raw:
        _print_raw(listing)
    else:
        _print(listing)


def _print_raw(listing: FolderListing) -> None:
    from respool.cli.folder_text import raw_lines
    from respool.cli.output import print_note, print_text

    print_note(f"generation {listing.selection.generation.label}")
    for message in listing.messages:
        print_text(f"message {message.uid}")
        for line in raw_lines(message.raw, "  "):
            print_text(line)


def _print(listing: FolderListing) -> None:
    from respool.cli.message_text import message_row
    from respool.cli.output import print_long_table, print_note, zone_name

    print_note(f"generation {listing.selection.generation.label}")
    headings = ("UID", f"RECEIVED ({zone_name()})", "SIZE", "FLAGS", "FROM", "SUBJECT")
    rows = (message_row(message) for message in listing.messages)
    print_long_table(headings, rows, right=frozenset({0, 2}))
    for finding in listing.mailbox.findings:
        print_note(f"{finding.subject}: {finding.text}")
