"""The generations that a catalogue knows: numbered in the order of time, forgotten when gone.

A number is not given twice, and is no higher than that of a later generation. So what is
said of "from 16 to 48" holds for all between that were read, however many are read later.
Where there is no room for those that came between, all are numbered anew, wherever they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Final

from respool.catalogue.database import Database, Row
from respool.catalogue.renumbering import renumber
from respool.errors import CatalogueUnusable
from respool.model.dataclasses import dataclass
from respool.model.generations import Generation
from respool.model.messages import at_utc

_FIRST: Final = 4096  # two octets each in the file, and room for older ones below
_APART: Final = 16
_FAR_APART: Final = 1024  # where room was lacking once
_COLUMNS: Final = (
    "ordinal, label, identity, taken_at, is_about, state, indexed_at, problem, tried, glance"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One generation in the catalogue. ``problem`` is why it could not be read when it was last
    ``tried``; ``glance`` is what its upper directories were.
    """

    ordinal: int
    label: str
    identity: str
    taken_at: datetime | None
    is_about: bool
    state: str
    indexed_at: datetime | None
    problem: str | None
    tried: datetime | None = None
    glance: str | None = None

    @property
    def is_indexed(self) -> bool:
        """Whether all of it is in the catalogue, but for what could not be read."""
        return self.indexed_at is not None


def known_generations(database: Database) -> tuple[Known, ...]:
    """Those that the backup had when it was last looked at, oldest first."""
    rows = database.rows(f"SELECT {_COLUMNS} FROM generation WHERE NOT is_gone ORDER BY ordinal")
    return tuple(_known(row) for row in rows)


def _known(row: Row) -> Known:
    ordinal, label, identity, taken_at, is_about, state, indexed_at, problem, tried, glance = row
    return Known(
        ordinal=ordinal,
        label=label,
        identity=identity,
        taken_at=None if taken_at is None else at_utc(taken_at),
        is_about=bool(is_about),
        state=state,
        indexed_at=None if indexed_at is None else at_utc(indexed_at),
        problem=problem,
        tried=None if tried is None else at_utc(tried),
        glance=glance,
    )


def unknown(identity: str, generation: Generation) -> Known:
    """A generation that the catalogue has nothing of, not even a number."""
    return Known(
        ordinal=0,
        label=generation.label,
        identity=identity,
        taken_at=generation.taken_at,
        is_about=generation.is_about,
        state=generation.state.value,
        indexed_at=None,
        problem=None,
    )


def register(database: Database, wanted: Mapping[str, Generation]) -> tuple[str, ...]:
    """Make the catalogue know exactly these generations (as `identified`), oldest first; the
    labels of those that are gone.

    One that holds other mail by now is a new one, right after what it was. What is known of
    those that are gone stays, for others to be held against, until it is taken out by
    `respool.catalogue.forgetting`.
    """
    known = {each.identity: each for each in known_generations(database)}
    gone = [each for identity, each in known.items() if identity not in wanted]
    new = [identity for identity in wanted if identity not in known]
    renamed = _renamed(known, wanted)
    if not gone and not new and not renamed:
        return ()
    numbers = _numbers(database, wanted)
    if numbers is None:
        renumber(database, _FIRST, max(_FAR_APART, 2 * len(wanted) + 2))
        numbers = _numbers(database, wanted)
        known = {each.identity: each for each in known_generations(database)}
        gone = [each for identity, each in known.items() if identity not in wanted]
        renamed = _renamed(known, wanted)
    if numbers is None:
        raise CatalogueUnusable(
            f"the catalogue {database.file} cannot tell more generations apart",
            why="between two of them there came too many",
            hint="respool catalogue --forget removes it; it is then made anew of the backup",
        )
    with database.transaction():
        database.write_many(
            "UPDATE generation SET is_gone = 1 WHERE ordinal = ?",
            [(each.ordinal,) for each in gone],
        )
        database.write_many("UPDATE generation SET label = ? WHERE ordinal = ?", renamed)
        for identity, ordinal in zip(wanted, numbers, strict=True):
            if identity in known:
                continue
            generation = wanted[identity]
            taken = generation.taken_at
            database.write(
                "INSERT INTO generation"
                " (ordinal, label, identity, taken_at, is_about, state, is_gone)"
                " VALUES (?, ?, ?, ?, ?, ?, 0)",
                (
                    ordinal,
                    generation.label,
                    identity,
                    None if taken is None else int(taken.timestamp()),
                    generation.is_about,
                    generation.state.value,
                ),
            )
            database.write("INSERT INTO used VALUES (?)", (ordinal,))
    return tuple(each.label for each in gone)


