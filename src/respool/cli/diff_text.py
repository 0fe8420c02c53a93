"""Two states of an account compared, for people: a table of 80 columns, and its messages."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from respool.cli.output import (
    Table,
    cut,
    print_table,
    print_text,
    shown_count,
    shown_time,
    visible,
    zone_name,
)

if TYPE_CHECKING:
    from respool.app.account_states import AccountState
    from respool.app.diff import AccountDifference, NamedDifference
    from respool.planning.differing import FolderDifference

_WIDTH: Final = 80
_FOLDER_WIDTH: Final = 26
_NOTE_WIDTH: Final = 16
_BELOW: Final = " " * 10
_COLUMNS: Final = ("missing", "kept", "moved", "changed", "new")
_HEADINGS: Final = ("FOLDER", "MISSING", "KEPT*", "MOVED", "STATE", "NEW", "NOTES")
_KINDS: Final = {
    "missing": "missing",
    "kept": "deleted, still kept",
    "moved": "moved",
    "changed": "changed",
    "new": "new",
}


def print_difference(found: AccountDifference, *, has_messages: bool) -> None:
    """The table of folders that differ, what it does not say, and the messages."""
    print_text(f"{found.before.account.address}, since {_when(found.before)}")
    print_text(f"now: {_when(found.after)}")
    differing = [each for each in found.folders if not each.is_equal]
    if differing:
        rows = [_row(each) for each in differing]
        total = ["", *(shown_count(found.total(name)) for name in _COLUMNS), ""]
        total[0] = "in all"
        print_table(
            Table(headings=_HEADINGS, rows=[*rows, total], right=frozenset({1, 2, 3, 4, 5}))
        )
    for line in _lines(found, differing):
        print_text(line)
    if has_messages:
        _print_messages(found)


def _when(state: AccountState) -> str:
    each = state.generation
    if each.label == "live":
        return "live mail"
    when = shown_time(each.taken_at, is_about=each.is_about)
    zone = f" {zone_name(each.taken_at)}" if each.taken_at else ""
    return f"generation {each.label}, {when}{zone}"


def _row(each: FolderDifference) -> tuple[str, ...]:
    counts = (shown_count(int(getattr(each, name))) for name in _COLUMNS)
    name = each.path or each.now or ""
    return (_cut(name, _FOLDER_WIDTH), *counts, _cut(_note(each), _NOTE_WIDTH))


def _note(each: FolderDifference) -> str:
    match each.fate.value:
        case "renamed":
            return f"now {each.now}"
        case "same":
            return f"{shown_count(each.unknown)} not compared" if each.unknown else ""
        case fate:
            return str(fate)


def _lines(found: AccountDifference, differing: list[FolderDifference]) -> Iterator[str]:
    if found.total("kept"):
        yield "* deleted by somebody, and the server still keeps it"
    if not found.after.is_there:
        yield "the account itself is gone"
    elif found.is_made_anew:
        yield "the account was made anew: its INBOX has another id"
    for each in differing:
        yield from _wrapped(_long_facts(each))
    equal = len(found.folders) - len(differing)
    if not differing:
        yield f"nothing became of it: {_folders(equal)}, all equal"
    elif equal:
        yield f"{_folders(equal)} are equal" if equal > 1 else "1 folder is equal"
    unknown = found.total("unknown")
    if unknown:
        yield f"{shown_count(unknown)} messages could not be compared"
    for finding in found.findings:
        yield f"{finding.subject}: {finding.text}"


def _folders(count: int) -> str:
    return "1 folder" if count == 1 else f"{shown_count(count)} folders"


def _long_facts(each: FolderDifference) -> str:
    """What a folder's row has no room for."""
    facts = [f"{shown_count(count)} moved to {path}" for path, count in each.moved_to.items()]
    for mark, change in each.marks.items():
        signs = [f"+{shown_count(change.gained)}"] if change.gained else []
        signs += [f"-{shown_count(change.lost)}"] if change.lost else []
        facts.append(f"{mark} {' '.join(signs)}")
    path = each.path or each.now or ""
    if each.fate.value == "renamed" and len(f"now {each.now}") > _NOTE_WIDTH:
        facts.insert(0, f"now {each.now}")
    is_cut = len(path) > _FOLDER_WIDTH
    return f"{path}: {', '.join(facts)}" if facts else path if is_cut else ""


def _wrapped(text: str) -> list[str]:
    return wrap(visible(text), _WIDTH, subsequent_indent="  ")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"…{text[1 - width :]}"


def _print_messages(found: AccountDifference) -> None:
    for (folder, kind), messages in groupby(found.messages(), _group):
        print_text("")
        print_text(f"{folder}: {_KINDS[kind]}")
        for each in messages:
            for line in _message(each):
                print_text(line)


def _group(each: NamedDifference) -> tuple[str, str]:
    return each.folder or each.now or "", each.difference.kind.value


def _message(each: NamedDifference) -> list[str]:
    """UID, sender and subject; where it is now and what changed, below where that is too long."""
    this = each.difference
    place = this.before or this.after
    sender = next(iter(each.fields.from_addresses), None)
    who = (sender.name or sender.address or "") if sender else ""
    marks = [f"+{mark}" for mark in this.gained] + [f"-{mark}" for mark in this.lost]
    where = [f"-> {each.now}"] if each.now != each.folder and each.folder and each.now else []
    tail = visible(" ".join([*where, *([f"({' '.join(marks)})"] if marks else [])]))
    first = visible(f"  {place[1] if place else 0:>6}  {who}: {each.fields.subject or ''}")
    together = f"{first} {tail}".rstrip()
    if cut(together, _WIDTH) == together:
        return [together]
    return [cut(first, _WIDTH), *([f"{_BELOW}{tail}"] if tail else [])]
