"""Which messages may be meant, newest first: the index proposes, whoever asked compares.

What is proposed is all that fulfils the conditions, and some more. No more is read than is
asked for.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from respool.catalogue.database import Database, Row
from respool.catalogue.messages import BUCKET
from respool.catalogue.words import (
    BODY,
    INSIDE,
    LONGEST,
    RECIPIENT,
    SENDER,
    SUBJECT,
    id_word,
    number_word,
    pieces,
)
from respool.model.conditions import Conditions
from respool.model.dataclasses import dataclass
from respool.model.folding import folded

_MOST_WORDS: Final = 1000  # of one condition: more are no help, nearly all have one of them
_AT_ONCE: Final = 64
COLUMNS: Final = (
    "message.id, message.key, guid, sent, message.octets, senders, recipients, subject,"
    " message_id, attachments, body, copied"
)
NOTHING: Final = "-"  # no message has such a word

Terms = list[str] | None  # all of which a message has; None: no word tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where is searched: the folders by their numbers; None: everywhere."""

    folders: tuple[int, ...] | None = None


def candidates(database: Database, wanted: Conditions, scope: Scope) -> Iterator[Row]:
    """Rows of COLUMNS, the newest first, each message once."""
    if wanted.guids:
        guids = [bytes.fromhex(each) for each in wanted.guids]
        marks = ", ".join("?" * len(guids))
        where = f"FROM message WHERE guid IN ({marks})"
        return _rows(database, where, guids)
    return _distinct(heapq.merge(*_sources(database, wanted, scope), key=_key, reverse=True))


def _sources(database: Database, wanted: Conditions, scope: Scope) -> Iterator[Iterator[Row]]:
    fields = _field_terms(database, wanted)
    if wanted.text is None:
        yield from _proposed(database, "words", fields, wanted, scope)
        return
    subject = _text_terms(database, "word", SUBJECT, wanted.text)
    yield from _proposed(database, "words", _joined(fields, subject), wanted, scope)
    row = database.one("SELECT 1 FROM message WHERE body IN (1, 2) LIMIT 1")
    if row is not None:
        body = _text_terms(database, "body_word", BODY, wanted.text)
        yield from _proposed(database, "body_words", body, wanted, scope, is_body=True)


def _proposed(
    database: Database,
    table: str,
    terms: Terms,
    wanted: Conditions,
    scope: Scope,
    *,
    is_body: bool = False,
) -> Iterator[Iterator[Row]]:
    """The messages with all of the terms, or without terms all in the scope."""
    lowest, highest = _bounds(wanted)
    if terms is not None and NOTHING in terms:
        return
    if terms:
        where = (
            f"FROM {table} JOIN message ON message.key = {table}.rowid WHERE {table} MATCH ?1"
            f" AND (message.key BETWEEN ?2 AND ?3 OR {_OTHERWISE})"
        )
        values: Sequence[object] = (" AND ".join(terms), lowest, highest)
        yield _rows(database, where, values, by=f"{table}.rowid")
        return
    only = "" if not is_body else " AND body IN (1, 2)"
    if scope.folders is not None:
        _set_folders(database, scope.folders)
        only += (
            " AND message.id IN (SELECT message FROM stand"
            " WHERE folder IN (SELECT number FROM temp.wanted_folder))"
        )
    elif wanted.deleted_since is not None:
        only += f" AND message.id IN ({_PERHAPS_DELETED})"
    yield _rows(database, f"FROM message WHERE key BETWEEN ?1 AND ?2{only}", (lowest, highest))
    if wanted.since is not None or wanted.before is not None:
        yield _rows(database, f"FROM message WHERE {_OTHERWISE}{only}", ())


