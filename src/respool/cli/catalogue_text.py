"""The catalogue, for people: what it has, what was taken in, what it does not see."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from respool.cli.output import (
    Table,
    print_json,
    print_note,
    print_table,
    print_text,
    shown_count,
    shown_size,
    shown_time,
    visible,
    zone_name,
)

if TYPE_CHECKING:
    from respool.app.catalogue_report import CatalogueReport
    from respool.app.settings import Settings
    from respool.catalogue.unsearched import Unsearched

_SHOWN = 8


def print_report(report: CatalogueReport) -> None:
    """What it has, generation by generation, newest first."""
    done = {each.label: each for each in report.indexed}
    rows = []
    for each in report.generations:
        now = done.get(each.label)
        rows.append(
            (
                each.label,
                shown_time(each.taken_at, is_about=each.is_about),
                "indexed" if each.is_indexed else "no",
                "" if now is None else shown_count(now.folders),
                "" if now is None else shown_count(now.unchanged),
                "" if now is None else shown_count(now.messages),
                "" if now is None else f"{now.seconds:.1f} s",
            )
        )
    headings = ("GEN", f"TAKEN ({zone_name()})", "", "FOLDERS", "AS BEFORE", "NEW MAIL", "TOOK")
    print_table(Table(headings=headings, rows=rows, right=frozenset({3, 4, 5, 6})))
    print_text(f"{shown_count(report.messages)} messages, {shown_size(report.size_bytes)}:")
    print_text(f"  {visible(str(report.file))}")
    for line in unsearched_lines(report.not_searched):
        print_text(line)


def unsearched_lines(unsearched: Iterable[Unsearched]) -> list[str]:
    """What is not seen, a line each; of very many the first."""
    every = list(unsearched)
    lines = [f"not searched: {visible(each.text)}" for each in every[:_SHOWN]]
    if len(every) > _SHOWN:
        lines.append(f"not searched: {len(every) - _SHOWN} things more (--json lists all)")
    return lines


def print_forgotten(settings: Settings, *, as_json: bool, is_agreed: bool) -> None:
    """Remove the catalogue, after a question."""
    from respool.app.catalogue import forget_catalogue
    from respool.cli.confirm import agreed
    from respool.errors import Declined

    if not is_agreed and not agreed("Remove the catalogue? It can be made again of the backup."):
        raise Declined("the catalogue is as it was")
    removed = forget_catalogue(settings)
    if as_json:
        print_json({"removed_bytes": removed})
    elif removed:
        print_text(f"the catalogue is removed: {shown_size(removed)}")
    else:
        print_note("there was no catalogue of this backup")
