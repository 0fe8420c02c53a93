"""``respool export``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Annotated, Final

import typer

from respool.cli.options import (
    AccountName,
    AsJson,
    BackupOptions,
    Generation,
    PaceOptions,
    State,
    Yes,
    settings_of,
)
from respool.cli.restore_options import (
    Details,
    Folders,
    IncludeExpunged,
    Noted,
    Rename,
    WithoutMetadata,
)
from respool.cli.selecting import WhichMessages

EXAMPLES: Final = """\b
Examples:
  respool export jdoe@example.org jdoe.zip
  respool export jdoe@example.org /srv/mail/jdoe Projects/2017
  respool export jdoe@example.org alice.mbox --from alice --since 2017-10-01
  respool export contact@example.org contact.mbox -g 2017-10-03
"""


def export(
    account: AccountName,
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="New files: NAME.zip, NAME.mbox, else a Maildir; eml:NAME."
        ),
    ],
    folders: Folders = None,
    *,
    which: WhichMessages,
    generation: Generation = None,
    rename: Rename = None,
    without_metadata: WithoutMetadata = False,
    include_expunged: IncludeExpunged = False,
    note: Noted = None,
    details: Details = False,
    yes: Yes = False,
    pace: PaceOptions,
    backup: BackupOptions,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Write an account, or folders or messages of it, to files, and prove them by reading back.

    Short for restore --to zip:PATH, mbox:PATH, maildir:PATH or eml:PATH.
    No server is needed, nor root.
    """
    from respool.app import restore as use
    from respool.app.where import where_of_export
    from respool.cli.restore_options import Wishes
    from respool.cli.restoring import conversing, exit_status, show_receipt, wish_of

    settings = settings_of(backup, state=state)
    wishes = Wishes(
        generation=generation,
        to=where_of_export(path),
        rename=rename,
        without_metadata=without_metadata,
        include_expunged=include_expunged,
        note=note,
    )
    with conversing(is_agreed=yes, has_details=details, pace=pace) as conversation:
        wish = wish_of(account, folders, wishes, which, command="export")
        receipt = use.restore(settings, wish, conversation)
    file = settings.state / "runs" / str(receipt.run) / "receipt.txt"
    show_receipt(receipt, file, as_json=as_json)
    return exit_status(receipt)
