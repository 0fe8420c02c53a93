"""``respool accounts``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from respool.cli.options import AsJson, Backups, Generation, settings_of

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
    from respool.cli.output import Table, print_json, print_table

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
            "only deleted folders are left" if each.is_deleted else "",
        )
        for each in listing.accounts
    ]
    print_table(Table(headings=("ACCOUNT", "KIND", "FIRST", "LAST", "NOTES"), rows=rows))
