"""One mailbox of a backup with all that was kept of it, inside its directories and beside."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from respool.backups.counted import read_by_names, read_for_counts
from respool.backups.server_state import server_state
from respool.backups.source import SourceMailbox, read_mailbox
from respool.model.accounts import Account
from respool.model.inventory import RECORD, Rows, StoredMailbox
from respool.model.messages import SEEN, SYSTEM_FLAGS
from respool.model.state import MailboxState, UidSet

SEEN_BIT: Final = next(bit for bit, name in SYSTEM_FLAGS if name == SEEN)
_AT_ONCE: Final = 1 << 16


def read_with_state(
    source: SourceMailbox,
    account: Account,
    *,
    is_for_counts: bool = False,
    columns: np.dtype[np.void] = RECORD,
) -> tuple[StoredMailbox, MailboxState]:
    r"""A mailbox of ``account``, and what was kept of it besides its files.

    Before index version 12 a server kept nobody's ``\Seen`` in the index: here the
    owner's is put into the records (that of ``anyone`` where the mailbox shares
    it), so that a record says the same in every version. With ``is_for_counts`` the
    files of a very large mailbox are not asked for their sizes (`read_for_counts`);
    else its records have ``columns`` of RECORD.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    mailbox = read_for_counts(source) if is_for_counts else read_mailbox(source, columns)
    return with_state(source, mailbox, account)


def with_state(
    source: SourceMailbox, mailbox: StoredMailbox, account: Account
) -> tuple[StoredMailbox, MailboxState]:
    """The same of a mailbox that was read already, however many of its columns that were.

    Its records are marked where they stand: of a million, others would take as much room again.
    """
    kept = server_state(source.spool)
    state, findings = kept.of_mailbox_with_findings(source, mailbox, account)
    seen = kept.seen_outside_index(mailbox, account)
    return replace(
        mailbox,
        records=mailbox.records if seen is None else _with_seen(mailbox.records, seen),
        findings=(*mailbox.findings, *findings),
    ), state


def read_with_seen(
    source: SourceMailbox, account: Account, columns: np.dtype[np.void]
) -> StoredMailbox:
    r"""A mailbox by the names of its files alone, `read_by_names`, with the owner's ``\Seen``.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    mailbox = read_by_names(source, columns)
    seen = server_state(source.spool).seen_outside_index(mailbox, account)
    return mailbox if seen is None else replace(mailbox, records=_with_seen(mailbox.records, seen))


def _with_seen(records: Rows, seen: UidSet) -> Rows:
    marked = records if records.flags.writeable else records.copy()
    for start in range(0, len(marked), _AT_ONCE):
        part = marked[start : start + _AT_ONCE]  # a view
        part["system_flags"][seen.mask(part["uid"])] |= np.uint32(SEEN_BIT)
    return marked
