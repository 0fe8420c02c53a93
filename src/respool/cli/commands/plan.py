"""``respool plan``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Annotated, Final

import typer

from respool.cli.options import AsJson, Backups, Generation, Imap, ImapAdmin, ImapdConf
from respool.cli.restore_options import Details, Folders, Into, MaybeAccount, Noted, Rename

EXAMPLES: Final = """\b
Examples:
  respool plan jdoe@example.org Projects/2017 --details
  respool plan jdoe@example.org --out jdoe.plan && respool restore --plan jdoe.plan
"""


def plan(
    account: MaybeAccount = None,
    folders: Folders = None,
    generation: Generation = None,
    into: Into = None,
    rename: Rename = None,
    note: Noted = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Keep the plan in this file.")
    ] = None,
    details: Details = False,
    backups: Backups = None,
    imapd_conf: ImapdConf = None,
    imap: Imap = None,
    imap_admin: ImapAdmin = None,
    as_json: AsJson = False,
) -> None:
    """Show what a restore would do, or keep it as a file; nothing is changed.

    With --json the plan itself is printed: a head, one step a line, and a last line with
    their count and digest.
    """
    from pathlib import Path

    from respool.app import restore as use
    from respool.app.settings import read_settings
    from respool.cli.output import print_note, print_text
    from respool.cli.restore_text import plan_text
    from respool.cli.restoring import Wishes, wish_of

    settings = read_settings(
        {"backups": backups, "imapd_conf": imapd_conf, "imap": imap, "imap_admin": imap_admin}
    )
    wishes = Wishes(generation=generation, into=into, rename=rename, note=note)
    wish = wish_of(account, folders, wishes, command="plan")
    if as_json and out is None:
        for line in use.plan_lines(settings, wish):
            print_text(line)
        return
    head = use.save_plan(settings, wish, None if out is None else Path(out))
    print_text(plan_text(head, has_details=details))
    if out is not None:
        print_note(f"kept in {out}; to carry it out: respool restore --plan {out}")
