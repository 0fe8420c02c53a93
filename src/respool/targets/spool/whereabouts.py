"""Where a mailbox that a run made is now: under its name, another, or among the deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from enum import StrEnum
from typing import Final

from respool.errors import ProgramFailed, ServerSaidNo, StepFailed
from respool.model.dataclasses import dataclass
from respool.runs.actor import RunRecord
from respool.system.below import listed_below
from respool.system.cyrus_server import CyrusServer

_DELAYED_SINCE: Final = (2, 5, 0)


class Whereabouts(StrEnum):
    """How a mailbox that a run made stands now."""

    THERE = "there"  # under its own name
    RENAMED = "renamed"  # under another name, of this account or of another one
    DELETED = "deleted"  # deleted, and the server keeps a copy of it
    GONE = "gone"  # deleted for good


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabout:
    """Where it is; ``name`` None where it is gone."""

    whereabouts: Whereabouts
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Finds the mailboxes of a run by their ids: in its account first, then everywhere."""

    server: CyrusServer
    record: RunRecord
    ids: dict[str, str | None] = field(default_factory=dict)

    def find(self, mailbox: str, uniqueid: str) -> Whereabout:
        """The mailbox that had this name and id.

        Raises:
            StepFailed: one has the name, but the server does not tell its id.
        """
        now = self._id(mailbox)
        if now is None and self.server.admin.exists(mailbox):
            raise StepFailed(
                f"it cannot be told whether {mailbox} is the folder that this run made",
                why="the server does not tell its id",
                hint="the mail log may say more",
            )
        if now == uniqueid:
            return Whereabout(whereabouts=Whereabouts.THERE, name=mailbox)
        copy = self.copy_of(mailbox, uniqueid)
        if copy is not None:
            return Whereabout(whereabouts=Whereabouts.DELETED, name=copy)
        for name in self.all_of_account(mailbox):
            if self._has_id(name, uniqueid):
                return Whereabout(whereabouts=Whereabouts.RENAMED, name=name)
        for name in self._deleted_of_account(mailbox):
            if self._has_id(name, uniqueid):
                return Whereabout(whereabouts=Whereabouts.DELETED, name=name)
        # Seldom, and slow on a large server, but nothing else tells it from what is gone.
        for name in self.server.admin.names("*"):
            if self._has_id(name, uniqueid):
                return Whereabout(whereabouts=Whereabouts.RENAMED, name=name)
        return Whereabout(whereabouts=Whereabouts.GONE, name=None)

    def copy_of(self, mailbox: str, uniqueid: str) -> str | None:
        """The copy that the server keeps of what was deleted under this name with that id."""
        copies = self.deleted_copies(mailbox)
        return next((copy for copy in copies if self._id(copy) == uniqueid), None)

    @property
    def is_delayed(self) -> bool:
        """Whether the server keeps a copy of what is deleted.

        Source: imapd.conf(5), ``delete_mode``; its default changed with 2.5.
        """
        default = "delayed" if self.server.version >= _DELAYED_SINCE else "immediate"
        return self.server.configuration.text("delete_mode", default) == "delayed"

    def deleted_copies(self, mailbox: str) -> tuple[str, ...]:
        """Names of what was deleted under this name, each with its time as last part.

        Source: imap/mboxname.c, ``mboxname_todeleted`` @3.6.1.
        """
        local, domain = self._split(mailbox)
        return self._listed(f"{self._deleted_prefix}{local}", "%", domain)

    def _deleted_of_account(self, mailbox: str) -> Iterator[str]:
        """Whatever of the account was deleted since the run's plan, under any name."""
        local, domain = self._split(mailbox)
        since = int(self.record.head().made_at.timestamp())
        for name in self._listed(f"{self._deleted_prefix}{self._root(local)}", "*", domain):
            if not 0 < deleted_at(name, self.server.separator) < since:
                yield name

    @property
    def _deleted_prefix(self) -> str:
        prefix = self.server.configuration.text("deletedprefix", "DELETED")
        return f"{prefix}{self.server.separator}"

    def is_below(self, name: str, mailbox: str) -> bool:
        """Whether ``name`` is that of a mailbox below ``mailbox``."""
        return name.startswith(f"{self._split(mailbox)[0]}{self.server.separator}")

    def below(self, mailbox: str) -> tuple[str, ...]:
        """Every mailbox below this one."""
        local, domain = self._split(mailbox)
        return self._listed(local, "*", domain)

    def all_of_account(self, mailbox: str) -> Iterator[str]:
        """Every mailbox of the account that ``mailbox`` is of; its root may not be there."""
        local, domain = self._split(mailbox)
        root = self._root(local)
        yield f"{root}{domain}"
        yield from self._listed(root, "*", domain)

    def _root(self, local: str) -> str:
        separator = self.server.separator
        size = len(self.record.head().request.target.root.parts)
        return separator.join(local.split(separator)[:size])

    def _listed(self, above: str, pattern: str, domain: str) -> tuple[str, ...]:
        return listed_below(self.server, above, pattern, domain)

    def _split(self, mailbox: str) -> tuple[str, str]:
        """The name without its domain, and the domain with its mark, empty where it has none."""
        of_target = self.record.head().request.target.domain
        domain = "" if of_target is None else f"@{of_target}"
        if domain and mailbox.endswith(domain):
            return mailbox.removesuffix(domain), domain
        return mailbox, ""

    def _has_id(self, mailbox: str, uniqueid: str) -> bool:
        """Whether it has that id; of others the answer is kept: each is looked at once."""
        if mailbox not in self.ids or self.ids[mailbox] == uniqueid:
            self.ids[mailbox] = self._id(mailbox)
        return self.ids[mailbox] == uniqueid

    def _id(self, mailbox: str) -> str | None:
        try:
            return self.server.uniqueid(mailbox)
        except (ProgramFailed, ServerSaidNo):
            return None


def deleted_at(copy: str, separator: str) -> int:
    """When a copy was deleted, in seconds since 1970, by the last part of its name.

    >>> deleted_at("DELETED/user/jdoe/Old/673C4583@b.loc", "/")
    1732003203
    """
    last = copy.rpartition(separator)[2].partition("@")[0]
    try:
        return int(last, 16)
    except ValueError:
        return 0
