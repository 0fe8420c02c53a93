"""Families of BlueMind versions: what differs between them in how a core is spoken to."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

_REPAIR_CONFIG_SINCE: Final = (4, 9)


class Family(StrEnum):
    """Versions that offer the same calls, and want the same to be done after a restore.

    Source: BlueMind's published clients 3.1.42842, 4.9.3884 and 5.7.3268, and its source
    between 2019 and 2024 for what those do not show.
    """

    BM3 = "3.5"
    BM4 = "4.0-4.8"
    BM49 = "4.9"
    BM5 = "5"

    @property
    def has_cyrus(self) -> bool:
        """Whether its mail lies in Cyrus; BlueMind 5 has none."""
        return self is not Family.BM5

    @property
    def has_repairs(self) -> bool:
        """Whether a core names its repair operations, and takes some of them by name."""
        return self is not Family.BM3

    @property
    def has_repair_config(self) -> bool:
        """Whether a repair is asked for by a RepairConfig, and no longer by a bare list."""
        return self in {Family.BM49, Family.BM5}


def family_of(version: str) -> Family | None:
    """The family of ``softwareVersion`` as a core tells it; None for one that is not known.

    >>> family_of("3.1.42842"), family_of("4.8.2"), family_of("4.9.3884"), family_of("5.1.7")
    (<Family.BM3: '3.5'>, <Family.BM4: '4.0-4.8'>, <Family.BM49: '4.9'>, <Family.BM5: '5'>)
    >>> family_of("2.0.1") is family_of("6.0") is family_of("HEAD") is None
    True
    """
    numbers = version.strip().split(".")[:2]
    if not all(each.isascii() and each.isdigit() for each in numbers) or not numbers:
        return None
    major, minor = int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0
    match major:
        case 3:
            return Family.BM3
        case 4:
            return Family.BM49 if (major, minor) >= _REPAIR_CONFIG_SINCE else Family.BM4
        case 5:
            return Family.BM5
        case _:
            return None
