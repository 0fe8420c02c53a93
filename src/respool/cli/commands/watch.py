"""``respool watch``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from respool.cli.options import AsJson, Backups, Generation, settings_of

EXAMPLES = """\b
Examples:
  respool watch
  respool watch -g 2017-10-03 --json
  respool watch --prometheus /var/lib/prometheus/node-exporter/respool.prom
"""
_FOUND = 3

Prometheus = Annotated[
    Path | None,
    typer.Option(
        "--prometheus",
        metavar="FILE",
        help="Write figures there, too, for node_exporter's textfile collector.",
    ),
]


def watch(
    generation: Generation = None,
    *,
    prometheus: Prometheus = None,
    backups: Backups = None,
    as_json: AsJson = False,
) -> int:
    """What does the newest backup miss? To be run after each one; reads no message."""
    from respool.app.state import check_not_inside
    from respool.app.watch import watch_generation
    from respool.app.watch_metrics import watching_told
    from respool.cli.output import print_json, though_unread
    from respool.cli.watch_text import print_watch

    with watching_told(prometheus) as told:
        settings = settings_of(backups=backups)
        if prometheus is not None:
            check_not_inside(prometheus, settings, what="the file of --prometheus")
        told.may_be_made()
        report = watch_generation(settings, generation)
        told.done(report)
    with though_unread():
        if as_json:
            print_json(report.as_json())
        else:
            print_watch(report)
    return 0 if report.is_quiet else _FOUND
