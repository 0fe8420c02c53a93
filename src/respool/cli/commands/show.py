"""``respool show``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING

from respool.cli.options import AccountName, AsJson, BackupOptions, Generation, settings_of

if TYPE_CHECKING:
    from respool.app.show import AccountContents, FolderSummary

EXAMPLES = """\b
Examples:
  respool show jdoe@example.org
  respool show share/contact@example.org -g latest~1
  respool show jdoe@example.org --data /var/backups/jdoe --meta /var/backups/jdoe-meta
"""


def show(
    account: AccountName,
    *,
    generation: Generation = None,
    backup: BackupOptions,
    as_json: AsJson = False,
) -> None:
    """Folders of an account: messages, unread, size, deleted but kept, and what is damaged."""
    from respool.app.selection import Wanted
    from respool.app.show import show_account
    from respool.cli.output import print_json

    settings = settings_of(backup)
    wanted = Wanted(account=account, generation=generation, command="show")
    contents = show_account(settings, wanted)
    if as_json:
        print_json(contents.as_json())
    else:
        _print(contents)


def _print(contents: AccountContents) -> None:
    from respool.cli.output import Table, print_table, print_text, shown_time, zone_name

    taken = contents.generation.taken_at
    when = shown_time(taken, is_about=contents.generation.is_about)
    zone = f" {zone_name(taken)}" if taken else ""
    label = contents.generation.label
    print_text(f"{contents.account.address}, generation {label}, {when}{zone}")
    headings = ("FOLDER", "MSGS", "UNREAD", "SIZE", "DELETED*", "NOTES")
    rows = [_row(folder) for folder in contents.folders]
    print_table(Table(headings=headings, rows=rows, right=frozenset({1, 2, 3, 4})))
    print_text("* deleted by the user, still on disk")
    for folder in contents.folders:
        for finding in folder.mailbox.findings:
            print_text(f"{folder.as_json()['path']}: {finding.subject}: {finding.text}")


def _row(folder: FolderSummary) -> tuple[str, ...]:
    from respool.cli.output import shown_count, shown_size
    from respool.model.accounts import folder_path

    losses = [each for each in folder.mailbox.findings if each.severity.value != "note"]
    return (
        folder_path(folder.mailbox.name),
        shown_count(folder.messages),
        shown_count(folder.unseen),
        shown_size(folder.size_bytes),
        shown_count(folder.expunged),
        f"{len(losses)} damaged" if losses else "",
    )
