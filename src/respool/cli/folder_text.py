"""One folder for people, in full: what the columns of ``show`` have no room for."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from respool.cli.output import shown_count, shown_size, shown_time, visible

if TYPE_CHECKING:
    from respool.app.folders import FolderSummary
    from respool.app.show import AccountContents
    from respool.model.state import Annotation, QuotaRoot

_WIDTH: Final = 80
_LABEL: Final = 13
_KIB: Final = 1 << 10
_OCTETS: Final = frozenset({"STORAGE", "X-ANNOTATION-STORAGE"})
_FIRST_FINDINGS: Final = 5  # of a folder, before the rest is only counted
_DAMAGED: Final = frozenset({"loss", "blocks"})


def row_of(folder: FolderSummary) -> tuple[str, ...]:
    """A folder in the columns FOLDER, MSGS, UNREAD, SIZE, DELETED and NOTES."""
    counts = folder.counts
    return (
        folder.path,
        shown_count(counts.messages),
        shown_count(folder.unseen),
        shown_size(counts.size_bytes),
        shown_count(counts.expunged),
        notes_of(folder),
    )


def lines_below(contents: AccountContents) -> Iterator[str]:
    """What stands below the table of an account's folders, about all of them."""
    yield "* deleted by the user, still on disk"
    if contents.still_there is not None:
        seen = [each for each in contents.folders if not each.mailbox.name.is_deleted]
        count = shown_count(sum(each.counts.messages for each in seen))
        there = shown_count(contents.still_there)
        yield f"{there} of these {count} messages are still there, in live mail"
    if not contents.has_server_state:
        yield "not in this backup: readers, annotations, special use, quotas, subscriptions"
    for finding in contents.findings:
        yield f"{finding.subject}: {finding.text}"


def notes_of(folder: FolderSummary) -> str:
    """The column NOTES: what is wrong first, then what is worth a word."""
    from respool.model.folder_patterns import is_earlier_restore

    findings = folder.mailbox.findings
    losses = sum(each.count for each in findings if each.severity.value in _DAMAGED)
    deleted_at = folder.mailbox.name.deleted_at
    notes = [f"{shown_count(losses)} damaged"] if losses else []
    notes += ["an earlier restore"] if is_earlier_restore(folder.path) else []
    notes += [f"{deleted_at.astimezone():%d %b %Y}"] if deleted_at else []
    notes += [use.removeprefix("\\") for use in folder.special_use]
    notes += [f"{len(folder.counts.seen_by)} readers"] if len(folder.counts.seen_by) > 1 else []
    return ", ".join(notes)


def folder_lines(folder: FolderSummary) -> Iterator[str]:
    """A folder's name, and below it a line or two for each thing that was kept of it."""
    yield folder.path
    for label, text in _facts(folder):
        if text:
            head = f"  {label:<{_LABEL}}"
            below = " " * len(head)
            yield from wrap(visible(text), _WIDTH, initial_indent=head, subsequent_indent=below)
    for finding in folder.mailbox.findings:
        text = visible(f"{finding.subject}: {finding.text}")
        yield from wrap(text, _WIDTH, initial_indent="  ! ", subsequent_indent="    ")
    if folder.raw is not None:
        yield from raw_lines(folder.raw, "  ")


def finding_lines(folder: FolderSummary) -> Iterator[str]:
    """What is wrong with a folder, its first findings, and how many there are more."""
    findings = folder.mailbox.findings
    for finding in findings[:_FIRST_FINDINGS]:
        yield f"{folder.path}: {finding.subject}: {finding.text}"
    more = sum(each.count for each in findings[_FIRST_FINDINGS:])
    if more:
        yield f"{folder.path}: and {shown_count(more)} more; --details shows them"


def subscription_lines(names: Iterable[str]) -> Iterator[str]:
    """What a user subscribed to."""
    text = visible(", ".join(names))
    yield from wrap(f"subscribed to {text}", _WIDTH, subsequent_indent="  ")


def raw_lines(raw: object, indent: str) -> Iterator[str]:
    """Fields by name, nested ones further in; none is left out."""
    if not isinstance(raw, Mapping):
        return
    for name, value in raw.items():
        if isinstance(value, Mapping):
            yield f"{indent}{name}"
            yield from raw_lines(value, f"{indent}  ")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield f"{indent}{name}"
            for each in value:
                yield f"{indent}  {_raw_text(list(each.values()))}"
        else:
            yield f"{indent}{name} {_raw_text(value)}"


def _raw_text(value: object) -> str:
    """A field's value; ``-`` for none."""
    if isinstance(value, list | tuple):
        return " ".join(_raw_text(part) for part in value) or "-"
    return "-" if value is None else str(value)


def _facts(folder: FolderSummary) -> Iterator[tuple[str, str]]:
    mailbox = folder.mailbox
    name = mailbox.name
    yield "special use", " ".join(folder.special_use)
    yield "deleted", shown_time(name.deleted_at) if name.deleted_at else ""
    yield "keywords", " ".join(each for each in mailbox.keywords if each is not None)
    yield "rights", ", ".join(f"{who} {rights}" for who, rights in mailbox.acl.items())
    yield "quota", _quota(folder)
    yield "read state", "one for all its readers" if mailbox.shared_seen else ""
    total = shown_count(folder.counts.messages)
    for reader, seen in folder.counts.seen_by.items():
        yield "seen by", f"{reader}: {shown_count(seen)} of {total}"
    for each in folder.state.annotations:
        yield "annotation", _annotation(each)
    on_messages = sorted({each.entry for each in folder.state.on_messages})
    if on_messages:
        yield (
            "annotated",
            f"{shown_count(folder.counts.annotated)} messages: {', '.join(on_messages)}",
        )
    yield "ids", _ids(folder)


def _quota(folder: FolderSummary) -> str:
    if folder.quota_name is None:
        return ""
    root = folder.quota_name.display
    if folder.quota is None:
        return f"counts for {root}, whose limits are unknown"
    limits = [_limit(folder.quota, resource) for resource in folder.quota.limits]
    return f"counts for {root}: {', '.join(limits) or 'no limit'}"


def _limit(quota: QuotaRoot, resource: str) -> str:
    used, limit = quota.used.get(resource, 0), quota.limits[resource]
    if resource in _OCTETS:
        return f"{resource} {shown_size(used)} of {shown_size(limit * _KIB)}"
    return f"{resource} {shown_count(used)} of {shown_count(limit)}"


def _annotation(annotation: Annotation) -> str:
    whose = f" of {annotation.userid}" if annotation.userid else ""
    return f"{annotation.entry}{whose}: {annotation.value.decode('utf-8', 'backslashreplace')}"


def _ids(folder: FolderSummary) -> str:
    mailbox = folder.mailbox
    facts = (
        ("uidvalidity", mailbox.uidvalidity),
        ("last uid", mailbox.last_uid if mailbox.has_index else None),
        ("highestmodseq", mailbox.highestmodseq),
        ("uniqueid", mailbox.uniqueid),
        ("partition", mailbox.place.partition),
        ("index version", mailbox.index_version),
    )
    return ", ".join(f"{name} {value}" for name, value in facts if value is not None)
