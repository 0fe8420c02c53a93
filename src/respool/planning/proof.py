"""The steps that read back what was restored and compare it with the plan."""

from __future__ import annotations

from typing import ClassVar, Final

from respool.exports.manifest_head import ExportForm
from respool.model.dataclasses import dataclass
from respool.planning.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveMailbox(Step):
    """Read every message of the lane's mailbox back, as its owner, and compare.

    ``owner`` is None where nobody owns it. ``parts`` are its name below the owner's
    INBOX, encoded. The owner gets the right to look (``lr``), not more.
    ``is_seen_shared``: the administrator sees the same read state as everybody.
    ``may_grow``: new mail may arrive in it meanwhile.
    """

    kind: ClassVar[str] = "prove-mailbox"

    owner: str | None
    parts: tuple[str, ...]
    is_seen_shared: bool
    may_grow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveSeen(Step):
    """Look what each reader has read of the lane's mailbox, as himself, and compare.

    What he was given is what the lane's own steps say.
    """

    kind: ClassVar[str] = "prove-seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveAnnotations(Step):
    """Read the annotations of the lane's mailbox back, each as who it is for, and compare.

    What was given is what the lane's own steps say.
    """

    kind: ClassVar[str] = "prove-annotations"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveSubscriptions(Step):
    """Look what everybody who was subscribed to something is subscribed to, as himself."""

    kind: ClassVar[str] = "prove-subscriptions"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveAppended(Step):
    """Read every message that was appended to the lane's folder back, and compare.

    ``mailbox`` is the folder's name in the server's own spelling. ``may_grow``: it was there
    before, and mail of others may be in it.
    """

    kind: ClassVar[str] = "prove-appended"

    mailbox: str
    may_grow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveExport(Step):
    """Read every message of the lane's folder back from the finished export, and compare.

    The lane is the folder's place in the export at ``path``, ``folder`` what the manifest
    calls it. ``keywords`` are those with a letter in a Maildir's names. ``has_exact_times``
    is False where the file system keeps every other second.
    """

    kind: ClassVar[str] = "prove-export"

    form: ExportForm
    path: str
    folder: str
    keywords: tuple[str, ...]
    has_exact_times: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveFlags(Step):
    """Look which flags the messages of the lane's folder have, each as who it is for, and compare.

    What they are to have is what the lane's own steps say.
    """

    kind: ClassVar[str] = "prove-flags"


PROOFS: Final[tuple[type[Step], ...]] = (
    ProveAppended,
    ProveExport,
    ProveFlags,
    ProveMailbox,
    ProveSeen,
    ProveAnnotations,
    ProveSubscriptions,
)
# Those of messages, of any target; and those of flags alone.
MESSAGE_PROOFS: Final = frozenset(step.kind for step in (ProveMailbox, ProveAppended, ProveExport))
FLAG_PROOFS: Final = frozenset({ProveFlags.kind})
