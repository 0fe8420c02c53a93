"""Steps that change flags of live messages, and what a plan says of them before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.model.state import UidSet
from respool.planning.step import FolderStep

GUID_DIGITS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagChange:
    """The same change of some messages of one folder.

    ``uids`` is a set of UIDs as IMAP writes it; ``guids`` has the SHA-1 of each of them in
    hex, in their order, one after the other: a message that is another one by then is left.
    """

    add: tuple[str, ...]
    remove: tuple[str, ...]
    uids: str
    guids: str

    def __post_init__(self) -> None:
        if len(self.guids) != GUID_DIGITS * UidSet.parse(self.uids).count:
            raise ValueError(f"not one GUID for each UID: {self.uids:.80}")

    def messages(self) -> Iterator[tuple[int, str]]:
        """UID and GUID of each message."""
        for at, uid in enumerate(UidSet.parse(self.uids).uids().tolist()):
            yield uid, self.guids[at * GUID_DIGITS : (at + 1) * GUID_DIGITS]

    @property
    def count(self) -> int:
        """How many messages it is about."""
        return len(self.guids) // GUID_DIGITS


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagStep(FolderStep):
    r"""A step that sets and clears flags of messages in a folder that is there.

    ``mailbox`` is its name as the administrator spells it, ``domain`` and ``parts`` the same
    from the root inwards, ``uniqueid`` the server's id, None where it is not known.
    ``login`` is who does it: the owner, or, of ``\Seen``, a reader; None: the administrator.
    No UID is in two of ``changes``.
    """

    makes_it: ClassVar[bool] = False

    domain: str | None
    parts: tuple[str, ...]
    uniqueid: str | None
    uidvalidity: int
    login: str | None
    changes: tuple[FlagChange, ...]

    @property
    def name(self) -> MailboxName:
        """The folder's name as a value."""
        return MailboxName(domain=self.domain, parts=self.parts)

    @property
    def uids(self) -> UidSet:
        """All that it is about."""
        found = UidSet()
        for change in self.changes:
            found = found.plus(UidSet.parse(change.uids))
        return found

    @property
    def count(self) -> int:
        """How many messages it is about."""
        return sum(change.count for change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFlags:
    r"""What a plan does to the flags of one live folder, in messages.

    ``changed`` is how many change, one for each reader whose mark does. ``to_set`` get a flag,
    ``to_clear`` lose one, ``already`` have what they are to have. ``gone`` are the backup's
    messages of this folder that the live account has no more. ``elsewhere`` of those that are
    changed stood in another folder in the backup. ``only_live`` have flags that the backup's
    had not, and keep them. ``by_flag`` and ``by_reader`` count (set, cleared) apart, the
    latter marks (``\Seen``) of each reader, who are in none of the other numbers but the
    first; ``readers_left`` says why one is left out.
    """

    changed: int
    to_set: int
    to_clear: int
    already: int
    gone: int
    elsewhere: int
    only_live: int
    by_flag: Mapping[str, tuple[int, ...]]
    by_reader: Mapping[str, tuple[int, ...]]
    readers_left: Mapping[str, str]
