"""``respool restore``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Annotated, Final

import typer

from respool.cli.options import (
    AsJson,
    BackupOptions,
    FarOptions,
    PaceOptions,
    ServerOptions,
    State,
    Yes,
    settings_of,
)
from respool.cli.restore_options import Accounts, Details, Folders, MaybeAccount, Wishes
from respool.cli.selecting import WhichMessages

EXAMPLES: Final = """\b
Examples:
  respool restore jdoe@example.org Projects/2017
  respool restore jdoe@example.org --from alice --since 2017-10-01 --has attachment
  respool restore jdoe@example.org Projects/2017 --uid 3,7:9
  respool find --from alice --only-missing --json | respool restore --selection -
  respool restore jdoe@example.org -g 2017-10-03 --into before-the-accident
  respool restore jdoe@example.org Projects --to asmith@example.org
  respool restore contact@example.org --to user/jdoe@example.org --into from-contact
  respool restore jdoe@example.org --create-account --in-place
  respool restore jdoe@example.org --data /var/backups/jdoe --meta /var/backups/jdoe-meta
  respool restore --accounts '*@example.org' Projects
  respool restore --plan jdoe.plan --yes
"""


def restore(
    account: MaybeAccount = None,
    folders: Folders = None,
    *,
    accounts: Accounts = None,
    which: WhichMessages,
    wishes: Wishes,
    plan: Annotated[
        str | None,
        typer.Option("--plan", metavar="FILE", help="Carry out exactly the plan in this file."),
    ] = None,
    yes: Yes = False,
    details: Details = False,
    pace: PaceOptions,
    backup: BackupOptions,
    server: ServerOptions,
    far: FarOptions,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Restore folders into a new folder of the live account, and prove it message by message.

    Shows the plan and asks first. No message that exists is changed. Without folders the
    whole account is restored; with conditions, those messages alone that fulfil all of them;
    with --accounts, every account of a file or pattern.
    """
    from pathlib import Path

    from respool.app import restore as use
    from respool.cli.batching import is_of_several, restore_many, typed_wishes
    from respool.cli.restoring import conversing, is_wishing, show_receipt, status_of_run
    from respool.errors import UsageError

    settings = settings_of(backup, server, far, state=state)
    if plan is not None and (account or accounts or is_wishing(wishes, which)):
        raise UsageError("--plan carries out exactly that plan", hint="leave the other wishes out")
    typed = (account, *(folders or ()))
    asked = plan or typed_wishes(settings, typed, accounts, wishes, which, command="restore")
    if isinstance(asked, tuple) or (isinstance(asked, str) and is_of_several(asked)):
        return restore_many(
            settings, asked, is_agreed=yes, has_details=details, pace=pace, as_json=as_json
        )
    with conversing(is_agreed=yes, has_details=details, pace=pace) as conversation:
        if isinstance(asked, str):
            receipt = use.restore_plan(settings, Path(asked), conversation)
        else:
            receipt = use.restore(settings, asked, conversation)
    file = settings.state / "runs" / str(receipt.run) / "receipt.txt"
    show_receipt(receipt, file, as_json=as_json)
    return status_of_run(receipt)
