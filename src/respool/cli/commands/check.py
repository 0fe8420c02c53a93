"""``respool check``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import Annotated

import typer

from respool.cli.options import AsJson, BackupOptions, Generation, settings_of

EXAMPLES = """\b
Examples:
  respool check
  respool check jdoe@example.org -g latest~1
  respool check --details --json > check.json
"""
_FOUND = 3

Account = Annotated[
    str | None,
    typer.Argument(metavar="[ACCOUNT]", help="jdoe@example.org …; default: the whole generation."),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", metavar="N", help="How many processes share the work; default: cores."),
]
Details = Annotated[
    bool, typer.Option("--details", help="List up to 1,000 findings of a kind of each folder.")
]


def check(
    account: Account = None,
    *,
    generation: Generation = None,
    jobs: Jobs = None,
    details: Details = False,
    backup: BackupOptions,
    as_json: AsJson = False,
) -> int:
    """Is the backup sound? Reads everything, and compares each file with its GUID."""
    from respool.app.check import CheckWish, opened_check
    from respool.cli.check_text import print_report
    from respool.cli.output import print_json, though_unread
    from respool.cli.progress import reading_bar

    wish = CheckWish(account=account, generation=generation, jobs=jobs, is_detailed=details)
    with opened_check(settings_of(backup), wish) as opened, reading_bar() as bar:
        report = opened.run(bar)
    with though_unread():
        if as_json:
            print_json(report.as_json())
        else:
            print_report(report)
    return 0 if report.is_sound else _FOUND
