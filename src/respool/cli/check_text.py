"""What a check found, for people: a line about all, a table by kind, a list by folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from respool.app.check_report import CheckReport
from respool.cli.output import (
    Table,
    print_table,
    print_text,
    shown_count,
    shown_size,
    shown_time,
    visible,
    zone_name,
)
from respool.model.finding_kinds import KINDS
from respool.model.findings import Finding


def print_report(report: CheckReport) -> None:
    """The whole report."""
    for line in _head(report):
        print_text(line)
    if report.is_sound:
        print_text("Sound: nothing was found.")
        return
    print_text("")
    rows = [
        (severity.value, shown_count(count), code, KINDS[code].means)
        for code, severity, count in report.tally.by_kind()
    ]
    headings = ("SEVERITY", "COUNT", "CODE", "WHAT IT MEANS FOR A RESTORE")
    print_table(Table(headings=headings, rows=rows, right=frozenset({1})))
    for line in _list(report):
        print_text(line)


def _head(report: CheckReport) -> Iterator[str]:
    generation = report.generation
    taken = generation.taken_at
    zone = f" {zone_name(taken)}" if taken else ""
    when = shown_time(taken, is_about=generation.is_about)
    whose = "every account" if report.account is None else report.account.address
    yield f"{whose}, generation {generation.label}, {when}{zone}"
    yield (
        f"{shown_count(report.mailboxes)} folders, {shown_count(report.messages)} messages,"
        f" {shown_count(report.expunged)} deleted but kept;"
        f" {shown_count(report.files)} files, {shown_size(report.size_bytes)} read"
        f" in {report.seconds:.1f} s"
    )


def _list(report: CheckReport) -> Iterator[str]:
    if report.findings.total:
        yield from ("", "The generation as a whole:")
        yield from _lines(report.findings.kept, report.findings.total)
    for folder in report.folders:
        yield from ("", f"{visible(folder.name.display)}:")
        yield from _lines(folder.findings, folder.count)
    if report.untold:
        yield ""
        yield f"{shown_count(report.untold)} more are counted above and not listed (--details)"


def _lines(findings: Iterable[Finding], count: int) -> Iterator[str]:
    told = 0
    for finding in findings:
        told += finding.count
        yield f"  {finding.severity}: {visible(finding.subject)}: {visible(finding.text)}"
        where = "" if finding.file is None else f" {visible(str(finding.file))}"
        yield f"      ({finding.code}){where}"
    if count > told:
        yield f"  and {shown_count(count - told)} more"
