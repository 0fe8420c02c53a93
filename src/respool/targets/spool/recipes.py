"""How each version of the server wants a filled mailbox: the one table of what differs.

Source: recipe T5 as tried on 2.4.22, 3.0.18, 3.6.1, 3.10.3 and 3.13.1 (cyrus-formats 9);
seen on 3.2.6, 3.6.1 and 3.10.2 besides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from respool.model.dataclasses import dataclass

Version: TypeAlias = tuple[int, int, int]
Words: TypeAlias = tuple[str, ...]

_CHECK: Final[Words] = ("-G",)
_CONVERT: Final[Words] = ("-V", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a server from version ``since`` on wants.

    ``carries_cache``: the backup's cache records are carried over; else the cache that
    the server made (four octets up to 2.5, none from 3.0) stays as it is, and so does
    the index's generation. ``rebuilds`` are the calls of ``reconstruct`` in order.
    """

    since: Version
    carries_cache: bool
    rebuilds: tuple[Words, ...]

    @property
    def checks(self) -> tuple[Words, ...]:
        """Those of them that do more than convert."""
        return tuple(words for words in self.rebuilds if words != _CONVERT)


# Newest first. ``-V`` came with 2.5, and a call with it does nothing but convert (seen on
# 3.2.6, 3.6.1 and 3.10.2): every message is checked by a call of its own. Converting
# first leaves nothing to mend afterwards where a message has no readable Date.
RECIPES: Final = (
    Recipe(since=(3, 2, 0), carries_cache=True, rebuilds=(_CONVERT, _CHECK)),
    Recipe(since=(2, 5, 0), carries_cache=False, rebuilds=(_CHECK, _CONVERT)),
    Recipe(since=(2, 4, 0), carries_cache=False, rebuilds=(_CHECK,)),
)
OLDEST: Final[Version] = RECIPES[-1].since


def recipe_for(version: Version) -> Recipe:
    """The recipe of a server of ``version``; of one older than all, the oldest."""
    return next((each for each in RECIPES if version >= each.since), RECIPES[-1])


# Resources of quotas as later versions call them; 2.4 knows storage alone.
_RENAMED: Final = {"X-ANNOTATION-STORAGE": "ANNOTATION-STORAGE", "X-NUM-FOLDERS": "MAILBOX"}
_RENAMED_SINCE: Final[Version] = (3, 10, 0)
_MORE_THAN_STORAGE_SINCE: Final[Version] = (2, 5, 0)


def limits_of_version(limits: Mapping[str, int], version: Version) -> Iterator[tuple[str, int]]:
    """``limits`` by the names that a server of ``version`` knows; those it lacks are left out.

    Source: imap/quota_db.c, ``quota_names``; 3.10.3 as seen in its answers.
    """
    for resource, limit in limits.items():
        if version < _MORE_THAN_STORAGE_SINCE and resource != "STORAGE":
            continue
        renamed = version >= _RENAMED_SINCE
        yield (_RENAMED.get(resource, resource) if renamed else resource), limit
