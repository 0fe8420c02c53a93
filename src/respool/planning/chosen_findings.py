"""What a plan says of the folders that it takes: their own findings, each with its folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from respool.cyrus.mailbox import message_file
from respool.model.accounts import folder_path
from respool.model.findings import Finding, Severity
from respool.model.inventory import StoredMailbox
from respool.planning.chosen import ChosenMailbox


def findings_of(chosen: Sequence[ChosenMailbox]) -> tuple[Finding, ...]:
    """All findings, each with its folder: a finding of one message has its UID besides."""
    return tuple(
        replace(finding, subject=path if finding.uid is not None else f"{path}: {finding.subject}")
        for each in chosen
        for path in (folder_path(each.mailbox.name),)
        for finding in (*each.mailbox.findings, *_empty(each.mailbox))
    )


def _empty(mailbox: StoredMailbox) -> Iterator[Finding]:
    """Messages of no octets, of which the server would delete the file (seen on 3.6.1)."""
    rows = mailbox.records[mailbox.restorable() & (mailbox.records["size"] == 0)]
    for uid, place in zip(rows["uid"].tolist(), rows["place"].tolist(), strict=True):
        yield Finding(
            severity=Severity.LOSS,
            code="message-empty",
            subject=f"message {uid}",
            text="it has no octets at all; a server would not keep it",
            uid=uid,
            file=message_file(mailbox.place, uid, place),
        )
