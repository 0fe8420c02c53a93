"""What is appended to a mailbox, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from respool.model.dataclasses import dataclass
from respool.system.message_files import Reader


class Body(Protocol):
    """The octets of a message: how many, whether a NUL is among them, and a reader."""

    @property
    def size_bytes(self) -> int:
        """How many ``read`` gives."""

    @property
    def has_nul(self) -> bool:
        """Whether a NUL octet is among them."""

    @property
    def read(self) -> Reader:
        """Up to so many octets, none at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageToAppend:
    """One message to be appended.

    ``uid`` is what the caller calls it by, and is not sent. ``internaldate`` is in seconds
    since 1970, UTC; None: the present time. ``body`` opens its octets, a second time where
    the server refused a whole group; None there: it cannot be read, and is left out.
    """

    uid: int
    flags: tuple[str, ...]
    internaldate: int | None
    body: Callable[[], AbstractContextManager[Body | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The server took a message.

    ``target_uid`` is its UID there and ``uidvalidity`` that of the mailbox; None: not told
    (no UIDPLUS). ``guid`` is the SHA-1 of the octets that the server took, where it tells.
    ``refused_flags`` are those it did not get: no command can hold them, or the server
    does not take the message with them.
    """

    uid: int
    target_uid: int | None
    uidvalidity: int | None
    guid: str | None = None
    refused_flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The server does not take a message; ``words`` are its own, or say what it would need."""

    uid: int
    words: str


AppendResult: TypeAlias = Appended | Refused