_OTHERWISE: Final = "message.id IN (SELECT message FROM other_date)"
_PERHAPS_DELETED: Final = (
    "SELECT message FROM stand WHERE last != 0 OR changed NOT NULL"
    " UNION SELECT message FROM stand WHERE folder IN (SELECT id FROM folder"
    " WHERE name LIKE 'DELETED/%' OR (SELECT max(last) FROM folder_stand AS f"
    " WHERE f.folder = folder.id) < (SELECT max(ordinal) FROM generation))"
)


def _rows(
    database: Database, where: str, values: Sequence[object], by: str = "message.key"
) -> Iterator[Row]:
    statement = f"SELECT {COLUMNS} {where} ORDER BY {by} DESC"
    return database.each(statement, values, _AT_ONCE)


def _key(row: Row) -> int:
    key: int = row[1]
    return key


def _distinct(rows: Iterable[Row]) -> Iterator[Row]:
    return (next(same) for _, same in groupby(rows, key=_key))


def _bounds(wanted: Conditions) -> tuple[int, int]:
    """The keys that a message of these dates has, unless ``other_date`` names it."""
    since, before = wanted.since, wanted.before
    lowest = 0 if since is None else max(int(since.timestamp()), 0) * BUCKET
    highest = (1 << 62) if before is None else max(int(before.timestamp()), 0) * BUCKET
    return lowest, highest


def _set_folders(database: Database, folders: Iterable[int]) -> None:
    database.write("CREATE TEMP TABLE IF NOT EXISTS wanted_folder (number INTEGER PRIMARY KEY)")
    database.write("DELETE FROM temp.wanted_folder")
    database.write_many("INSERT INTO temp.wanted_folder VALUES (?)", ((each,) for each in folders))


def _joined(*terms: Terms) -> Terms:
    """What all of them ask for."""
    found = [each for some in terms if some is not None for each in some]
    return found or None


def _field_terms(database: Database, wanted: Conditions) -> Terms:
    terms: list[Terms] = []
    for letter, text in ((SENDER, wanted.sender), (RECIPIENT, wanted.recipient)):
        if text is not None:
            terms.append(_person_terms(database, letter, text))
    if wanted.subject is not None:
        terms.append(_text_terms(database, "word", SUBJECT, wanted.subject))
    if wanted.message_id is not None:
        terms.append([_exactly(id_word(wanted.message_id))])
    return _joined(*terms)


def _person_terms(database: Database, letter: str, text: str) -> Terms:
    rows = database.rows(
        "SELECT id FROM address WHERE instr(folded, ?) LIMIT ?", (folded(text), _MOST_WORDS + 1)
    )
    return _any_of([number_word(letter, number) for (number,) in rows])


def _text_terms(database: Database, table: str, letter: str, text: str) -> Terms:
    """Words that a text has which has ``text`` in it."""
    found: list[str] = []
    every = list(pieces(folded(text)))
    for at, (is_dense, word) in enumerate(every):
        if is_dense:
            found += _pairs(letter, word)
        elif 0 < at < len(every) - 1:
            found.append(_exactly(letter + word[:LONGEST]))
        elif at:
            found.append(f"{_exactly(letter + word[:LONGEST])} *")
        else:
            found += _words_with(database, table, letter, word) or ()
    return found or None


def _pairs(letter: str, word: str) -> list[str]:
    if len(word) == 1:
        return [f"{_exactly(letter + word)} *"]
    return [_exactly(letter + word[at : at + 2]) for at in range(len(word) - 1)]


def _words_with(database: Database, table: str, letter: str, part: str) -> Terms:
    rows = database.rows(
        f"SELECT text FROM {table} WHERE instr(text, ?) LIMIT ?",
        (part[:INSIDE], _MOST_WORDS + 1),
    )
    return _any_of([letter + word for (word,) in rows])


def _any_of(words: Sequence[str]) -> Terms:
    if len(words) > _MOST_WORDS:
        return None
    if not words:
        return [NOTHING]
    return [f"({' OR '.join(map(_exactly, words))})"]


def _exactly(word: str) -> str:
    return f'"{word}"'
