"""The step that reads a mailbox back and compares it with the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

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
    can_be_undone: ClassVar[bool] = False

    owner: str | None
    parts: tuple[str, ...]
    is_seen_shared: bool
    may_grow: bool
