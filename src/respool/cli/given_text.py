"""What is given back beside the mail, on the screens of plan and receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from respool.cli.output import shown_count
from respool.cli.target_text import folders_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from respool.planning.plan import PlanHead, PlannedMailbox
    from respool.verification.report import Receipt


def given_notes(head: PlanHead) -> Iterator[str]:
    """What readers get back of their own, who gets nothing, and what was asked to be left."""
    request = head.request
    yield from _rights(head)
    marks = sum(sum(each.seen_by.values()) for each in head.mailboxes)
    readers = {reader for each in head.mailboxes for reader in each.seen_by}
    if marks:
        yield (
            f"{shown_count(marks)} marks of what was read go back to {_readers(len(readers))},"
            " each as himself"
        )
    if any(each.is_owner_a_reader for each in head.mailboxes):
        yield f"what {head.owner} had read there is read again; of the others it is not"
    left: dict[str, set[str]] = {}
    for each in head.mailboxes:
        for reader, why in each.seen_left.items():
            left.setdefault(why, set()).add(reader)
    for why, those in sorted(left.items()):
        names = ", ".join(sorted(those)) if len(those) <= _MOST_NAMED else _readers(len(those))
        yield f"marks of {names} are left: {why}"
    if request.is_without_seen:
        yield "readers' own marks of what they have read are left, as asked"
    yield from _annotations(head)
    readers = {who for each in head.mailboxes for who in each.subscribers} - {head.owner}
    if readers:
        yield f"{_readers(len(readers))} will be subscribed to folders again"


def _rights(head: PlanHead) -> Iterator[str]:
    """What others may do on another server; on our own that is the account's INBOX's."""
    given = [each for each in _shared(head) if each.rights]
    if given:
        people = sorted({who for each in given for who in each.rights})
        names = ", ".join(people) if len(people) <= _MOST_NAMED else f"{len(people)} others"
        yield f"rights of {names} come back in {folders_text(len(given))} (--details says which)"
    away = sum(each.code == _NOT_GIVEN for each in head.findings)
    if away:
        yield f"rights of others stay away in {folders_text(away)} (--details says whose and why)"


def _shared(head: PlanHead) -> tuple[PlannedMailbox, ...]:
    return head.mailboxes if head.target_kind == "imap" else ()


def _annotations(head: PlanHead) -> Iterator[str]:
    on_folders = sum(each.annotations for each in head.mailboxes)
    on_messages = sum(each.message_annotations for each in head.mailboxes)
    if on_folders or on_messages:
        yield (
            f"annotations are written again: {shown_count(on_folders)} of folders,"
            f" {shown_count(on_messages)} of messages"
        )
    uses = [use for each in head.mailboxes for use in each.special_use]
    if uses:
        yield f"special use comes back: {' '.join(uses)}"
    left = [entry for each in head.mailboxes for entry in each.annotations_left]
    special = sorted({entry for entry in left if entry.startswith("\\")})
    if special:
        yield f"special use stays as it is: {' '.join(special)} (--details says why)"
    if len(left) > sum(entry.startswith("\\") for entry in left):
        others = sorted({entry for entry in left if not entry.startswith("\\")})
        names = ", ".join(others) if len(others) <= _MOST_NAMED else shown_count(len(others))
        yield f"annotations that stay away: {names} (--details says why)"
    if head.request.is_without_annotations:
        yield "annotations and special use are left, as asked"


_MOST_NAMED = 3
_NOT_GIVEN = "rights-not-given"


def given_details(head: PlanHead) -> list[str]:
    """A line for each folder with readers, and what else is given or stays away."""
    return (
        [
            f"{each.target_path}: {who} may {may}"
            for each in _shared(head)
            for who, may in sorted(each.rights.items())
        ]
        + [
            f"{each.target_path}: {shown_count(count)} marks for {reader}"
            for each in head.mailboxes
            for reader, count in sorted(each.seen_by.items())
        ]
        + [
            f"{each.target_path}: no marks for {reader}, {why}"
            for each in head.mailboxes
            for reader, why in sorted(each.seen_left.items())
        ]
        + [
            f"{each.target_path}: {entry} stays away, {why}"
            for each in head.mailboxes
            for entry, why in sorted(each.annotations_left.items())
        ]
    )


def given_screen(receipt: Receipt) -> Iterator[str]:
    """One line of what was given back, one of what was left."""
    seen = receipt.seen
    planned = len(receipt.head.findings)
    refused = sum(each.code == _NOT_GIVEN for each in receipt.findings[planned:])
    rights = sum(len(each.rights) for each in _shared(receipt.head))
    if rights:
        counts = f"{shown_count(rights - refused)} of {shown_count(rights)}"
        yield f"  Rights of others: {counts} given and read back"
    if seen.marks:
        yield (
            f"  Read by others: {shown_count(seen.proven)} of {shown_count(seen.marks)} marks"
            f" of {_readers(len(seen.readers))}, each read back as himself"
        )
    notes = receipt.annotations
    if notes.given:
        yield (
            f"  Annotations: {shown_count(notes.proven)} of {shown_count(notes.given)} written"
            " again and read back"
        )
    if notes.left:
        yield f"  Annotations left: {shown_count(len(notes.left))} (the receipt says why)"
    subscriptions = receipt.subscriptions
    if subscriptions.count:
        counts = f"{shown_count(subscriptions.proven)} of {shown_count(subscriptions.count)}"
        yield f"  Subscriptions: {counts} made and seen"
    readers = {reader for reader, _ in seen.left}
    if readers:
        yield f"  No marks for {_readers(len(readers))} (the receipt names them and says why)"


def _readers(count: int) -> str:
    return "1 reader" if count == 1 else f"{shown_count(count)} readers"
