"""Step, the base of all steps, and the messages that steps carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

ACCOUNT_LANE = ""  # steps of the whole account: all before them first, then they alone

GROUP_MESSAGES = 500
GROUP_OCTETS = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMessage:
    """One message to be added, and how it must read back.

    ``guid`` is its SHA-1 in hex, None where the backup does not know it (then the
    copy says what it was). ``internaldate`` counts seconds since 1970, UTC.
    ``is_archived`` says on which of the backup's partitions its file lies.
    """

    is_row: ClassVar[bool] = True  # written as a list: there are millions of them

    uid: int
    guid: str | None
    internaldate: int
    size_bytes: int
    flags: tuple[str, ...]
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change, or one look; the smallest thing worth going on from.

    ``lane`` is the target mailbox (steps of one lane run in order, lanes in parallel),
    or ACCOUNT_LANE.
    """

    kind: ClassVar[str]
    can_be_undone: ClassVar[bool] = True

    lane: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStep(Step):
    """A step that adds messages, in UID order."""

    messages: tuple[PlannedMessage, ...]


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
