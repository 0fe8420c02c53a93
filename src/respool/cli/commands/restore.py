"""``respool restore``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Annotated, Final

import typer

from respool.cli.options import AsJson, Backups, Generation, Imap, ImapAdmin, ImapdConf, State
from respool.cli.restore_options import Details, Folders, Into, MaybeAccount, Noted, Rename

EXAMPLES: Final = """\b
Examples:
  respool restore jdoe@example.org Projects/2017
  respool restore jdoe@example.org -g 2017-10-03 --into before-the-accident
  respool restore --plan jdoe.plan --yes
"""


def restore(
    account: MaybeAccount = None,
    folders: Folders = None,
    generation: Generation = None,
    into: Into = None,
    rename: Rename = None,
    note: Noted = None,
    plan: Annotated[
        str | None,
        typer.Option("--plan", metavar="FILE", help="Carry out exactly the plan in this file."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    details: Details = False,
    backups: Backups = None,
    imapd_conf: ImapdConf = None,
    imap: Imap = None,
    imap_admin: ImapAdmin = None,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Restore folders into a new folder of the live account, and prove it message by message.

    Shows the plan and asks first. Nothing that exists is changed. Without folders the
    whole account is restored.
    """
    from pathlib import Path

    from respool.app import restore as use
    from respool.app.settings import read_settings
    from respool.cli.restoring import Wishes, conversing, exit_status, show_receipt, wish_of
    from respool.errors import UsageError

    settings = read_settings(
        {
            "backups": backups,
            "imapd_conf": imapd_conf,
            "imap": imap,
            "imap_admin": imap_admin,
            "state": state,
        }
    )
    wishes = Wishes(generation=generation, into=into, rename=rename, note=note)
    with conversing(is_agreed=yes, has_details=details) as conversation:
        if plan is None:
            wish = wish_of(account, folders, wishes, command="restore")
            receipt = use.restore(settings, wish, conversation)
        elif account is not None or wishes.is_any:
            raise UsageError(
                "--plan carries out exactly that plan", hint="leave the other wishes out"
            )
        else:
            receipt = use.restore_plan(settings, Path(plan), conversation)
    file = settings.state / "runs" / str(receipt.run) / "receipt.txt"
    show_receipt(receipt, file, as_json=as_json)
    return exit_status(receipt)
