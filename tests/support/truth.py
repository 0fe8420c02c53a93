"""What a server itself said of a golden spool, as values instead of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.support import golden

_INTERNALDATE = "%d-%b-%Y %H:%M:%S %z"


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthMessage:
    """One message; ``sha1`` is that of its octets, ``internaldate`` is aware, in UTC.

    ``flags`` are as the mailbox's viewer sees them (see ``TruthMailbox``). ``modseq`` is
    0 where it was not asked for: in ``expunged``.
    """

    uid: int
    flags: frozenset[str]
    internaldate: datetime
    size_bytes: int
    sha1: str
    subject: str | None
    modseq: int
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedMessage:
    """One message of a mailbox that was deleted, as its owner saw it before."""

    uid: int
    flags: frozenset[str]
    size_bytes: int
    sha1: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthQuota:
    """The quota root of a mailbox, None if it has none, and used and limit by resource."""

    root: str | None
    resources: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthMailbox:
    """One mailbox by the administrator's names: ``name`` decoded, ``imap_name`` encoded.

    ``viewer`` is who saw the flags: the owner, else the administrator, whose \\Seen is
    nobody's (``seen_by`` has that of the readers). ``status`` has messages, uidnext,
    uidvalidity, unseen (the administrator's) and highestmodseq.
    """

    name: str
    imap_name: str
    is_deleted: bool
    owner: str | None
    viewer: str
    status: Mapping[str, int]
    acl: Mapping[str, str]
    quota: TruthQuota | None
    keywords: tuple[str, ...]
    special_use: frozenset[str]
    annotations: Mapping[str, str]
    owner_annotations: Mapping[str, str]
    seen_by: Mapping[str, frozenset[int]]
    messages: tuple[TruthMessage, ...]
    expunged: tuple[TruthMessage, ...]

    @property
    def partition(self) -> str | None:
        """The partition it lies on, where that was asked (not below DELETED)."""
        return self.annotations.get("/shared/vendor/cmu/cyrus-imapd/partition")

    @property
    def uniqueid(self) -> str | None:
        """Its uniqueid, where that was asked (not below DELETED)."""
        return self.annotations.get("/shared/vendor/cmu/cyrus-imapd/uniqueid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """All of one truth file: mailboxes by decoded name, those below DELETED included.

    ``deleted`` has the messages of deleted mailboxes as their owner saw them before, by
    the name they had. ``subscriptions`` are each user's own names.
    """

    mailboxes: Mapping[str, TruthMailbox]
    deleted: Mapping[str, tuple[DeletedMessage, ...]]
    subscriptions: Mapping[str, tuple[str, ...]]
    partitions: Mapping[str, str]

    def of_user(self, login: str) -> tuple[TruthMailbox, ...]:
        """The mailboxes of an account (``jdoe@bluemind.loc``), INBOX first, none deleted."""
        own = [box for box in self.mailboxes.values() if box.owner == login]
        return tuple(sorted(own, key=lambda box: (box.name != f"user/{login}", box.name)))


def read_truth(path_name: str) -> Truth:
    """The truth file at ``path_name``, as ``golden.truth`` takes it."""
    raw = golden.truth(path_name)
    return Truth(
        mailboxes={name: _mailbox(name, box) for name, box in raw["mailboxes"].items()},
        deleted={name: _deleted(ms) for name, ms in raw["deleted_mailboxes"].items()},
        subscriptions={user: tuple(names) for user, names in raw["subscriptions"].items()},
        partitions=dict(raw["partition"]),
    )


def _mailbox(name: str, raw: Mapping[str, Any]) -> TruthMailbox:
    return TruthMailbox(
        name=name,
        imap_name=raw["imap_name"],
        is_deleted=raw.get("deleted", False),
        owner=raw.get("owner"),
        viewer=raw["viewer"],
        status=dict(raw["status"]),
        acl=dict(raw["acl"]),
        quota=_quota(raw.get("quota")),
        keywords=tuple(raw["keywords"]),
        special_use=_special_use(raw),
        annotations=dict(raw.get("annotations") or {}),
        owner_annotations=dict(raw.get("owner_annotations") or {}),
        seen_by={reader: frozenset(uids) for reader, uids in raw["seen_by"].items()},
        messages=_messages(raw["messages"]),
        expunged=_messages(raw.get("expunged", [])),
    )


def _special_use(raw: Mapping[str, Any]) -> frozenset[str]:
    words = (raw.get("owner_annotations") or {}).get("/private/specialuse", "")
    return frozenset(words.split())


def _quota(raw: Mapping[str, Any] | None) -> TruthQuota | None:
    if raw is None:
        return None
    resources = {name: (used, limit) for name, (used, limit) in raw["resources"].items()}
    return TruthQuota(root=raw["root"], resources=resources)


def _messages(raw: list[Mapping[str, Any]]) -> tuple[TruthMessage, ...]:
    return tuple(_message(message) for message in raw)


def _message(raw: Mapping[str, Any]) -> TruthMessage:
    return TruthMessage(
        uid=raw["uid"],
        flags=frozenset(raw["flags"]),
        internaldate=_date(raw["internaldate"]),
        size_bytes=raw["size"],
        sha1=raw["sha1"],
        subject=raw.get("subject"),
        modseq=raw.get("modseq", 0),
        annotations=dict(raw.get("annotations", {})),
    )


def _deleted(raw: list[Mapping[str, Any]]) -> tuple[DeletedMessage, ...]:
    return tuple(
        DeletedMessage(
            uid=message["uid"],
            flags=frozenset(message["flags"]),
            size_bytes=message["size"],
            sha1=message["sha1"],
        )
        for message in raw
    )


def _date(text: str) -> datetime:
    return datetime.strptime(text.strip(), _INTERNALDATE).astimezone(UTC)
