"""Mail that a stand-in server keeps in memory: accounts, folders, messages."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

_NUMBERS = itertools.count(1)
SPECIAL_USES = {
    "Drafts": "\\Drafts",
    "Junk": "\\Junk",
    "Sent": "\\Sent",
    "Trash": "\\Trash",
}


@dataclass(slots=True, kw_only=True)
class KeptMessage:
    """One message, its octets as they came."""

    uid: int
    octets: bytes
    flags: set[str]
    internaldate: datetime

    @property
    def guid(self) -> str:
        """SHA-1 of the octets."""
        return hashlib.sha1(self.octets).hexdigest()


@dataclass(slots=True, kw_only=True)
class KeptFolder:
    """One folder; ``version`` rises with every change of its messages."""

    uidvalidity: int = field(default_factory=lambda: 1_700_000_000 + next(_NUMBERS))
    uidnext: int = 1
    messages: list[KeptMessage] = field(default_factory=list)
    acl: dict[str, str] = field(default_factory=dict)
    special_use: str | None = None

    def add(
        self, octets: bytes, flags: set[str], internaldate: datetime | None = None
    ) -> KeptMessage:
        """A new message at the end."""
        added = KeptMessage(
            uid=self.uidnext,
            octets=octets,
            flags=flags,
            internaldate=internaldate or datetime.now(UTC).replace(microsecond=0),
        )
        self.messages.append(added)
        self.uidnext += 1
        return added

    @property
    def size_bytes(self) -> int:
        """Octets of all messages."""
        return sum(len(each.octets) for each in self.messages)


@dataclass(slots=True, kw_only=True)
class KeptAccount:
    """One account; ``quota_octets`` None: no limit."""

    quota_octets: int | None = None
    folders: dict[str, KeptFolder] = field(default_factory=dict)
    subscribed: set[str] = field(default_factory=set)

    @property
    def size_bytes(self) -> int:
        """Octets of all messages."""
        return sum(folder.size_bytes for folder in self.folders.values())

    def below(self, name: str) -> Iterator[str]:
        """Folders below ``name``."""
        return (each for each in self.folders if each.startswith(f"{name}/"))


def new_account(quota_octets: int | None) -> KeptAccount:
    """An account with the folders that each has from the start."""
    folders = {"INBOX": KeptFolder()}
    for name, use in SPECIAL_USES.items():
        folders[name] = KeptFolder(special_use=use)
    return KeptAccount(quota_octets=quota_octets, folders=folders, subscribed=set(folders))
