"""What a backup's server kept beside its mailboxes, of one part: read when it is asked for.

Databases of the server's ``configdirectory``: seen files, annotations, subscriptions,
quota roots, ``mailboxes.db``. What is missing or unreadable is a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

from respool.backups.source import SourceMailbox, tree_at
from respool.cyrus.mailbox_records import MailboxRecord
from respool.model.accounts import Account
from respool.model.findings import Finding
from respool.model.inventory import StoredMailbox
from respool.model.names import MailboxName
from respool.model.state import MailboxState, QuotaRoot
from respool.system.read_only import ReadOnlyTree

_KEPT: Final = 8


class ServerState:
    """The databases of one part. Nothing is read before it is asked for, and once then.

    No question raises for what is damaged or missing: it has no answer then, and
    ``findings`` say why. A part without such databases has one that says so. No link is
    followed. Use `server_state` to get one.
    """

    def __init__(self, tree: ReadOnlyTree) -> None:
        """Of an open part, or of any tree that holds a server's ``configdirectory``."""
        self._tree = tree

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that is odd about the databases of the part: reads those that were not yet.

        What is odd about one mailbox's annotations, or what one reader has seen of it, is
        among the findings of `of_mailbox_with_findings`.
        """
        return ()

    def of_mailbox(
        self, source: SourceMailbox, mailbox: StoredMailbox, account: Account
    ) -> MailboxState:
        r"""Readers' ``\Seen`` and annotations of a mailbox, ``mailbox`` as read of ``source``.

        ``account`` is whose it is: a user's own ``\Seen`` stands in the records, not in
        ``seen_by``, and so does everybody's where the mailbox shares it.
        """
        return self.of_mailbox_with_findings(source, mailbox, account)[0]

    def of_mailbox_with_findings(
        self, source: SourceMailbox, mailbox: StoredMailbox, account: Account
    ) -> tuple[MailboxState, tuple[Finding, ...]]:
        """As `of_mailbox`, and what is odd about what was kept of this one mailbox."""
        _ = source, mailbox, account
        return MailboxState(), ()

    def subscriptions(self, userid: str) -> tuple[MailboxName, ...]:
        """The mailboxes that a user (``jdoe@b.loc``) subscribed to, in order; gone ones too."""
        _ = userid
        return ()

    def quota_root(self, name: MailboxName) -> QuotaRoot | None:
        """The quota root that ``name`` itself is, not one above it; None if it is none."""
        _ = name
        return None

    def mailbox_records(self) -> Mapping[MailboxName, MailboxRecord]:
        """The mailboxes of ``mailboxes.db``; of its newest copy where it is unreadable.

        Records are parsed when they are looked at. Empty where there is none, or where
        it is of a kind that nothing here reads.
        """
        return {}

    def name_of_id(self, uniqueid: str) -> MailboxName | None:
        """The mailbox that ``mailboxes.db`` says has ``uniqueid``; None if it has none."""
        _ = uniqueid
        return None


@lru_cache(maxsize=_KEPT)
def server_state(place: PurePosixPath) -> ServerState:
    """What the server kept, of the part at ``place``; the same value for each who asks.

    Raises:
        BackupFileMissing, BackupUnreadable: the part itself cannot be opened.
    """
    return ServerState(tree_at(place))
