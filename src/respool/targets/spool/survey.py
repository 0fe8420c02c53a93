"""How the live server's spool is before a restore, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.names import MailboxName
from respool.model.rooms import FreeRoom
from respool.planning.forecast import QuotaLimit
from respool.targets.spool.names import NameRules


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFolder:
    """A live mailbox that may be filled in place, or added to.

    ``limits`` are those of its quota root, where that is not the account's. ``called`` is its
    name as whoever appends to it spells it, and ``may`` what he is allowed there; None where
    he cannot name it, and of a mailbox that has never held a message. ``obstacle`` is why
    nothing must be added to it.
    """

    acl: Mapping[str, str]
    limits: tuple[QuotaLimit, ...] = ()
    is_seen_shared: bool = False
    called: str | None = None
    may: str = ""
    obstacle: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolSurvey:
    """One account on one server, looked at and not changed.

    ``root_id`` is the unique id of its INBOX or root, None where the server tells none.
    ``existing`` are the account's mailbox names as the server spells them; those of them
    that have held a message are ``used``. ``live`` is what has to be known of them to fill
    them in place, and empty where nobody asked for that.
    ``owner`` is the userid that can own its folders. ``admins`` are the server's
    administrators. ``is_absent``: the server does not have the account; all else is then
    as it will be once it was created. ``archive_room`` is None where the partition has no
    archive; ``databases_room`` is of the server's configuration directory, ``search_room``
    None where it keeps no search index, ``state_room`` of our own state directory.
    ``leftovers`` are names whose directories hold something though no mailbox owns them.
    """

    server: str
    version: tuple[int, int, int]
    separator: str
    layout: str
    partition: str
    owner: str | None
    admins: tuple[str, ...]
    rights: Mapping[str, str]
    existing: frozenset[str]
    used: frozenset[str]
    quotas: tuple[QuotaLimit, ...]
    data_room: FreeRoom
    meta_room: FreeRoom
    archive_room: FreeRoom | None
    has_conversations: bool
    has_search_index: bool
    is_seen_shared: bool
    name_rules: NameRules
    root_id: str | None = None
    live: Mapping[str, LiveFolder] = field(default_factory=dict)
    is_absent: bool = False
    databases_room: FreeRoom | None = None
    search_room: FreeRoom | None = None
    state_room: FreeRoom | None = None
    leftovers: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()
    obstacles: tuple[str, ...] = ()

    def live_acl(self, name: MailboxName) -> Mapping[str, str]:
        """Who may do what in the live mailbox ``name``; nobody where it was not looked at."""
        found = self.live.get(self.name_rules.written(name))
        return {} if found is None else found.acl

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
            "seen": "shared" if self.is_seen_shared else "by reader",
            "archive": "none" if self.archive_room is None else self.archive_room.directory,
            "account": "gone" if self.is_absent else "there",
            "account id": self.root_id or "none",
        }
