"""Messages in memory, as they are handed over to be appended, and the list of what came of it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from respool.system.append_values import AppendResult, MessageToAppend
from respool.system.imap import ImapSession
from respool.system.imap_append import append_messages
from respool.system.message_files import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBody:
    """Octets in memory; ``size_bytes`` is what is said of them."""

    size_bytes: int
    has_nul: bool
    read: Reader


@contextmanager
def body_of(octets: bytes) -> Iterator[HeldBody]:
    """``octets`` as a body."""
    yield HeldBody(size_bytes=len(octets), has_nul=b"\0" in octets, read=io.BytesIO(octets).read)


def message(
    uid: int, octets: bytes, *flags: str, internaldate: int | None = 1_600_000_000
) -> MessageToAppend:
    """One message of these octets."""
    return MessageToAppend(
        uid=uid, flags=flags, internaldate=internaldate, body=partial(body_of, octets)
    )


@dataclass(slots=True)
class Told:
    """Appends, and keeps what was told, in that order."""

    results: list[AppendResult] = field(default_factory=list)

    def append(
        self, session: ImapSession, mailbox: str, messages: Sequence[MessageToAppend]
    ) -> list[AppendResult]:
        """What was told of ``messages``, also if it raises."""
        append_messages(session, mailbox, messages, self.results.append)
        return self.results
