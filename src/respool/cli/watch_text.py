"""What a watch found, for people: a line about all, the kinds, and the findings of each."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from respool.cli.output import (
    Table,
    print_table,
    print_text,
    shown_count,
    shown_time,
    visible,
    zone_name,
)
from respool.model.finding_kinds import KINDS

if TYPE_CHECKING:
    from respool.app.watch import WatchReport
    from respool.model.generations import Generation

_WIDTH: Final = 80


def print_watch(report: WatchReport) -> None:
    """The whole report."""
    print_text(_named(report.generation))
    former = report.former
    print_text(
        "against nothing: there is no complete generation before it"
        if former is None
        else f"against {_named(former)}"
    )
    seen = report.watched
    print_text(
        f"{shown_count(seen.accounts)} accounts, {shown_count(seen.folders)} folders,"
        f" {shown_count(seen.messages)} messages;"
        f" {shown_count(seen.read)} folders read in {report.seconds:.1f} s"
    )
    if report.is_quiet:
        print_text("Quiet: nothing was found.")
        return
    print_text("")
    rows = [
        (severity.value, shown_count(count), code)
        for code, severity, count in report.tally.by_kind()
    ]
    headings = ("SEVERITY", "COUNT", "CODE")
    print_table(Table(headings=headings, rows=rows, right=frozenset({1})))
    for code in dict.fromkeys(code for code, _, _ in report.tally.by_kind()):
        print_text("")
        for line in wrap(f"{code}: {KINDS[code].means}", _WIDTH):
            print_text(line)
        for each in report.tally.kept:
            if each.code == code:
                text = visible(f"{each.subject}: {each.text}")
                for line in wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    "):
                    print_text(line)
    if report.tally.untold:
        print_text(f"and {shown_count(report.tally.untold)} more; --json has the numbers")


def _named(generation: Generation) -> str:
    taken = generation.taken_at
    when = shown_time(taken, is_about=generation.is_about)
    zone = f" {zone_name(taken)}" if taken else ""
    return f"generation {generation.label}, {when}{zone}"
