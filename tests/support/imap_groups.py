"""Groups of messages to append, laid out by hand: any octets, no backup around them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from respool.planning.appending import AppendMessages
from respool.planning.plan import PlanHead
from respool.planning.proof import ProveAppended
from respool.planning.source_place import SourcePlace
from respool.planning.step import PlannedMessage, Step


def message_group(
    place: Path,
    bodies: Sequence[bytes],
    *,
    mailbox: str = "INBOX",
    is_mending: bool = False,
    flags: tuple[str, ...] = (),
) -> AppendMessages:
    """A step that appends ``bodies`` to ``mailbox``; their files are below ``place``."""
    directory = place / "data"
    directory.mkdir(parents=True, exist_ok=True)
    messages = []
    for uid, octets in enumerate(bodies, start=1):
        (directory / f"{uid}.").write_bytes(octets)
        messages.append(
            PlannedMessage(
                uid=uid,
                guid=hashlib.sha1(octets, usedforsecurity=False).hexdigest(),
                internaldate=1_600_000_000 + uid,
                size_bytes=len(octets),
                flags=flags,
            )
        )
    source = SourcePlace(
        spool=PurePosixPath(place),
        partition="default",
        data=PurePosixPath("data"),
        meta=None,
        archive=None,
    )
    return AppendMessages(
        lane=mailbox,
        mailbox=mailbox,
        source=source,
        messages=tuple(messages),
        is_created=False,
        is_mending=is_mending,
    )


class OneStep:
    """The record of a run of one step."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.noted: Mapping[str, Any] = {}
        self.done: Mapping[str, Any] | None = None
        self.proof: Mapping[str, Any] | None = None

    def head(self) -> PlanHead:
        """Nobody asks for it."""
        raise NotImplementedError

    def steps_of_lane(self, lane: str) -> Any:  # noqa: ANN401 - an iterator of pairs
        """The one, if it is of that lane."""
        return iter([(0, self.step)] if lane == self.step.lane else [])

    def before(self, _number: int) -> Mapping[str, Any]:
        """What was noted before it."""
        return self.noted

    def receipt(self, _number: int) -> Mapping[str, Any] | None:
        """What it said."""
        return self.done

    def receipts_of_lane(self, lane: str) -> list[tuple[str, Mapping[str, Any]]]:
        """The same, and that of its proof, each with its kind."""
        kinds = ((self.step.kind, self.done), (ProveAppended.kind, self.proof))
        is_of = lane == self.step.lane
        return [(kind, each) for kind, each in kinds if is_of and each is not None]

    @property
    def overtaken(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()
