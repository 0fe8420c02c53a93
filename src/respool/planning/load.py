"""How much a restore adds, as a value."""

from __future__ import annotations

from collections.abc import Iterable

from respool.model.dataclasses import dataclass
from respool.planning.plan import PlannedMailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What will be added: messages, their octets, and new mailboxes.

    ``archived`` of the messages, with ``archived_bytes``, go to the archive partition.
    """

    messages: int
    size_bytes: int
    mailboxes: int
    archived: int = 0
    archived_bytes: int = 0


def total(loads: Iterable[Load]) -> Load:
    """All of ``loads`` together."""
    every = tuple(loads)
    return Load(
        messages=sum(each.messages for each in every),
        size_bytes=sum(each.size_bytes for each in every),
        mailboxes=sum(each.mailboxes for each in every),
        archived=sum(each.archived for each in every),
        archived_bytes=sum(each.archived_bytes for each in every),
    )


def load_of(mailboxes: Iterable[PlannedMailbox]) -> Load:
    """What a plan of ``mailboxes`` adds."""
    every = tuple(mailboxes)
    return Load(
        messages=sum(each.messages for each in every),
        size_bytes=sum(each.size_bytes for each in every),
        mailboxes=sum(each.is_new for each in every),
        archived=sum(each.archived for each in every),
        archived_bytes=sum(each.archived_bytes for each in every),
    )
