"""How the live server's spool is before a restore, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from respool.targets.spool.names import NameRules


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLimit:
    """One limit of the account; storage in KiB."""

    root: str
    resource: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeRoom:
    """What a file system still takes. ``inodes`` None where it does not count them."""

    directory: str
    device: int
    size_bytes: int
    inodes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolSurvey:
    """One account on one server, looked at and not changed.

    ``existing`` are the account's mailbox names as the server spells them.
    ``owner`` is the userid that can own its folders.
    """

    server: str
    version: tuple[int, int, int]
    separator: str
    layout: str
    partition: str
    owner: str | None
    rights: Mapping[str, str]
    existing: frozenset[str]
    quotas: tuple[QuotaLimit, ...]
    data_room: FreeRoom
    meta_room: FreeRoom
    has_conversations: bool
    has_search_index: bool
    name_rules: NameRules
    obstacles: tuple[str, ...] = ()

    @property
    def facts(self) -> Mapping[str, str]:
        """What a plan keeps of the survey: if it changes, the plan does not hold."""
        rights = ", ".join(f"{who} {what}" for who, what in sorted(self.rights.items()))
        return {
            "server": self.server,
            "layout": self.layout,
            "partition": self.partition,
            "rights": rights,
            "search": "squatter" if self.has_search_index else "none",
        }
