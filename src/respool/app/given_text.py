"""What was given back beside the mail, as lines of a receipt."""

from __future__ import annotations

from respool.verification.annotation_report import AnnotationReport
from respool.verification.report import Receipt
from respool.verification.seen_report import SeenReport
from respool.verification.subscription_report import SubscriptionReport

_MOST_NAMED = 20


def rights_lines(receipt: Receipt) -> list[str]:
    """Who has rights again on another server, and who not, with the reason."""
    head = receipt.head
    shared = head.mailboxes if head.target_kind == "imap" else ()
    lines = [
        f"{each.target_path}: {who} was to have {may}"
        for each in shared
        for who, may in sorted(each.rights.items())
    ]
    lines += [
        f"{each.subject}: {each.text}"
        for each in receipt.findings
        if each.code == "rights-not-given"
    ]
    if len(lines) > _MOST_NAMED:
        return [
            *lines[:_MOST_NAMED],
            f"and {len(lines) - _MOST_NAMED:,} more: plan and receipt.json",
        ]
    return lines


def seen_lines(seen: SeenReport) -> list[str]:
    """Readers who have their marks again, and those who do not, with the reason."""
    lines = []
    if seen.marks:
        lines.append(
            f"{seen.proven:,} of {seen.marks:,} marks of what was read, of"
            f" {_readers(len(seen.readers))}, each read back as himself"
        )
    lines += [
        f"none for {reader} in {_folders(folders)}: {why}"
        for (reader, why), folders in sorted(seen.left.items())[:_MOST_NAMED]
    ]
    if len(seen.left) > _MOST_NAMED:
        lines.append(f"none for {len(seen.left) - _MOST_NAMED:,} more: receipt.json has all")
    if seen.changed_since:
        lines.append(f"{seen.changed_since:,} were changed by their readers since")
    return lines


def annotation_lines(annotations: AnnotationReport) -> list[str]:
    """How many were written again, what folders are for, and what stays away and why."""
    lines = []
    if annotations.given:
        lines.append(
            f"{annotations.proven:,} of {annotations.given:,} written again and read back"
        )
    lines += [
        f"{each.folder} is {' '.join(each.special_use)} again"
        for each in annotations.folders
        if each.special_use
    ]
    lines += [
        f"without {entry} of {_folders(folders)}: {why}"
        for (entry, why), folders in sorted(annotations.left.items())[:_MOST_NAMED]
    ]
    if len(annotations.left) > _MOST_NAMED:
        more = len(annotations.left) - _MOST_NAMED
        lines.append(f"without {more:,} more: receipt.json has all")
    if annotations.changed_since:
        lines.append(f"{annotations.changed_since:,} were changed since")
    return lines


def differing_annotations(annotations: AnnotationReport) -> list[str]:
    """Annotations that did not read back as planned."""
    return [
        f"  {folder.folder} uid {each['uid']}: {each['entry']}"
        f" planned {each['planned']!r}, found {each['found']!r}"
        for folder in annotations.folders
        for each in folder.differs[:_MOST_NAMED]
    ]


def subscription_lines(subscriptions: SubscriptionReport) -> list[str]:
    """How many were made, for whom, and which were refused."""
    lines = [f"{count:,} for {who}" for who, count in sorted(subscriptions.given.items())]
    lines = lines[:_MOST_NAMED]
    if subscriptions.count:
        lines.append(f"{subscriptions.proven:,} of {subscriptions.count:,} seen by them")
    lines += [
        f"{count:,} refused for {who}: {why}"
        for (who, why), count in sorted(subscriptions.left.items())[:_MOST_NAMED]
    ]
    return lines


def differing_subscriptions(subscriptions: SubscriptionReport) -> list[str]:
    """Subscriptions that are not there."""
    return [
        f"  {who} is not subscribed to {name}"
        for who, names in subscriptions.differs.items()
        for name in names[:_MOST_NAMED]
    ]


def differing_seen(seen: SeenReport) -> list[str]:
    """Marks that did not read back as planned."""
    return [
        f"  {each.folder} as {each.reader}: {each.differs}"
        for each in seen.differing[:_MOST_NAMED]
    ]


def _readers(count: int) -> str:
    return "1 reader" if count == 1 else f"{count:,} readers"


def _folders(folders: tuple[str, ...]) -> str:
    return folders[0] if len(folders) == 1 else f"{len(folders):,} folders"
