"""The steps of a restore into an IMAP server, as its user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from respool.model.dataclasses import dataclass
from respool.planning.annotating import PlannedAnnotation
from respool.planning.appending import AppendMessages
from respool.planning.step import FolderStep, SeenStep, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateFolder(FolderStep):
    r"""Create a folder, not subscribed to.

    ``mailbox`` is what it will be called, ``made_as`` what it is called until all is there;
    both in the server's spelling. ``use`` is what it is for (``\Sent``), None: nothing.
    ``allowed`` is the most that others may do there, by their names on the server, whatever
    the folder above it gives them; None: what that gives. ``is_own``: it is the user's own,
    not a mailshare's.
    """

    kind: ClassVar[str] = "imap-create-folder"

    made_as: str
    use: str | None
    allowed: Mapping[str, str] | None = None
    is_own: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTree(Step):
    """Give the new folders their names, now that all is there: one RENAME of the first.

    ``made_as`` and ``mailboxes`` are names before and after, outermost first.
    """

    kind: ClassVar[str] = "imap-show-tree"

    made_as: tuple[str, ...]
    mailboxes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAcl(Step):
    """Give others what they had in the folder, by the names that they have here."""

    kind: ClassVar[str] = "imap-set-acl"

    mailbox: str
    rights: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAnnotations(Step):
    """Write annotations of the folder and its messages, and read them back.

    ``is_shared``: everybody sees them; else they are the user's own.
    """

    kind: ClassVar[str] = "imap-set-annotations"

    mailbox: str
    is_shared: bool
    annotations: tuple[PlannedAnnotation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSubscription(Step):
    """Subscribe the user to the folder."""

    kind: ClassVar[str] = "imap-set-subscription"

    mailbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveReaderSeen(SeenStep):
    r"""Set ``\Seen`` as the reader, through the administrator; ``mailbox`` is as the user says."""

    kind: ClassVar[str] = "imap-give-seen"

    mailbox: str


ImapStep: TypeAlias = (
    CreateFolder
    | AppendMessages
    | ShowTree
    | SetAcl
    | SetAnnotations
    | SetSubscription
    | GiveReaderSeen
)

IMAP_STEPS: tuple[type[Step], ...] = (
    CreateFolder,
    ShowTree,
    SetAcl,
    SetAnnotations,
    SetSubscription,
    GiveReaderSeen,
)
