"""``respool doctor``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Final

from respool.cli.options import AsJson, Backups, ServerOptions, State, settings_of

_SIGNS: Final = {"ok": "ok", "note": "--", "bad": "BAD"}

EXAMPLES: Final = """\b
Examples:
  respool doctor
  respool doctor --imapd-conf /etc/cyrus/imapd.conf --json
"""


def doctor(
    *,
    backups: Backups = None,
    server: ServerOptions,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Say whether this machine is ready for a restore: what is found, what is missing."""
    from respool.app.doctor import examine
    from respool.cli.output import Table, print_json, print_table, print_text
    from respool.model.checks import Mark

    checks = examine(settings_of(server, backups=backups, state=state))
    is_ready = all(check.mark is not Mark.BAD for check in checks)
    if as_json:
        print_json({"ready": is_ready, "checks": [check.as_json() for check in checks]})
    else:
        rows = [(_SIGNS[check.mark.value], check.what, check.found) for check in checks]
        print_table(Table(headings=("", "CHECK", "FOUND"), rows=rows))
        for check in checks:
            if check.hint is not None:
                print_text(f"{check.what}: {check.hint}")
        print_text("ready for a restore" if is_ready else "NOT ready for a restore")
    return 0 if is_ready else 3
