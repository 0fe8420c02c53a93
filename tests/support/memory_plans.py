"""Plans of restores into a target in memory, drawn from a seed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

from respool.planning.step import PlannedMessage, Step
from tests.support.memory_steps import (
    AddMessages,
    AdoptMailbox,
    CountAccount,
    MakeMailbox,
    SealMailbox,
)

GUIDS = ("aa" * 20, "bb" * 20, "cc" * 20)  # few: the same message comes in many places


def drawn_steps(
    seed: int, made: Sequence[str] = ("back", "back/sub", "other"), adopted: str = "empty"
) -> tuple[Step, ...]:
    """A plan of mailboxes to be made, and a live one to be filled; its messages by chance."""
    dice = random.Random(seed)
    lanes = (*made, adopted)
    head = [MakeMailbox(lane="", mailbox=name) for name in made]
    groups = [AddMessages(lane=lane, messages=group) for lane in lanes for group in _groups(dice)]
    dice.shuffle(groups)
    groups.sort(key=lambda step: step.messages[0].uid if step.messages else 0)
    seals = [SealMailbox(lane=lane) for lane in lanes]
    return (
        *head,
        AdoptMailbox(lane="", mailbox=adopted),
        *groups,
        *seals,
        CountAccount(lane=""),
    )


def _groups(dice: random.Random) -> list[tuple[PlannedMessage, ...]]:
    uids = itertools.accumulate(dice.randint(1, 3) for _ in itertools.count())
    return [
        tuple(_message(next(uids), dice) for _ in range(dice.randint(1, 3)))
        for _ in range(dice.randint(1, 2))
    ]


def _message(uid: int, dice: random.Random) -> PlannedMessage:
    flags = tuple(flag for flag in ("\\Seen", "\\Flagged", "$label1") if dice.random() < 0.3)
    guid = dice.choice(GUIDS)
    return PlannedMessage(uid=uid, guid=guid, internaldate=0, size_bytes=10, flags=flags)
