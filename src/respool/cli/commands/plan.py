"""``respool plan``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Annotated, Final

import typer

from respool.cli.options import AsJson, BackupOptions, FarOptions, ServerOptions, settings_of
from respool.cli.restore_options import Accounts, Details, Folders, MaybeAccount, Wishes
from respool.cli.selecting import WhichMessages

EXAMPLES: Final = """\b
Examples:
  respool plan jdoe@example.org Projects/2017 --details
  respool plan jdoe@example.org Projects --to asmith@example.org
  respool plan jdoe@example.org --from alice --deleted-since 3d
  respool plan jdoe@example.org --data /var/backups/jdoe --meta /var/backups/jdoe-meta
  respool plan --accounts '*@example.org' --out all.plan
  respool plan jdoe@example.org --out jdoe.plan && respool restore --plan jdoe.plan
"""


def plan(
    account: MaybeAccount = None,
    folders: Folders = None,
    *,
    accounts: Accounts = None,
    which: WhichMessages,
    wishes: Wishes,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Keep the plan in this file.")
    ] = None,
    details: Details = False,
    backup: BackupOptions,
    server: ServerOptions,
    far: FarOptions,
    as_json: AsJson = False,
) -> int:
    """Show what a restore would do, or keep it as a file; nothing is changed.

    With --json the plan itself is printed: a head, one step a line, and a last line with
    their count and digest.
    """
    from pathlib import Path

    from respool.app import restore as use
    from respool.cli.batching import plan_many, typed_wishes
    from respool.cli.option_groups import command_line
    from respool.cli.output import print_note, print_text
    from respool.cli.restore_text import plan_text

    settings = settings_of(backup, server, far)
    typed = (account, *(folders or ()))
    asked = typed_wishes(settings, typed, accounts, wishes, which, command="plan")
    status = 0
    if isinstance(asked, tuple):
        status = plan_many(settings, asked, out, has_details=details, as_json=as_json)
    elif as_json and out is None:
        for line in use.plan_lines(settings, asked):
            print_text(line)
    else:
        head = use.save_plan(settings, asked, None if out is None else Path(out))
        print_text(plan_text(head, has_details=details))
    if out is not None:
        carry_out = command_line(["restore", "--plan", out], backup, server, far)
        print_note(f"kept in {out}; to carry it out: {carry_out}")
    return status
