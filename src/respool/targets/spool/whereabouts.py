"""Where a mailbox that a run made is now: under its name, another, or among the deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from respool.errors import ProgramFailed, ServerSaidNo
from respool.runs.actor import RunRecord
from respool.system.cyrus_server import CyrusServer

_DELAYED_SINCE: Final = (2, 5, 0)


class Whereabouts(StrEnum):
    """How a mailbox that a run made stands now."""

    THERE = "there"  # under its own name
    RENAMED = "renamed"  # under another name of the account
    DELETED = "deleted"  # deleted, and the server keeps a copy of it
    GONE = "gone"  # deleted for good, or given to another account


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabout:
    """Where it is; ``name`` None where it is gone."""

    whereabouts: Whereabouts
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Finds mailboxes of one account by their ids."""

    server: CyrusServer
    record: RunRecord

    def find(self, mailbox: str, uniqueid: str) -> Whereabout:
        """The mailbox that had this name and id."""
        if self._id(mailbox) == uniqueid:
            return Whereabout(whereabouts=Whereabouts.THERE, name=mailbox)
        for copy in self.deleted_copies(mailbox):
            if self._id(copy) == uniqueid:
                return Whereabout(whereabouts=Whereabouts.DELETED, name=copy)
        for name in self.all_of_account(mailbox):
            if self._id(name) == uniqueid:
                return Whereabout(whereabouts=Whereabouts.RENAMED, name=name)
        for copy in self.deleted_of_account(mailbox):  # renamed first, or deleted with its parent
            if self._id(copy) == uniqueid:
                return Whereabout(whereabouts=Whereabouts.DELETED, name=copy)
        return Whereabout(whereabouts=Whereabouts.GONE, name=None)

    @property
    def is_delayed(self) -> bool:
        """Whether the server keeps a copy of what is deleted.

        Source: imapd.conf(5), ``delete_mode``; its default changed with 2.5.
        """
        default = "delayed" if self.server.version >= _DELAYED_SINCE else "immediate"
        return self.server.configuration.text("delete_mode", default) == "delayed"

    def deleted_copies(self, mailbox: str) -> Iterator[str]:
        """Names of what was deleted under this name, each with its time as last part.

        Source: imap/mboxname.c, ``mboxname_todeleted`` @3.6.1.
        """
        local, domain = self._split(mailbox)
        return self._deleted_below(local, f"%{domain}")

    def deleted_of_account(self, mailbox: str) -> Iterator[str]:
        """Names of all that was deleted of the account that ``mailbox`` is of."""
        root, domain = self._root(mailbox)
        return self._deleted_below(root, f"*{domain}")

    def _deleted_below(self, local: str, pattern: str) -> Iterator[str]:
        prefix = self.server.configuration.text("deletedprefix", "DELETED")
        separator = self.server.separator
        head = f"{prefix}{separator}{local}{separator}"
        names = self.server.admin.names(f"{head}{pattern}")
        return (name for name in names if name.startswith(head))

    def is_below(self, name: str, mailbox: str) -> bool:
        """Whether ``name`` is that of a mailbox below ``mailbox``."""
        return name.startswith(f"{self._split(mailbox)[0]}{self.server.separator}")

    def below(self, mailbox: str) -> tuple[str, ...]:
        """Every mailbox below this one."""
        local, domain = self._split(mailbox)
        head = f"{local}{self.server.separator}"
        names = self.server.admin.names(f"{head}*{domain}")
        return tuple(name for name in names if name.startswith(head))

    def all_of_account(self, mailbox: str) -> Iterator[str]:
        """Every mailbox of the account that ``mailbox`` is of; its root may not be there."""
        root, domain = self._root(mailbox)
        yield f"{root}{domain}"
        yield from self.server.admin.names(f"{root}{self.server.separator}*{domain}")

    def _root(self, mailbox: str) -> tuple[str, str]:
        """The name of the account's root without its domain, and the domain with its mark."""
        separator = self.server.separator
        local, domain = self._split(mailbox)
        size = len(self.record.head().request.target.root.parts)
        return separator.join(local.split(separator)[:size]), domain

    def _split(self, mailbox: str) -> tuple[str, str]:
        """The name without its domain, and the domain with its mark, empty where it has none."""
        of_target = self.record.head().request.target.domain
        domain = "" if of_target is None else f"@{of_target}"
        if domain and mailbox.endswith(domain):
            return mailbox.removesuffix(domain), domain
        return mailbox, ""

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
