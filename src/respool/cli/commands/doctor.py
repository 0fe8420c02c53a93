"""``respool doctor``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from respool.cli.options import AsJson, Backups, CaFile, ServerOptions, State, settings_of

if TYPE_CHECKING:
    from respool.model.checks import Check

_SIGNS: Final = {"ok": "ok", "note": "--", "bad": "BAD"}
_SAID: Final = {
    (False, True): "ready for a restore",
    (False, False): "NOT ready for a restore",
    (True, True): "BlueMind's core answers as respool expects; nothing was changed",
    (True, False): "BlueMind's core does NOT answer as respool expects; nothing was changed",
}

EXAMPLES: Final = """\b
Examples:
  respool doctor
  respool doctor --imapd-conf /etc/cyrus/imapd.conf --json
  respool doctor --bluemind --account jdoe@example.org
"""

Bluemind = Annotated[
    bool,
    typer.Option("--bluemind", help="Try all that BlueMind's core is asked; change nothing."),
]
Account = Annotated[
    str | None,
    typer.Option("--account", metavar="ACCOUNT", help="Whom --bluemind looks up."),
]


def doctor(
    *,
    backups: Backups = None,
    server: ServerOptions,
    state: State = None,
    ca_file: CaFile = None,
    bluemind: Bluemind = False,
    account: Account = None,
    as_json: AsJson = False,
) -> int:
    """Say whether this machine is ready for a restore: what is found, what is missing."""
    from respool.app.bluemind_doctor import examine_bluemind
    from respool.app.doctor import examine
    from respool.cli.output import print_json, though_unread
    from respool.errors import UsageError
    from respool.model.checks import Mark

    if account is not None and not bluemind:
        raise UsageError("--account needs --bluemind", why="nobody else is looked up")
    settings = settings_of(server, backups=backups, state=state, ca_file=ca_file)
    checks = examine_bluemind(settings, account) if bluemind else examine(settings)
    is_ready = all(check.mark is not Mark.BAD for check in checks)
    with though_unread():
        if as_json:
            print_json({"ready": is_ready, "checks": [check.as_json() for check in checks]})
        else:
            _print(checks, _SAID[bluemind, is_ready])
    return 0 if is_ready else 3


def _print(checks: Sequence[Check], said: str) -> None:
    from respool.cli.output import Table, print_table, print_text

    rows = [(_SIGNS[check.mark.value], check.what, check.found) for check in checks]
    print_table(Table(headings=("", "CHECK", "FOUND"), rows=rows))
    for check in checks:
        if check.hint is not None:
            print_text(f"{check.what}: {check.hint}")
    print_text(said)