def _renamed(
    known: Mapping[str, Known], wanted: Mapping[str, Generation]
) -> list[tuple[str, int]]:
    """The new names of generations, with their numbers."""
    return [
        (wanted[identity].label, its.ordinal)
        for identity, its in known.items()
        if identity in wanted and wanted[identity].label != its.label
    ]


def _numbers(database: Database, wanted: Iterable[str]) -> list[int] | None:
    """The numbers of generations, those that are known by their own; None: there is no room."""
    known = {each.identity: each.ordinal for each in known_generations(database)}
    used = {row[0] for row in database.rows("SELECT ordinal FROM used")}
    return numbered([known.get(each) for each in wanted], used)


def numbered(ordinals: Sequence[int | None], used: AbstractSet[int]) -> list[int] | None:
    """A number for each None that keeps the order and is not ``used``; None: there is no room.

    >>> numbered([None, 4096, None, None], {4096, 4112})
    [4080, 4096, 4128, 4144]
    >>> numbered([4096, None, 4112], {4096, 4104, 4112})
    [4096, 4103, 4112]
    """
    taken = set(used)
    found: list[int] = []
    for at, known in enumerate(ordinals):
        ordinal = known
        if ordinal is None:
            lower = found[-1] if found else None
            rest = ordinals[at:]
            still = next((to for to, each in enumerate(rest) if each is not None), None)
            upper = None if still is None else rest[still]
            ordinal = _between(lower, upper, still or 0, taken)
            if ordinal is None:
                return None
            taken.add(ordinal)
        found.append(ordinal)
    return found


def _between(
    lower: int | None, upper: int | None, still: int, taken: AbstractSet[int]
) -> int | None:
    """A number for the first of ``still`` between two neighbours."""
    if upper is None:
        return max(_FIRST - _APART, *taken, lower or 0) + _APART
    if lower is None:
        lower = max(min(upper, *taken) - _APART * (still + 1), 1)
    aim = lower + (upper - lower) // (still + 1)
    free = (each for each in range(lower + 1, upper) if each not in taken)
    return min(free, key=lambda each: (abs(each - aim), each), default=None)


def note_glances(database: Database, glances: Mapping[str, str]) -> None:
    """What the upper directories of generations are, by their identities."""
    database.write_many(
        "UPDATE generation SET glance = ? WHERE identity = ? AND NOT is_gone",
        [(glance, identity) for identity, glance in glances.items()],
    )


def note_indexed(database: Database, ordinal: int) -> None:
    """All of a generation has been read, but for accounts that could not be."""
    database.write(
        "UPDATE generation SET indexed_at = ?, problem = NULL, tried = NULL WHERE ordinal = ?",
        (int(datetime.now(UTC).timestamp()), ordinal),
    )


def note_unreadable(database: Database, ordinal: int, problem: str) -> None:
    """A generation could not be read now: which accounts it has is not known."""
    database.write(
        "UPDATE generation SET problem = ?, tried = ? WHERE ordinal = ?",
        (problem, int(datetime.now(UTC).timestamp()), ordinal),
    )


def neighbours(database: Database, ordinal: int) -> tuple[int | None, int | None]:
    """The nearest generations that were read before this one was taken, and after.

    Those that are gone count until they are forgotten.
    """
    row = database.one(
        "SELECT (SELECT max(ordinal) FROM generation WHERE indexed_at NOT NULL AND ordinal < ?1),"
        " (SELECT min(ordinal) FROM generation WHERE indexed_at NOT NULL AND ordinal > ?1)",
        (ordinal,),
    )
    below, above = row or (None, None)
    return below, above
