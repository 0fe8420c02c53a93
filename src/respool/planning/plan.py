"""A plan: what will be done, as data that a person can read and a file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.planning.finishing import Finishing
from respool.planning.flag_step import PlannedFlags
from respool.planning.request import RestoreRequest

PLAN_VERSION = 3
FOLDER_RESOURCES = ("X-NUM-FOLDERS", "MAILBOX")  # up to 3.8, and since


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMailbox:
    """One mailbox of a plan, with its counts.

    ``source_name`` and ``target_name`` are administrator's names, encoded;
    ``source_path`` and ``target_path`` are decoded paths inside the account.
    ``source_name`` is None for a folder that is made only to hold others. ``is_new`` is
    False for a live folder that is filled in place, or, where ``is_appended``, added to over
    IMAP because it holds mail or has held some. ``left_out`` are messages deleted by
    the user, ``brought_back`` those of them that were asked for, ``lost`` those whose file
    the backup lacks or has damaged. ``archived`` go to the archive partition.
    ``stubs`` are messages that BlueMind 3.5 had archived: ``joined`` come back whole, of
    ``damaged_stubs`` the archived octets cannot be read, of the others there are none.
    ``is_seen_kept``: what was read is read again; else all comes back unread.
    ``is_seen_shared``: the readers of a mailshare have one read state together.
    ``is_without_metadata``: flags and dates are not the index's. ``rights`` are what a
    new folder gets at the end; ``narrower_for`` names who gets less there than in the
    target's INBOX, because the folder was narrower in the backup. ``seen_by`` counts the
    marks that each reader gets back, by the login that he has on the target; ``seen_left``
    says why one gets none. ``is_owner_a_reader``: of a mailshare that goes to a user, what
    he himself had read there is read again. ``annotations`` and ``message_annotations`` count
    what is written beside the mailbox and beside its messages, special use apart;
    ``annotations_left`` says of an entry why it stays away. ``subscribers`` are who will be
    subscribed to it. ``flags`` are those of messages that are there; where they alone are
    put back, ``messages`` counts these. ``still_there`` are not restored because the live
    account has them.
    ``kept`` are read from the live server, which keeps them though nobody sees them, and may
    remove the first of them at ``kept_until`` (seconds since 1970; None: not known).
    """

    source_name: str | None
    source_path: str | None
    target_name: str
    target_path: str
    is_new: bool
    messages: int
    unseen: int
    size_bytes: int
    left_out: int
    brought_back: int
    lost: int
    archived: int
    archived_bytes: int
    stubs: int
    damaged_stubs: int
    joined: int
    is_seen_kept: bool
    is_seen_shared: bool
    is_without_metadata: bool
    rights: Mapping[str, str]
    narrower_for: tuple[str, ...]
    seen_by: Mapping[str, int]
    seen_left: Mapping[str, str]
    is_owner_a_reader: bool
    annotations: int
    message_annotations: int
    special_use: tuple[str, ...]
    annotations_left: Mapping[str, str]
    subscribers: tuple[str, ...]
    flags: PlannedFlags | None = None
    is_appended: bool = False
    still_there: int = 0
    kept: int = 0
    kept_until: int | None = None

    @property
    def is_proven(self) -> bool:
        """Whether a run reads it back: not what only holds others, nor a live folder that
        gets nothing.
        """
        return self.source_path is not None and (self.is_new or self.messages > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHead:
    """All of a plan but its steps.

    ``facts`` are those of the survey that matter, as text, for people and for a later
    look. ``source_id`` is the unique id of the account's root in the backup, None where
    it is not known. ``skipped`` are folders that were left out, with the reason.
    ``is_older`` says that newer generations lack what was asked for. ``where`` is the address
    of a target other than this server's spool, without any secret. ``live_has`` is how
    many of the messages the backup's own account still has in live mail; None: not looked.
    ``looked_at`` is how many
    messages those of a selective request were picked of, None where all are taken.
    """

    version: int
    software: str
    made_at: datetime
    request: RestoreRequest
    generation_label: str
    taken_at: datetime | None
    is_about: bool
    is_older: bool
    source: str
    source_id: str | None
    target_kind: str
    target: str
    into: str
    into_encoded: str
    owner: str | None
    mailboxes: tuple[PlannedMailbox, ...]
    quota: tuple[QuotaForecast, ...]
    facts: Mapping[str, str]
    skipped: Mapping[str, str]
    findings: tuple[Finding, ...]
    where: str | None = None
    live_has: int | None = None
    looked_at: int | None = None
    finishing: Finishing | None = None

    @property
    def messages(self) -> int:
        """How many messages will be added."""
        return sum(mailbox.messages for mailbox in self.mailboxes)

    @property
    def still_there(self) -> int:
        """How many are not restored because the live account has them."""
        return sum(mailbox.still_there for mailbox in self.mailboxes)

    @property
    def kept(self) -> int:
        """How many are read from the live server itself."""
        return sum(mailbox.kept for mailbox in self.mailboxes)

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to do: no message to be added, no folder, no flag."""
        is_making = any(mailbox.is_new for mailbox in self.mailboxes)
        is_of_what_is_there = self.request.is_in_place or self.request.state_only is not None
        return is_of_what_is_there and not (self.messages or is_making or self.merged)

    @property
    def merged(self) -> int:
        """How many messages that are there get newer flags, besides the mail that is added."""
        if self.request.state_only is not None:
            return 0
        return sum(each.flags.changed for each in self.mailboxes if each.flags is not None)

    @property
    def stubs(self) -> int:
        """How many of them are stubs of mail that BlueMind 3.5 had archived."""
        return sum(mailbox.stubs for mailbox in self.mailboxes)

    @property
    def joined(self) -> int:
        """How many of those come back as the messages that they stand for."""
        return sum(mailbox.joined for mailbox in self.mailboxes)

    @property
    def size_bytes(self) -> int:
        """How many octets of mail will be added."""
        return sum(mailbox.size_bytes for mailbox in self.mailboxes)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaForecast:
    """One limit of the target before and after; storage in KiB. ``limit`` None: no limit.

    ``raised_to`` is the limit that the restore sets, None where it leaves it.
    """

    root: str
    resource: str
    used: int
    after: int
    limit: int | None
    raised_to: int | None = None

    @property
    def is_full(self) -> bool:
        """Whether no new mail would be taken any more; a limit on folders may be reached."""
        limit = self.limit if self.raised_to is None else self.raised_to
        if limit is None:
            return False
        return self.after > limit if self.resource in FOLDER_RESOURCES else self.after >= limit


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTail:
    """The last line of a plan: by it a cut or altered plan is known."""

    steps: int
    messages: int
    digest: str
