"""Which generations are those that the catalogue knows: by their dates and parts, and their mail.

To tell it of all mail costs by the number of accounts in each generation. So what was read is
known again at a glance, but for the newest, of which a copy may still go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Final

from respool.backups.generation_glances import glance_of, is_as_glanced
from respool.backups.generation_marks import mark_of
from respool.catalogue.generations import Known
from respool.model.dataclasses import dataclass
from respool.model.generations import Generation

_UNKNOWN: Final = "?"  # as a mark
_MARK: Final = re.compile(r"[0-9a-f?]+(\nagain)*")
_NEWEST: Final = 1  # looked at as a whole each time: a copy of it may still go on


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """Generations by their identities, in their order.

    ``doubtful`` are the labels of those that cannot be read as a whole now, and are taken for
    what they were; ``glances`` are those that are new, or not as they were, by identity.
    """

    generations: dict[str, Generation] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)
    glances: dict[str, str] = field(default_factory=dict)


def identified(
    generations: Iterable[Generation], known: Sequence[Known] = (), *, is_thorough: bool = True
) -> Identified:
    """Generations, oldest first, by what tells that they hold the mail that they held when read.

    Each has a mark of what it holds (`mark_of`): another disk at the same place is another
    backup. Where it cannot be read as a whole now, it is what is ``known`` under the same
    date and parts: an error of a disk says nothing of the mail. What lies there twice has two
    identities. With ``is_thorough`` no glance is trusted.
    """
    found = Identified()
    glances = {each.identity: each.glance for each in known}
    every = tuple(generations)
    for at, each in enumerate(every):
        same = _same(each, known, found.generations)
        if not is_thorough and at < len(every) - _NEWEST:
            seen = [its for its in same if its.glance and is_as_glanced(each, its.glance)]
            if seen:
                found.generations[seen[0].identity] = each
                continue
        mark = mark_of(each)
        identity = f"{_base_of(each)}\n{mark or _UNKNOWN}"
        if mark is None:
            found.doubtful.append(each.label)
            identity = same[0].identity if same else identity
        while identity in found.generations:
            identity += "\nagain"
        found.generations[identity] = each
        before = glances.get(identity)
        if mark is not None and (before is None or not is_as_glanced(each, before)):
            _add_glance(found, identity, each)
    return found


def _add_glance(found: Identified, identity: str, generation: Generation) -> None:
    glance = glance_of(generation)
    if glance is not None:
        found.glances[identity] = glance


def _base_of(generation: Generation) -> str:
    """What tells a generation from others, but for the mail in it.

    One with a date of its own keeps it when its directory gets another name (``daily.0``
    becomes ``daily.1``); another is known by where it lies, and by its newest file.
    """
    is_dated = generation.taken_at is not None and not generation.is_about
    parts = sorted(
        f"{'' if is_dated else part.place} {part.part_id} {part.server} {part.begin} {part.end}"
        for part in generation.parts
    )
    return "\n".join((str(generation.taken_at), *parts))


def _same(
    generation: Generation, known: Sequence[Known], taken: Mapping[str, Generation]
) -> list[Known]:
    """What is known under the same date and parts, of the same name first."""
    base = _base_of(generation)
    same = [
        each
        for each in known
        if each.identity not in taken
        and each.identity.startswith(f"{base}\n")
        and _MARK.fullmatch(each.identity, len(base) + 1)
    ]
    return sorted(same, key=lambda each: (each.label != generation.label, not each.is_indexed))
