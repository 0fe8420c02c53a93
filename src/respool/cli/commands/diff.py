"""``respool diff``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Annotated

import typer

from respool.cli.options import (
    AccountName,
    AsJson,
    BackupOptions,
    ImapdConf,
    settings_of,
)

EXAMPLES = """\b
Examples:
  respool diff jdoe@example.org
  respool diff jdoe@example.org -g latest~1 --details
  respool diff jdoe@example.org -g 2017-10-02 2017-10-03
"""
_FOUND = 3

Since = Annotated[
    str | None,
    typer.Option(
        "-g",
        "--generation",
        metavar="GEN",
        help="The earlier one: id, date (2017-10-02), latest~1 …; default: the latest.",
    ),
]
Against = Annotated[
    str,
    typer.Argument(metavar="[GEN|live]", help="A later generation, or live mail (the default)."),
]
Details = Annotated[bool, typer.Option("--details", help="Name each message.")]


def diff(
    account: AccountName,
    against: Against = "live",
    *,
    generation: Since = None,
    details: Details = False,
    imapd_conf: ImapdConf = None,
    backup: BackupOptions,
    as_json: AsJson = False,
) -> int:
    """What became of an account's mail since a generation: lost, moved, changed, new.

    Without -g: since the latest one. Live mail is read from the spool of this machine.
    """
    from respool.app.diff import compare_account
    from respool.cli.diff_text import print_difference
    from respool.cli.output import print_json, though_unread

    settings = settings_of(backup, imapd_conf=imapd_conf)
    found = compare_account(settings, account, generation, against)
    with though_unread():
        if as_json:
            print_json(found.as_json(has_messages=details))
        else:
            print_difference(found, has_messages=details)
    return 0 if found.is_equal else _FOUND
