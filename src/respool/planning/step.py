"""Step, the base of all steps, and the messages that steps carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, NamedTuple

from respool.model.dataclasses import dataclass
from respool.model.messages import UID_LIMIT

ACCOUNT_LANE = ""  # steps of the whole account: all before them first, then they alone

GROUP_MESSAGES = 500
GROUP_OCTETS = 64 << 20


class PlannedMessage(NamedTuple):
    """One message to be added, and how it must read back.

    ``guid`` is its SHA-1 in hex, None where the backup does not know it (then the
    copy says what it was). ``internaldate`` counts seconds since 1970, UTC.
    ``is_archived`` says on which of the backup's partitions its file lies. ``is_joined``:
    that file is a stub of BlueMind 3.5, and the message is what it stands for.

    A tuple, for millions of them are sent to other processes, which costs a quarter of what a
    dataclass does. Whoever makes one names its fields all the same.
    """

    uid: int
    guid: str | None
    internaldate: int
    size_bytes: int
    flags: tuple[str, ...]
    is_archived: bool = False
    is_joined: bool = False

    def as_row(self) -> list[Any]:
        """As a plan writes it: a list, for there are millions of them."""
        date, flags = self.internaldate, list(self.flags)
        row = [self.uid, self.guid, date, self.size_bytes, flags, self.is_archived]
        return [*row, True] if self.is_joined else row

    @classmethod
    def from_row(cls, row: Any) -> PlannedMessage:  # noqa: ANN401 - JSON enters here
        """What `as_row` wrote.

        Raises:
            ValueError: anything else.
        """
        uid, guid, internaldate, size_bytes, flags, is_archived, *rest = row
        is_right = (
            type(uid) is type(internaldate) is type(size_bytes) is int
            and (guid is None or type(guid) is str)
            and type(flags) is list
            and {str}.issuperset(map(type, flags))
            and type(is_archived) is bool
            and rest in ([], [True])
            and 0 < uid < UID_LIMIT
            and size_bytes >= 0
        )
        if not is_right:
            raise ValueError(f"no message of a plan: {row!r:.80}")
        return cls(uid, guid, internaldate, size_bytes, tuple(flags), is_archived, bool(rest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change, or one look; the smallest thing worth going on from.

    ``lane`` is the target mailbox (steps of one lane run in order, lanes in parallel),
    or ACCOUNT_LANE. Steps are taken back in the opposite order, those of a higher
    ``undo_rank`` after all others: what counts or holds all folders goes after them.
    """

    kind: ClassVar[str]
    undo_rank: ClassVar[int] = 0

    lane: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStep(Step):
    """A step that makes ``mailbox``, or takes one that is there (not ``makes_it``)."""

    makes_it: ClassVar[bool] = True

    mailbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStep(Step):
    """A step that adds messages, in UID order."""

    messages: tuple[PlannedMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenStep(Step):
    """A step that gives a reader back which messages of the lane's mailbox he has read.

    ``domain`` and ``parts`` are the mailbox's name, from its root inwards; ``reader`` is
    his login on the target, ``uids`` a set of UIDs as IMAP writes it (``1:5,9``).
    """

    domain: str | None
    parts: tuple[str, ...]
    reader: str
    uids: str


def groups(messages: Iterable[PlannedMessage]) -> Iterator[tuple[PlannedMessage, ...]]:
    """``messages`` in groups of at most 500 messages or 64 MiB, none empty, lazily."""
    group: list[PlannedMessage] = []
    octets = 0
    for message in messages:
        is_full = len(group) >= GROUP_MESSAGES or octets + message.size_bytes > GROUP_OCTETS
        if group and is_full:
            yield tuple(group)
            group, octets = [], 0
        group.append(message)
        octets += message.size_bytes
    if group:
        yield tuple(group)
