"""Checking mail that BlueMind 3.5 had archived: each stub's message is read from end to end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from respool.app.whole_messages import account_stores
from respool.backups.contents import read_mailbox, root_mailbox
from respool.backups.hsm_store import stores_of
from respool.backups.source import SourceMailbox
from respool.backups.stub_messages import marked_as_stubs
from respool.backups.whole_messages import Archive, with_bodies
from respool.errors import LibraryMissing
from respool.model.accounts import Account, folder_path
from respool.model.findings import Finding, Severity
from respool.model.generations import Generation

_SOUND: Final = "hsm-joined"


def archive_findings(
    generation: Generation, account: Account, sources: Sequence[SourceMailbox]
) -> Iterator[Finding]:
    """What is wrong with the archived messages of an account; ``sources`` have its stubs.

    Nothing where the generation has no archive at all: that is a finding about it as a whole.
    """
    if not sources or not stores_of(generation):
        return
    root = root_mailbox(generation, account)
    stores = account_stores(generation, account, root, sources)
    archive = Archive(stores=stores, is_there=True)
    for source in sources:
        mailbox = read_mailbox(source)
        mask = marked_as_stubs(mailbox) & mailbox.restorable()
        path = folder_path(source.name)
        try:
            whole = with_bodies(source, mailbox, mask, archive)
        except LibraryMissing as error:
            yield Finding(
                severity=Severity.NOTE,
                code="hsm-not-read",
                subject=f"{account.address}, {path}",
                text=f"{error.what}; {error.hint}",
            )
            continue
        for finding in whole.mailbox.findings[len(mailbox.findings) :]:
            if finding.code != _SOUND:
                yield replace(finding, subject=f"{account.address}, {path}: {finding.subject}")
