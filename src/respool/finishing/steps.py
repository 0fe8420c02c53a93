"""The steps that tell BlueMind of a restore, through its core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, TypeAlias

from respool.model.dataclasses import dataclass
from respool.planning.step import FolderStep, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateMailshare(FolderStep):
    """Have BlueMind make a mailshare that is gone; Cyrus's mailbox comes with it.

    ``mailbox`` is its root as the administrator writes it; the rest as `NewMailshare`.
    """

    kind: ClassVar[str] = "bluemind-create-mailshare"
    undo_rank: ClassVar[int] = 3

    domain: str
    entry: str
    name: str
    email: str | None
    data_location: str
    quota_kib: int | None
    shared: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreStep(Step):
    """A step for one entry of the directory: uids of its domain and of itself."""

    domain: str
    entry: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseDirectoryQuota(CoreStep):
    """Raise the limit that the directory has, beside Cyrus's; KiB."""

    kind: ClassVar[str] = "bluemind-raise-quota"
    undo_rank: ClassVar[int] = 2

    is_mailshare: bool
    former: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleDirectoryQuota(CoreStep):
    """Put a raised limit back, if what is used fits below the former one; as Cyrus's is."""

    kind: ClassVar[str] = "bluemind-settle-quota"

    is_mailshare: bool
    former: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRights(CoreStep):
    """Send the sharings back as they are read: BlueMind writes every folder's rights anew."""

    kind: ClassVar[str] = "bluemind-save-rights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair(CoreStep):
    """One of BlueMind's repair operations.

    Those that count or list folders are taken back by the same, once the folders are gone.
    """

    kind: ClassVar[str] = "bluemind-repair"
    undo_rank: ClassVar[int] = 4

    operation: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolidateIndex(CoreStep):
    """Bring BlueMind's search index up to the mail; taken back by the same, last of all."""

    kind: ClassVar[str] = "bluemind-consolidate-index"
    undo_rank: ClassVar[int] = 5

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook(Step):
    """Look, as the owner or a reader, whether all is there once BlueMind has done its part."""

    kind: ClassVar[str] = "bluemind-last-look"

    owner: str | None


FinishingStep: TypeAlias = (
    CreateMailshare
    | RaiseDirectoryQuota
    | SettleDirectoryQuota
    | SaveRights
    | Repair
    | ConsolidateIndex
    | LastLook
)

FINISHING_STEPS: tuple[type[Step], ...] = (
    CreateMailshare,
    RaiseDirectoryQuota,
    SettleDirectoryQuota,
    SaveRights,
    Repair,
    ConsolidateIndex,
    LastLook,
)

FINISHING_KINDS = frozenset(step.kind for step in FINISHING_STEPS)
