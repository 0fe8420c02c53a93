"""When messages were gone: by what says so itself, else by what generations lack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from respool.catalogue.entries import MessageEntry, Standing
from respool.catalogue.evidence import Evidence
from respool.catalogue.spans import Spans
from respool.model.dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletions:
    """What the generations of ``spans`` say of deletions, as far as ``evidence`` goes."""

    spans: Spans
    evidence: Evidence

    def deleted_at(self, message: MessageEntry, places: Sequence[Standing]) -> datetime | None:
        """When one account's message, in all of its ``places``, was gone at the latest.

        None: it is still somewhere that people see, or nobody knows. Generations that lack
        what may have been there say nothing of it: what stands there as deleted may have been
        moved to a folder that cannot be read.
        """
        if self._is_unknown(message, places):
            return None
        seen = together(each for each in places if each.is_seen)
        newest = seen.bit_length()
        telling = self.telling(places) >> newest << newest
        if not telling:
            return None
        last = self.spans.newest(seen).taken_at if seen else None
        exact = [_deleted_at(each) for each in places if _is_since(each, newest) & telling]
        times = [each for each in exact if each is not None and (last is None or each >= last)]
        if times:
            return min(times)
        return self.spans.oldest(telling).taken_at if seen and telling else None

    def telling(self, places: Sequence[Standing]) -> int:
        """The generations that tell by their lack that an account's message was gone."""
        return self.evidence.of_messages(places[0].folder.account)

    def _is_unknown(self, message: MessageEntry, places: Sequence[Standing]) -> bool:
        """Whether nobody knows if it went: it has no GUID, and where it last stood its record
        was damaged. It may well be there under the GUID that it had before.
        """
        if message.guid is not None:
            return False
        last = max(places, key=lambda each: each.generations.bit_length())
        newest = 1 << last.generations.bit_length() - 1
        return bool(self.evidence.damaged_in(last.folder.number) & newest)


def together(places: Iterable[Standing]) -> int:
    """The generations that have any of them."""
    found = 0
    for each in places:
        found |= each.generations
    return found


def _is_since(standing: Standing, newest: int) -> int:
    """The first generation after the ``newest``, in which a message stands there as deleted."""
    later = standing.generations >> newest << newest
    return 0 if standing.is_seen else later & -later


def _deleted_at(standing: Standing) -> datetime | None:
    """When a message got to a place where it stands as deleted; None: it does not, or unknown."""
    return standing.changed if standing.is_expunged else standing.folder.name.deleted_at
