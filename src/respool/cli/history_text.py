"""The history of a folder or a message, for people: a line for each thing that happened."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime
from textwrap import wrap
from typing import Final

from respool.app.history import FolderHistory, HistoryReport, MessageHistory
from respool.catalogue.entries import Standing
from respool.catalogue.folder_history import FolderEvent, FolderHappened, FolderVersion
from respool.catalogue.generations import Known
from respool.catalogue.message_history import Happened, MessageEvent
from respool.cli.catalogue_text import unsearched_lines
from respool.cli.output import (
    print_note,
    print_text,
    shown_count,
    shown_size,
    shown_time,
    visible,
    zone_name,
)

_WIDTH: Final = 80
_LABELS: Final = 5


def print_history(report: HistoryReport) -> None:
    """All of it; what no search sees beside it."""
    for number, each in enumerate(report.histories):
        if number:
            print_text("")
        lines = _message(each) if isinstance(each, MessageHistory) else _folder(each)
        for line in lines:
            print_text(line)
    for note in report.notes:
        print_note(note)
    for line in unsearched_lines(report.not_searched):
        print_note(line)


def _folder(history: FolderHistory) -> Iterator[str]:
    address = history.account.address
    yield visible(f"{history.folder.path} of {address}; times in {zone_name()}")
    width = max((len(each.generation.label) for each in history.events), default=0)
    for event in history.events:
        yield from _wrapped(_when(event.generation, width), visible(_folder_event(event)))
    yield from _passed_over(history)
    if history.is_there:
        yield f"still there in generation {history.last.label}"
        return
    command = shlex.join(["respool", "show", address, history.folder.path])
    yield f"last in generation {history.last.label}: {command} -g {history.last.label}"


def _message(history: MessageHistory) -> Iterator[str]:
    message = history.message
    sender = next(iter(message.senders), None)
    who = "" if sender is None else sender.name or sender.address or ""
    yield visible(f"{who}: {message.subject or '(no subject)'}")
    yield visible(f"  {history.account.address}; {message.guid}; times in {zone_name()}")
    width = max((len(each.generation.label) for each in history.events), default=0)
    for event in history.events:
        yield from _wrapped(_when(event.generation, width), visible(_message_event(event)))
    yield from _passed_over(history)
    kept = "" if history.kept is None else f"; kept as deleted in {history.kept.label}"
    if history.last is None:
        yield f"never seen otherwise than deleted{kept}"
    elif history.is_there:
        yield f"still there in generation {history.last.label}"
    else:
        yield f"last in generation {history.last.label}{kept}"


def _passed_over(history: FolderHistory | MessageHistory) -> Iterator[str]:
    labels = history.passed_over
    if labels:
        more = f" and {len(labels) - _LABELS} more" if len(labels) > _LABELS else ""
        yield f"passed over, not whole: generation {', '.join(labels[:_LABELS])}{more}"


def _wrapped(when: str, text: str) -> list[str]:
    """A line, and as many below it as it takes."""
    indent = " " * (len(when) + 2)
    return wrap(
        text,
        _WIDTH,
        initial_indent=f"{when}  ",
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _when(generation: Known, width: int) -> str:
    shown = shown_time(generation.taken_at, is_about=generation.is_about)
    return f"{generation.label:<{width}}  {shown}"


def _folder_event(event: FolderEvent) -> str:
    before, now = event.before, event.now
    if now is None:
        return "gone"
    if event.what is FolderHappened.DELETED:
        return f"deleted{_at(event.at)}; kept as {now.folder.path}"
    if event.what is FolderHappened.RENAMED and before is not None:
        return f"renamed: {before.folder.path} -> {now.folder.path}"
    if event.what is FolderHappened.COUNTS and before is not None:
        return _difference(before, now)
    words = {
        FolderHappened.MADE_ANEW: "another folder of the same name",
        FolderHappened.BACK: "back",
    }
    return f"{words.get(event.what, 'first seen')}: {_counts(now)}"


def _counts(now: FolderVersion) -> str:
    unseen = "" if now.unseen is None else f", {shown_count(now.unseen)} unread"
    deleted = f", {shown_count(now.expunged)} deleted but kept" if now.expunged else ""
    return f"{shown_count(now.messages)} messages{unseen}, {shown_size(now.size_octets)}{deleted}"


def _difference(before: FolderVersion, now: FolderVersion) -> str:
    pieces = [
        f"{name} {shown_count(former)} -> {shown_count(present)}"
        for name, former, present in (
            ("messages", before.messages, now.messages),
            ("unread", before.unseen, now.unseen),
            ("deleted but kept", before.expunged, now.expunged),
        )
        if former != present
    ]
    return (
        ", ".join(pieces) or f"{shown_size(before.size_octets)} -> {shown_size(now.size_octets)}"
    )


def _message_event(event: MessageEvent) -> str:
    before, now = event.before, event.now
    if now is None:
        return "gone" if before is None else f"gone from {_place(before)}"
    flags = " ".join([*(f"+{each}" for each in event.gained), *(f"-{e}" for e in event.lost)])
    changed = f" ({flags})" if flags else ""
    if event.what is Happened.MOVED and before is not None:
        return f"moved: {_place(before)} -> {_place(now)}{_at(event.at)}{changed}"
    if event.what is Happened.FLAGS:
        return f"flags in {_place(now)}: {flags}"
    if event.what is Happened.EXPUNGED:
        return f"deleted from {_place(now)}{_at(event.at)}; still on disk"
    words = {Happened.COPIED: "also in", Happened.BACK: "back in"}
    state = ", deleted but on disk" if now.is_expunged else ""
    flags = f" ({' '.join(now.flags)})" if now.flags else ""
    return f"{words.get(event.what, 'first seen in')} {_place(now)}{state}{flags}"


def _place(standing: Standing) -> str:
    return f"{standing.folder.path} {standing.uid}"


def _at(moment: datetime | None) -> str:
    return "" if moment is None else f" on {shown_time(moment)}"
