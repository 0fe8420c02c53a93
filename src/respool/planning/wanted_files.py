"""Which message files of a mailbox of a backup are still to be read: UIDs, maybe a million."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import field

from respool.model.dataclasses import dataclass
from respool.planning.step import PlannedMessage


def _uids() -> array[int]:
    return array("I")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFiles:
    """UIDs of files by the partition that they lie on; more can be added."""

    in_data: array[int] = field(default_factory=_uids)
    in_archive: array[int] = field(default_factory=_uids)

    def add(self, messages: Iterable[PlannedMessage]) -> None:
        """Those of ``messages``."""
        for message in messages:
            (self.in_archive if message.is_archived else self.in_data).append(message.uid)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.in_data) + len(self.in_archive)
