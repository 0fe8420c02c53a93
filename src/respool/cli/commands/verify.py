"""``respool verify``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Annotated, Final

import typer

from respool.cli.options import AsJson, Imap, ImapAdmin, ImapdConf, State

EXAMPLES: Final = """\b
Examples:
  respool verify 4
  respool verify 4 --json
"""


def verify(
    run: Annotated[int, typer.Argument(metavar="RUN", help="The number of a run.")],
    imapd_conf: ImapdConf = None,
    imap: Imap = None,
    imap_admin: ImapAdmin = None,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Read the mail of a run back again and compare it with its plan; no backup is needed.

    What the owner changed since (flags, deleted messages, new ones) is told apart.
    """
    from respool.app.settings import read_settings
    from respool.app.verify import verify as verify_run
    from respool.cli.restoring import exit_status, show_receipt

    settings = read_settings(
        {"imapd_conf": imapd_conf, "imap": imap, "imap_admin": imap_admin, "state": state}
    )
    receipt, file = verify_run(settings, run)
    show_receipt(receipt, file, as_json=as_json)
    return exit_status(receipt)
