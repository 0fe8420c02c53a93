"""One mailbox of a backup with all that was kept of it, inside its directories and beside."""

from __future__ import annotations

from dataclasses import replace

from respool.backups.server_state import server_state
from respool.backups.source import SourceMailbox, read_mailbox
from respool.model.accounts import Account
from respool.model.inventory import StoredMailbox
from respool.model.state import MailboxState


def read_with_state(source: SourceMailbox, account: Account) -> tuple[StoredMailbox, MailboxState]:
    r"""A mailbox of ``account``, and what was kept of it besides its files.

    Before index version 12 a server kept nobody's ``\Seen`` in the index: here the
    owner's is put into the records (that of ``anyone`` where the mailbox shares
    it), so that a record says the same in every version.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    mailbox = read_mailbox(source)
    state, findings = server_state(source.spool).of_mailbox_with_findings(source, mailbox, account)
    return replace(mailbox, findings=(*mailbox.findings, *findings)), state
