"""The versions that the stand-in core can be, and what differs between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class CoreFamily(StrEnum):
    """Versions that answer the same calls. Of its own, so that it can contradict respool's."""

    BM3 = "3.5"
    BM4 = "4.0-4.8"
    BM49 = "4.9"
    BM5 = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreVersion:
    """A version as GET /system/installation/version tells it.

    ``software`` is what counts: 3.5 calls itself 3.1 there. ``name`` is for people.
    """

    software: str
    name: str

    @property
    def release(self) -> tuple[int, int]:
        """The first two numbers of ``software``."""
        major, minor, *_ = self.software.split(".")
        return int(major), int(minor)

    @property
    def family(self) -> CoreFamily:
        """The family that it belongs to."""
        if self.release < (4, 0):
            return CoreFamily.BM3
        if self.release < (4, 9):
            return CoreFamily.BM4
        return CoreFamily.BM49 if self.release < (5, 0) else CoreFamily.BM5

    @property
    def has_cyrus(self) -> bool:
        """Whether its mail lies in Cyrus."""
        return self.family is not CoreFamily.BM5

    @property
    def has_repair_config(self) -> bool:
        """Whether a repair takes a RepairConfig; a list of ids before. Source: the clients."""
        return self.release >= (4, 9)

    @property
    def refuses_archived(self) -> bool:
        """Whether a suspended entry is not repaired. Source: BM-15626 to BM-18830."""
        return (4, 3) <= self.release < (4, 9)


BY_FAMILY: Final[Mapping[CoreFamily, CoreVersion]] = {
    CoreFamily.BM3: CoreVersion(software="3.1.42842", name="3.5.21"),
    CoreFamily.BM4: CoreVersion(software="4.8.51120", name="4.8"),
    CoreFamily.BM49: CoreVersion(software="4.9.3884", name="4.9"),
    CoreFamily.BM5: CoreVersion(software="5.1.3268", name="5.1"),
}
BEFORE_43: Final = CoreVersion(software="4.1.55742", name="4.1")
