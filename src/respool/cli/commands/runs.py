"""``respool runs``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from respool.cli.options import AsJson, State

if TYPE_CHECKING:
    from respool.app.runs import RunSummary

EXAMPLES: Final = """\b
Examples:
  respool runs
  respool runs --json
"""


def runs(state: State = None, as_json: AsJson = False) -> None:
    """What was restored on this machine: when, from where, to where, how it ended."""
    from respool.app.runs import list_runs
    from respool.app.settings import read_settings
    from respool.cli.output import (
        Table,
        print_json,
        print_table,
        print_text,
        shown_ranges,
        zone_name,
    )
    from respool.cli.restore_text import raised_line

    summaries = list_runs(read_settings({"state": state}))
    if as_json:
        print_json({"runs": [each.as_json() for each in summaries]})
        return
    headings = ("RUN", f"BEGUN ({zone_name()})", "ACCOUNT", "GEN", "TO", "MSGS", "STATE")
    rows = [_row(each) for each in summaries]
    print_table(Table(headings=headings, rows=rows, right=frozenset({0, 5})))
    for each in summaries:
        for raised in each.raised:
            print_text(f"run {each.row.number}: {raised_line(raised)}")
    batches: dict[int, list[int]] = {}
    for each in reversed(summaries):
        if each.batch is not None:
            batches.setdefault(each.batch, []).append(each.row.number)
    for batch, numbers in batches.items():
        print_text(f"batch {batch}: runs {shown_ranges(numbers)}")


def _row(each: RunSummary) -> tuple[str, ...]:
    from respool.cli.output import shown_count, shown_time

    head = each.head
    account = "?" if head is None else head.request.account.address
    return (
        str(each.row.number),
        shown_time(each.row.started_at),
        account,
        "?" if head is None else head.generation_label,
        "?" if head is None else f"{head.request.target.address} {head.into}",
        shown_count(each.messages),
        each.standing,
    )
