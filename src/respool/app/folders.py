"""One folder of a backup in figures: its messages, and all that was kept of it beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from respool.app.raw import Raw, raw_mailbox
from respool.backups.mailboxes import read_with_state
from respool.backups.server_state import server_state
from respool.backups.source import SourceMailbox
from respool.model.accounts import Account, AccountKind, folder_path
from respool.model.dataclasses import dataclass
from respool.model.inventory import StoredMailbox
from respool.model.json_text import as_utc_text
from respool.model.names import MailboxName, parse_internal_name
from respool.model.rows import Counts, counts_of
from respool.model.state import SHARED, Annotation, MailboxState, QuotaRoot

_T = TypeVar("_T")
_KIB = 1 << 10
_IN_KIB = frozenset({"STORAGE", "X-ANNOTATION-STORAGE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSummary:
    """One mailbox, what was kept of it, and its figures.

    ``quota`` is None where the backup has nothing of the root ``quota_name``. Without
    ``has_server_state`` the backup has nothing of what the server kept outside mailboxes:
    readers, annotations and special use are unknown. ``raw`` is there where it was asked for.
    """

    account: Account
    mailbox: StoredMailbox
    state: MailboxState
    counts: Counts
    quota_name: MailboxName | None
    quota: QuotaRoot | None
    has_server_state: bool = True
    raw: Raw | None = None

    @property
    def path(self) -> str:
        """As people type it."""
        return folder_path(self.mailbox.name)

    @property
    def special_use(self) -> tuple[str, ...]:
        r"""``\Sent`` and the like, as its owner sees them."""
        is_user = self.account.kind is AccountKind.USER
        return self.state.special_use(self.account.userid if is_user else None)

    @property
    def unseen(self) -> int | None:
        """Unknown of a mailshare whose readers each have their own."""
        is_known = self.account.kind is AccountKind.USER or self.mailbox.shared_seen
        return self.counts.unseen if is_known else None

    def as_json(self) -> dict[str, object]:
        """The shape in ``show --json``."""
        mailbox = self.mailbox
        return {
            "name": mailbox.name.display,
            "path": self.path,
            "messages": self.counts.messages,
            "unseen": self.unseen,
            "expunged": self.counts.expunged,
            "size_bytes": self.counts.size_bytes,
            "uidvalidity": mailbox.uidvalidity,
            "uidnext": mailbox.last_uid + 1 if mailbox.has_index else None,
            "highestmodseq": mailbox.highestmodseq,
            "uniqueid": mailbox.uniqueid,
            "partition": mailbox.place.partition,
            "deleted_at": as_utc_text(mailbox.name.deleted_at),
            "keywords": [keyword for keyword in mailbox.keywords if keyword is not None],
            "acl": dict(mailbox.acl),
            "quota": self._quota_json(),
            "special_use": self._known(list(self.special_use)),
            "shared_seen": mailbox.shared_seen,
            "seen_by": self._known(
                [
                    {"reader": reader, "messages": count}
                    for reader, count in self.counts.seen_by.items()
                ]
            ),
            "annotations": self._known([annotation_json(each) for each in self.state.annotations]),
            "annotated_messages": self.counts.annotated,
            "index_version": mailbox.index_version,
            "findings": [finding.as_json() for finding in mailbox.findings],
            **({} if self.raw is None else {"raw": self.raw}),
        }

    def _known(self, values: list[_T]) -> list[_T] | None:
        return values if self.has_server_state else None

    def _quota_json(self) -> dict[str, object] | None:
        if self.quota_name is None:
            return None
        known = self.quota
        return {
            "root": self.quota_name.display,
            "resources": None if known is None else quota_resources(known),
        }


def annotation_json(annotation: Annotation) -> dict[str, str | None]:
    """The shape in every list of annotations; ``userid`` is null where everybody sees it."""
    return {
        "entry": annotation.entry,
        "userid": None if annotation.userid == SHARED else annotation.userid,
        "value": annotation.value.decode("utf-8", "surrogateescape"),
    }


def quota_resources(quota: QuotaRoot) -> dict[str, dict[str, int]]:
    """Used and limit of what is limited, storage in KiB, as a server answers GETQUOTA."""
    return {
        name: {
            "used": quota.used.get(name, 0) // (_KIB if name in _IN_KIB else 1),
            "limit": limit,
        }
        for name, limit in quota.limits.items()
    }


def read_folder(
    source: SourceMailbox,
    account: Account,
    *,
    has_raw: bool = False,
    narrow: Callable[[StoredMailbox], StoredMailbox] | None = None,
) -> FolderSummary:
    """A mailbox counted; no value is made for a single message.

    With ``narrow`` those messages alone are counted that it leaves.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    mailbox, state = read_with_state(source, account, is_for_counts=narrow is None)
    mailbox = mailbox if narrow is None else narrow(mailbox)
    quota_name = _quota_name(mailbox)
    kept = server_state(source.spool)
    return FolderSummary(
        account=account,
        mailbox=mailbox,
        state=state,
        counts=counts_of(mailbox, state),
        quota_name=quota_name,
        quota=None if quota_name is None else kept.quota_root(quota_name),
        has_server_state=kept.is_there,
        raw=raw_mailbox(source, mailbox) if has_raw else None,
    )


def _quota_name(mailbox: StoredMailbox) -> MailboxName | None:
    """The root that the mailbox counts for, as its header has it."""
    if not mailbox.quota_root:
        return None
    try:
        return parse_internal_name(mailbox.quota_root)
    except ValueError:
        return None
