"""What was found, for people: two lines a message; for programs: one line of JSON."""

from __future__ import annotations

from typing import Final

from respool.app.find import FindReport
from respool.app.found_live import FoundMessage
from respool.cli.catalogue_text import unsearched_lines
from respool.cli.output import (
    cut,
    print_json_line,
    print_note,
    print_text,
    shown_size,
    shown_time,
    visible,
    zone_name,
)

_WIDTH: Final = 80


def print_found(report: FindReport, *, limit: int, as_json: bool) -> int:
    """All of it as it comes; then, beside it, what was not searched. How many there were."""
    count = 0
    for message in report.messages:
        count += 1
        if as_json:
            print_json_line(message.as_json())
            continue
        for line in found_lines(message):
            print_text(line)
    if not as_json:
        print_note(_summary(count, limit, is_blind=report.is_blind))
    for note in report.notes:
        print_note(note)
    for line in unsearched_lines(report.not_searched):
        print_note(line)
    return count


def _summary(count: int, limit: int, *, is_blind: bool) -> str:
    if not count and is_blind:
        return "nothing was found in what was searched, which is not every generation"
    if not count:
        return "nothing was found"
    if limit and count == limit:
        return f"the first {count:,} (--limit 0 shows all); times in {zone_name()}"
    return f"{count:,} {'message' if count == 1 else 'messages'}; times in {zone_name()}"


def found_lines(message: FoundMessage) -> list[str]:
    """One message: when, from whom and what; where; in which generations, and live; gone when."""
    found = message.found
    entry, standing = found.message, found.standing
    sender = next(iter(entry.senders), None)
    who = "" if sender is None else sender.name or sender.address or ""
    subject = entry.subject or "(no subject)"
    size = shown_size(entry.size_bytes)
    first = f"{shown_time(standing.date)}  {size:>6}  {visible(who)}: {visible(subject)}"
    place = f"{found.account.address} {standing.folder.path} {standing.uid}"
    ranges = ", ".join(_range(each) for each in found.generations)
    state = "deleted but kept, " if standing.is_expunged else ""
    lines = [cut(first, _WIDTH), cut(f"  {visible(place)}", _WIDTH)]
    lines.append(cut(f"  {state}in {ranges}; {_live(message)}", _WIDTH))
    if found.deleted_at is not None and message.live is None:
        lines.append(f"  gone by {shown_time(found.deleted_at)}")
    return lines


def _range(ends: tuple[str, str]) -> str:
    first, last = ends
    return first if first == last else f"{first} to {last}"


def _live(message: FoundMessage) -> str:
    standing = message.found.standing
    if message.copies is None:
        return "live: not known"
    if message.live is not None:
        here = (message.live.folder, message.live.uid)
        if here == (standing.folder.path, standing.uid):
            return "live: still there"
        return f"live: {visible(message.live.folder)} {message.live.uid}"
    kept = [each for each in message.copies if each.is_kept]
    if kept:
        return f"live: only as deleted, in {visible(kept[0].folder)}"
    return "live: MISSING"
