"""What a backup's server kept beside its mailboxes, of one part: read when it is asked for.

Databases of the server's ``configdirectory``: seen files, annotations, subscriptions,
quota roots, ``mailboxes.db``. What is damaged is a finding; a part without them is no error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import Final

from respool.backups.kept_of_mailbox import (
    annotations_of,
    annotations_on_messages,
    owner_of,
    readers_of,
    seen_before_index_had_it,
)
from respool.backups.kept_tables import (
    AnnotationTable,
    MailboxesTable,
    SeenTable,
    read_annotation_table,
    read_mailboxes_table,
    read_seen_table,
)
from respool.backups.quota_roots import QuotaRoots
from respool.backups.server_files import (
    ConfigDirectory,
    UserFiles,
    entries_of,
    find_configuration,
    inbox_of,
    loss,
    user_files,
    userid_of,
)
from respool.backups.source import SourceMailbox, tree_at
from respool.backups.spool_layout import find_partitions
from respool.cyrus.header import parse_header
from respool.cyrus.mailbox_records import MailboxRecord
from respool.cyrus.mailboxes_db import MAILBOXES_FILE
from respool.cyrus.spool_paths import HEADER_FILE, uuid_directory
from respool.cyrus.subscriptions import SUBSCRIPTIONS_ENDING, parse_subscriptions
from respool.errors import BackupError, FormatError
from respool.model.accounts import Account
from respool.model.findings import Finding
from respool.model.inventory import StoredMailbox
from respool.model.names import MailboxName, parse_internal_name
from respool.model.state import MailboxState, QuotaRoot, UidSet
from respool.system.read_only import ReadOnlyTree

_KEPT: Final = 8
_HEADER_LIMIT: Final = 1 << 20
_LETTERS_OF_ID: Final = 2


class ServerState:
    """The databases of one part. Nothing is read before it is asked for, and once then.

    No question raises for what is damaged or missing: it has no answer then, and
    ``findings`` say why. No link is followed. Use `server_state` to get one.
    """

    def __init__(self, tree: ReadOnlyTree) -> None:
        """Of an open part, or of any tree that holds a server's ``configdirectory``."""
        self._tree = tree
        self._subscriptions: dict[str, tuple[MailboxName, ...]] = {}
        self._subscription_findings: list[Finding] = []

    @property
    def is_there(self) -> bool:
        """Whether the part has a ``configdirectory``, in it or beside it."""
        return self._config is not None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that is odd about the databases of the part: reads those that were not yet.

        Quota roots count once they were asked for. What is odd about one mailbox's
        annotations, or about what one reader has seen of it, is not among them: it comes
        with that mailbox (`of_mailbox_with_findings`).
        """
        for userid in self._users.by_user[SUBSCRIPTIONS_ENDING]:
            self.subscriptions(userid)
        _ = self._mailboxes, self._annotations, self._users, self._seen
        return self.findings_so_far

    @property
    def findings_so_far(self) -> tuple[Finding, ...]:
        """As `findings`, of those databases that were read already for what was asked."""
        read = vars(self)  # where cached_property keeps what was read
        found = (
            *(_findings_of_mailboxes(self._mailboxes) if "_mailboxes" in read else ()),
            *(self._annotations.findings if "_annotations" in read else ()),
            *(self._users.findings if "_users" in read else ()),
            *(self._seen.findings if "_seen" in read else ()),
            *self._subscription_findings,
            *(self._quotas.findings if "_quotas" in read and self._quotas is not None else ()),
        )
        return tuple(dict.fromkeys(found))

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
        findings: list[Finding] = []
        owner = owner_of(account)
        state = MailboxState(
            seen_by=readers_of(self._seen, mailbox, owner, findings),
            annotations=annotations_of(
                self._annotations, source.name, mailbox.uniqueid, owner, findings
            ),
            on_messages=annotations_on_messages(source, owner, findings),
        )
        return state, tuple(findings)

    def seen_outside_index(self, mailbox: StoredMailbox, account: Account) -> UidSet | None:
        r"""The ``\Seen`` that belongs into the records of an index from before version 12.

        The owner's, or everybody's where the mailbox shares it. None for later indexes, for
        a mailshare that does not share it, and where nothing was kept.
        """
        return seen_before_index_had_it(self._seen, mailbox, owner_of(account))

    def subscriptions(self, userid: str) -> tuple[MailboxName, ...]:
        """The mailboxes that a user (``jdoe@b.loc``) subscribed to, in order; gone ones too."""
        if userid not in self._subscriptions:
            self._subscriptions[userid] = self._read_subscriptions(userid)
        return self._subscriptions[userid]

    def quota_root(self, name: MailboxName) -> QuotaRoot | None:
        """The quota root that ``name`` itself is, not one above it; None if it is none."""
        return None if self._quotas is None else self._quotas.of(name)

    def mailbox_records(self) -> Mapping[MailboxName, MailboxRecord]:
        """The mailboxes of ``mailboxes.db``; of its newest copy where it is unreadable.

        Records are parsed when they are looked at. Empty where there is none, or where
        it is of a kind that nothing here reads.
        """
        return self._mailboxes.mailboxes

    def name_of_id(self, uniqueid: str) -> MailboxName | None:
        """The mailbox that ``mailboxes.db`` says has ``uniqueid``; None if it has none."""
        return self._mailboxes.mailboxes.name_of_id(uniqueid)

    @cached_property
    def _config(self) -> ConfigDirectory | None:
        return find_configuration(self._tree)

    @cached_property
    def _users(self) -> UserFiles:
        return UserFiles() if self._config is None else user_files(self._config)

    @cached_property
    def _seen(self) -> SeenTable:
        if self._config is None:
            return SeenTable()
        return read_seen_table(self._config, self._users, self._userid_of_id)

    @cached_property
    def _annotations(self) -> AnnotationTable:
        return AnnotationTable() if self._config is None else read_annotation_table(self._config)

    @cached_property
    def _mailboxes(self) -> MailboxesTable:
        return MailboxesTable() if self._config is None else read_mailboxes_table(self._config)

    @cached_property
    def _quotas(self) -> QuotaRoots | None:
        return None if self._config is None else QuotaRoots(self._config)

    @cached_property
    def _sub_of_uuid_users(self) -> Mapping[str, PurePosixPath]:
        files = self._users.by_id[SUBSCRIPTIONS_ENDING].items()
        found = ((self._userid_of_id(uniqueid), file) for uniqueid, file in files)
        return {userid: file for userid, file in found if userid is not None}

    def _read_subscriptions(self, userid: str) -> tuple[MailboxName, ...]:
        files = [
            *self._users.by_user[SUBSCRIPTIONS_ENDING].get(userid, ()),
            *([self._sub_of_uuid_users[userid]] if userid in self._sub_of_uuid_users else []),
        ]
        found: dict[MailboxName, None] = {}
        for file in files:
            found |= dict.fromkeys(self._subscribed_in(file, userid))
        return tuple(found)

    def _subscribed_in(self, file: PurePosixPath, userid: str) -> tuple[MailboxName, ...]:
        keys: list[bytes] = []
        if self._config is None or not entries_of(
            self._config, file, lambda key, _: keys.append(key), self._subscription_findings
        ):
            return ()
        names, damaged = parse_subscriptions(keys, inbox_of(userid))
        if damaged:
            text = f"{damaged} of its names are none"
            self._subscription_findings.append(
                loss("database-record-damaged", file.name, text, file)
            )
        return names

    def _userid_of_id(self, uniqueid: str) -> str | None:
        """Whose INBOX has a uniqueid, by ``mailboxes.db``, else by the INBOX's own header."""
        name = self.name_of_id(uniqueid) or _name_in_header(self._tree, uniqueid)
        return None if name is None else userid_of(name)


@lru_cache(maxsize=_KEPT)
def server_state(place: PurePosixPath) -> ServerState:
    """What the server kept, of the part at ``place``; the same value for each who asks.

    Raises:
        BackupFileMissing, BackupUnreadable: the part itself cannot be opened.
    """
    return ServerState(tree_at(place))


def _findings_of_mailboxes(table: MailboxesTable) -> Iterator[Finding]:
    yield from table.findings
    for key in table.mailboxes.damaged:
        text = f"its record of {key!r} cannot be read"
        yield loss("database-record-damaged", MAILBOXES_FILE, text)


def _name_in_header(tree: ReadOnlyTree, uniqueid: str) -> MailboxName | None:
    """The name in the header of a mailbox in the uuid layout."""
    if len(uniqueid) < _LETTERS_OF_ID:
        return None
    for partition in find_partitions(tree):
        for root in partition.roots:
            try:
                file = root / uuid_directory(uniqueid) / HEADER_FILE
                header = parse_header(tree.read(file, _HEADER_LIMIT))
                if header.internal_name:
                    return parse_internal_name(header.internal_name)
            except (BackupError, FormatError, ValueError):
                continue
    return None
