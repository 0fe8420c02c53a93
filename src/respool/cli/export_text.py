"""What reading an export again has found, for people."""

from __future__ import annotations

from collections.abc import Iterator

from respool.app.export_report import ExportReport
from respool.cli.output import shown_count, shown_size, visible

_MOST = 20


def export_screen(report: ExportReport) -> str:
    """The verdict, then what is not as the manifest says."""
    return "\n".join(_lines(report))


def _lines(report: ExportReport) -> Iterator[str]:
    counts = f"{shown_count(report.proven)} of {shown_count(report.head.messages)}"
    yield (
        f"{report.verdict.value.upper()}: {counts} read back as its manifest says,"
        f" {shown_size(report.octets)}"
    )
    yield f"  {visible(report.place)}: {report.head.account.address}"
    if report.lost:
        yield f"  LOST ALREADY IN THE BACKUP: {shown_count(report.lost)} messages"
    if report.damage is not None:
        yield f"  THE MANIFEST: {report.damage}"
    for each in report.differs[:_MOST]:
        where = visible(f"{each.folder} {each.uid} ({each.file})")
        yield f"  {where}: {each.aspect} {each.expected!r}, found {each.found!r}"
    more = report.counts.total() - min(len(report.differs), _MOST)
    if more > 0:
        yield f"  and {shown_count(more)} more: --json lists a thousand"
    for name in report.added[:_MOST]:
        yield f"  there besides: {visible(name)}"
    if report.added_count > _MOST:
        yield f"  and {shown_count(report.added_count - _MOST)} more things besides"
