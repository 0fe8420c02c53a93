"""``respool backups``."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING

from respool.cli.options import AsJson, BackupOptions, settings_of

if TYPE_CHECKING:
    from respool.app.backups import BackupSummary, GenerationSummary
    from respool.model.generations import Part

SHOWN_UNUSED = 12
EXAMPLES = """\b
Examples:
  respool backups
  respool backups --backups /mnt/old/bluemind
  respool backups --data /var/backups/jdoe --meta /var/backups/jdoe-meta
"""


def backups(*, backup: BackupOptions, as_json: AsJson = False) -> None:
    """Generations in a backup: when each was taken, what is in it, what is wrong with it."""
    from respool.app.backups import list_backups
    from respool.cli.output import print_json

    summary = list_backups(settings_of(backup))
    if as_json:
        print_json(summary.as_json())
    else:
        _print(summary)


def _print(summary: BackupSummary) -> None:
    from respool.cli.backups_text import bluemind_lines
    from respool.cli.output import Table, print_table, print_text, zone_name

    newest = next((each.generation.taken_at for each in summary.generations), None)
    print_text(f"{summary.root.place}: {summary.root.description}")
    headings = ("GEN", f"TAKEN ({zone_name(newest)})", "PART:SERVER", "ACCOUNTS", "SIZE", "STATE")
    rows = [_row(each) for each in summary.generations]
    print_table(Table(headings=headings, rows=rows, right=frozenset({3, 4})))
    for each in summary.generations:
        for finding in each.findings:
            print_text(f"{each.generation.label}: {finding.subject}: {finding.text}")
    if summary.bluemind is not None:
        for line in bluemind_lines(summary.bluemind, summary.generations):
            print_text(line)
    if summary.unused:
        shown = [f"{entry.name} ({entry.why})" for entry in summary.unused[:SHOWN_UNUSED]]
        more = len(summary.unused) - len(shown)
        print_text(f"not used: {', '.join(shown)}{f' and {more} more' if more else ''}")


def _row(summary: GenerationSummary) -> tuple[str, ...]:
    from respool.cli.output import shown_count, shown_size, shown_time

    generation = summary.generation
    parts = " ".join(filter(None, map(_part, generation.parts)))
    has_name = summary.generation.state.value not in {"at-risk", "undated"}
    latest = " = latest" if summary.is_latest else ""
    return (
        generation.label if has_name else "-",
        shown_time(generation.taken_at, is_about=generation.is_about),
        parts or "-",
        shown_count(summary.account_count),
        shown_size(summary.size_bytes),
        _state(summary) + latest,
    )


def _part(part: Part) -> str | None:
    if part.part_id is None:
        return part.server
    return f"{part.part_id}:{part.server or part.address}"


def _state(summary: GenerationSummary) -> str:
    words = {
        "complete": "complete",
        "partial": "PARTIAL",
        "running": "running, not used",
        "at-risk": "AT RISK",
        "undated": "undated",
    }
    word = words[summary.generation.state.value]
    if not summary.is_at_risk:
        return "no description" if word == "AT RISK" else word
    return word if word == "AT RISK" else f"{word}, AT RISK"
