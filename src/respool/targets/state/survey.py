"""How a live account and its server stand, as far as flags are concerned. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from respool.model.accounts import folder_path
from respool.model.dataclasses import dataclass
from respool.model.inventory import StoredMailbox
from respool.model.state import UidSet


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFolder:
    r"""One folder of a backup: its messages, and what each reader has read of them.

    ``seen_by`` has those whose ``\Seen`` is not in the index, by their logins on the server.
    """

    mailbox: StoredMailbox
    seen_by: Mapping[str, UidSet] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Its path inside the account, decoded."""
        return folder_path(self.mailbox.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFolder(StateFolder):
    r"""One folder of the live account.

    ``written`` is its name as the server's administrator spells it, ``closed_to`` why a
    reader (by login) cannot have any ``\Seen`` of his own there.
    """

    written: str
    closed_to: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSurvey:
    """The live account. ``owner`` is his login, None of a mailshare.

    ``server`` is a name and a version. ``readers`` are the logins of those whose marks may be
    changed, as far as they have an account.
    """

    server: str
    owner: str | None
    folders: tuple[LiveFolder, ...]
    readers: frozenset[str]

    @property
    def facts(self) -> Mapping[str, str]:
        """What a plan keeps of it."""
        return {"server": self.server}
