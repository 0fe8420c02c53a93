"""The steps of a restore into a live server's spool (recipe T5 of docs/explanation/design.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from respool.model.dataclasses import dataclass
from respool.planning.annotating import AnnotationStep
from respool.planning.source_place import SourcePlace
from respool.planning.step import FolderStep, MessageStep, SeenStep, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAccount(FolderStep):
    """Have the server create an account that is gone: its INBOX or root, empty.

    It gets exactly ``rights``, and ``limits`` by resource (storage in KiB), if any.
    """

    kind: ClassVar[str] = "spool-create-account"
    undo_rank: ClassVar[int] = 3

    partition: str
    rights: Mapping[str, str]
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseQuota(Step):
    """Raise limits of a quota root, so that new mail keeps flowing.

    ``former`` are the limits as surveyed, ``limits`` the new ones.
    """

    kind: ClassVar[str] = "spool-raise-quota"
    undo_rank: ClassVar[int] = 2

    root: str
    former: Mapping[str, int]
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateMailbox(FolderStep):
    """Have the server create a mailbox, and shut it to all but the administrator.

    ``is_seen_shared``: its readers have one read state together. ``may_be_there``: whoever
    makes its account makes it with it, empty.
    """

    kind: ClassVar[str] = "spool-create-mailbox"

    partition: str
    is_seen_shared: bool
    may_be_there: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptMailbox(FolderStep):
    """Take a live mailbox that has never held a message, to be filled in place."""

    kind: ClassVar[str] = "spool-adopt-mailbox"
    makes_it: ClassVar[bool] = False

    is_seen_shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToMailbox(FolderStep):
    """Note which live mailbox it is that messages are appended to, over IMAP."""

    kind: ClassVar[str] = "spool-add-to-mailbox"
    makes_it: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyMessages(MessageStep):
    """Copy a group of message files into the mailbox's directory.

    ``keeps_archive``: what the backup had archived goes to the target's archive.
    """

    kind: ClassVar[str] = "spool-copy-messages"

    source: SourcePlace
    keeps_archive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteIndex(Step):
    """Write index, cache and flag names for the messages that were copied."""

    kind: ClassVar[str] = "spool-write-index"

    source: SourcePlace
    keeps_archive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildMailbox(Step):
    """Let ``reconstruct`` check every message and bring the index to the server's version."""

    kind: ClassVar[str] = "spool-rebuild-mailbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSearchIndex(Step):
    """Let ``squatter`` index the mailbox, where the server searches with an index."""

    kind: ClassVar[str] = "spool-build-search-index"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairQuota(Step):
    """Let ``quota -f`` count what the account uses.

    ``mailbox`` is its root in the administrator's spelling. ``domain``, ``local`` and
    ``internal`` are what the program wants in its place, by version: the domain that is
    part of the name, and the name without it in both spellings; ``local`` None counts the
    whole domain. What is used must be at least ``added_bytes`` afterwards.
    """

    kind: ClassVar[str] = "spool-repair-quota"
    undo_rank: ClassVar[int] = 1

    mailbox: str
    domain: str | None
    local: str | None
    internal: str | None
    userid: str | None
    added_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleQuota(Step):
    """Put raised limits back, if what is used fits below the former ones.

    Else they stay raised, and the next restore or ``verify`` looks again.
    """

    kind: ClassVar[str] = "spool-settle-quota"

    root: str
    former: Mapping[str, int]
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildConversations(Step):
    """Let ``ctl_conversationsdb -b`` add the new messages to the user's conversations."""

    kind: ClassVar[str] = "spool-build-conversations"

    userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveRights(Step):
    """Give the mailbox exactly these rights: the owner sees it from now on."""

    kind: ClassVar[str] = "spool-give-rights"

    mailbox: str
    rights: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe(Step):
    """Subscribe its owner, or a reader, to the mailbox, once he may open it.

    ``mailbox`` is the administrator's name, ``domain`` and ``parts`` are the same name
    from its root inwards.
    """

    kind: ClassVar[str] = "spool-subscribe"

    userid: str
    mailbox: str
    domain: str | None
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveSeen(SeenStep):
    r"""Set ``\Seen`` as the reader, once he has his rights: it is his alone."""

    kind: ClassVar[str] = "spool-give-seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotate(AnnotationStep):
    """Write annotations of the mailbox and its messages, once everybody has his rights."""

    kind: ClassVar[str] = "spool-annotate"


SpoolStep: TypeAlias = (
    CreateAccount
    | RaiseQuota
    | CreateMailbox
    | AdoptMailbox
    | AddToMailbox
    | CopyMessages
    | WriteIndex
    | RebuildMailbox
    | BuildSearchIndex
    | RepairQuota
    | SettleQuota
    | BuildConversations
    | GiveRights
    | Subscribe
    | GiveSeen
    | Annotate
)

SPOOL_STEPS: tuple[type[Step], ...] = (
    CreateAccount,
    RaiseQuota,
    CreateMailbox,
    AdoptMailbox,
    AddToMailbox,
    CopyMessages,
    WriteIndex,
    RebuildMailbox,
    BuildSearchIndex,
    RepairQuota,
    SettleQuota,
    BuildConversations,
    GiveRights,
    Subscribe,
    GiveSeen,
    Annotate,
)
