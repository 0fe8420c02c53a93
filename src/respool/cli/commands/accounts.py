"""``respool accounts``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING

from respool.cli.options import AsJson, Backups, Generation, settings_of

if TYPE_CHECKING:
    from respool.app.accounts import AccountSummary

EXAMPLES = """\b
Examples:
  respool accounts
  respool accounts -g 2017-10-03
  respool accounts -g all
"""


def accounts(
    generation: Generation = None, backups: Backups = None, as_json: AsJson = False
) -> None:
    """Users and mailshares in a generation, or in all of them with first and last (-g all)."""
    from respool.app.accounts import list_generation_accounts
    from respool.cli.output import Table, print_json, print_note, print_table

    listing = list_generation_accounts(settings_of(backups=backups), generation)
    if as_json:
        print_json(listing.as_json())
        return
    rows = [
        (
            each.account.address,
            each.account.kind.value,
            each.first or listing.generation,
            each.last or listing.generation,
            _notes(each),
        )
        for each in listing.accounts
    ]
    print_table(Table(headings=("ACCOUNT", "KIND", "FIRST", "LAST", "NOTES"), rows=rows))
    if listing.note:
        print_note(f"note: {listing.note}")


def _notes(summary: AccountSummary) -> str:
    notes = []
    if summary.addresses and summary.account.address not in summary.addresses[:1]:
        more = len(summary.addresses) - 1
        notes.append(f"known as {summary.addresses[0]}{f' and {more} more' if more else ''}")
    if summary.is_deleted:
        notes.append("only deleted folders are left")
    return "; ".join(notes)
