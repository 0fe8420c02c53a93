"""What a search in the catalogue did not see, and says so each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Final

from respool.catalogue.database import Database
from respool.catalogue.generations import Known
from respool.catalogue.unread import Unread, all_unread
from respool.model.accounts import Account
from respool.model.conditions import Conditions
from respool.model.dataclasses import dataclass
from respool.model.generations import GenerationState

_SHOWN: Final = 3  # accounts that could not be read


class Blind(StrEnum):
    """Why something was not searched."""

    OLDER = "older"  # nothing is known from before the oldest generation
    NOT_INDEXED = "generation-not-indexed"
    NOT_COMPLETE = "generation-not-complete"  # part of it was not backed up
    NOT_READ = "accounts-not-read"  # part of the backup could not be read
    NO_INDEX = "folders-without-index"  # flags and GUIDs are lost, and what was deleted
    DAMAGED = "folders-with-damage"  # header or index have lost some of what they said
    NO_FILE = "messages-without-file"  # known by their records alone
    ODD = "messages-with-impossible-figures"  # sizes or times that cannot be
    NO_HEADER = "messages-without-header"  # neither cache nor file tells of them
    BODIES = "bodies-not-indexed"
    ATTACHMENTS = "attachments-not-known"
    STUBS = "bodies-in-the-archive"  # of BlueMind 3.5: message files hold stubs


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsearched:
    """One thing that was not searched: in ``generation``, of ``count`` messages or folders."""

    what: Blind
    text: str
    generation: str | None = None
    count: int | None = None

    def as_json(self) -> dict[str, object]:
        """The shape in ``not_searched``."""
        return {
            "what": self.what.value,
            "generation": self.generation,
            "count": self.count,
            "text": self.text,
        }


def unsearched(
    database: Database,
    generations: Sequence[Known],
    wanted: Conditions | None = None,
    accounts: AbstractSet[Account] | None = None,
) -> tuple[Unsearched, ...]:
    """What a search in these generations, oldest first, does not see; None: what none sees.

    Of ``accounts``, None for everybody's: who looks at one learns nothing of the others.
    """
    unread = [
        each for each in all_unread(database) if accounts is None or each.account in accounts
    ]
    found = [*_generations(generations, unread), *_folders(database, generations)]
    if wanted is None or wanted.is_about_fields or wanted.text is not None:
        found += _messages(database)
    if wanted is None or wanted.text is not None:
        found += _bodies(database)
    if wanted is None or wanted.has_attachment:
        found += _attachments(database)
    return tuple(found)


def _generations(generations: Sequence[Known], unread: Sequence[Unread]) -> Iterator[Unsearched]:
    read = [each for each in generations if each.is_indexed]
    if read and read[0].taken_at is not None:
        taken = read[0].taken_at.astimezone()
        text = f"what was gone before {taken:%d %b %Y %H:%M}, generation {read[0].label}"
        yield Unsearched(what=Blind.OLDER, generation=read[0].label, text=text)
    for each in generations:
        if not each.is_indexed:
            why = "" if each.problem is None else f", {each.problem}"
            text = f"generation {each.label}: it is not in the catalogue{why}"
            yield Unsearched(what=Blind.NOT_INDEXED, generation=each.label, text=text)
            continue
        if each.state in {GenerationState.PARTIAL, GenerationState.AT_RISK}:
            text = (
                f"generation {each.label}: it is not complete, what it lacks may have been there"
            )
            yield Unsearched(what=Blind.NOT_COMPLETE, generation=each.label, text=text)
        problems = [] if each.problem is None else [each.problem]
        problems += [
            f"{it.account.address}: {it.why}" for it in unread if it.ordinal == each.ordinal
        ]
        if problems:
            more = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
            text = f"generation {each.label}: {'; '.join(problems[:_SHOWN])}{more}"
            yield Unsearched(what=Blind.NOT_READ, generation=each.label, text=text)


def _folders(database: Database, generations: Sequence[Known]) -> Iterator[Unsearched]:
    rows = database.rows(
        "SELECT first, last, problem NOT NULL, missing, odd, is_damaged AND problem IS NULL"
        " FROM folder_stand JOIN folder_version USING (folder, version)"
        " WHERE problem NOT NULL OR missing OR odd OR is_damaged"
    )
    for each in generations:
        here = [row for row in rows if row[0] <= each.ordinal <= row[1]]
        broken, missing, odd, damaged = (sum(row[at] for row in here) for at in (2, 3, 4, 5))
        if each.is_indexed and broken:
            text = f"generation {each.label}: {counted(broken, 'folder')} without a readable index"
            yield Unsearched(what=Blind.NO_INDEX, generation=each.label, count=broken, text=text)
        if each.is_indexed and damaged:
            text = f"generation {each.label}: what {counted(damaged, 'folder')} lost by damage"
            yield Unsearched(what=Blind.DAMAGED, generation=each.label, count=damaged, text=text)
        if each.is_indexed and missing:
            text = f"generation {each.label}: the files of {counted(missing)} are not there"
            yield Unsearched(what=Blind.NO_FILE, generation=each.label, count=missing, text=text)
        if each.is_indexed and odd:
            text = f"generation {each.label}: sizes or times of {counted(odd)} that cannot be"
            yield Unsearched(what=Blind.ODD, generation=each.label, count=odd, text=text)


# What is counted of the messages, and kept: counting takes longer than a search.
_COUNTS: Final = {
    "without-header": "count(*) FILTER (WHERE senders IS NULL)",
    "without-attachments": "count(*) FILTER (WHERE attachments IS NULL)",
    "without-body": "count(*) FILTER (WHERE body IS NULL)",
    "cut-body": "count(*) FILTER (WHERE body = 2)",
    "unreadable-body": "count(*) FILTER (WHERE body = 3)",
}


def note_counts(database: Database) -> None:
    """Count what `unsearched` tells of messages; after each change."""
    row = database.one(f"SELECT {', '.join(_COUNTS.values())} FROM message") or ()
    stubs = database.one(
        "SELECT coalesce(max(total), 0) FROM (SELECT sum(stubs) AS total FROM folder_stand"
        " JOIN folder_version USING (folder, version) GROUP BY last)"
    ) or (0,)
    values = zip((*_COUNTS, "stubs"), map(str, (*row, *stubs)), strict=True)
    database.write_many("INSERT OR REPLACE INTO fact VALUES (?, ?)", list(values))


def _count(database: Database, name: str) -> int:
    row = database.one("SELECT value FROM fact WHERE name = ?", (name,))
    return int(row[0]) if row else 0


def _messages(database: Database) -> Iterator[Unsearched]:
    if count := _count(database, "without-header"):
        text = f"senders and subjects of {counted(count)}, which nothing tells"
        yield Unsearched(what=Blind.NO_HEADER, count=count, text=text)


def _attachments(database: Database) -> Iterator[Unsearched]:
    if count := _count(database, "without-attachments"):
        text = f"whether {counted(count)} have attachments, which no cache tells"
        yield Unsearched(what=Blind.ATTACHMENTS, count=count, text=text)


def _bodies(database: Database) -> Iterator[Unsearched]:
    texts = {
        "without-body": "bodies of {}: respool catalogue --bodies takes them in",
        "cut-body": "bodies of {} behind what was taken in, which are very long",
        "unreadable-body": "bodies of {}, which could not be read",
    }
    for name, text in texts.items():
        if count := _count(database, name):
            yield Unsearched(what=Blind.BODIES, count=count, text=text.format(counted(count)))
    if count := _count(database, "stubs"):
        text = f"bodies of {counted(count)} that BlueMind archived elsewhere"
        yield Unsearched(what=Blind.STUBS, count=count, text=text)


def counted(count: int, one: str = "message") -> str:
    """How many, for people.

    >>> counted(1), counted(1200, "folder")
    ('1 message', '1,200 folders')
    """
    return f"{count:,} {one}{'' if count == 1 else 's'}"
