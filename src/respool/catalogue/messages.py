"""What each message is: written once, however many folders and generations have it.

Messages are collected and written together: their words go into the index in the order of
their keys, which is far cheaper than one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import count
from typing import Final

from respool.catalogue.database import Database
from respool.catalogue.words import (
    RECIPIENT,
    SENDER,
    SUBJECT,
    id_word,
    number_word,
    words_of,
)
from respool.cyrus.cached_envelope import CachedAddress, CachedEnvelope
from respool.cyrus.message_headers import (
    AddressField,
    HeaderFields,
    cached_person,
    cached_simple_fields,
)
from respool.model.dataclasses import dataclass
from respool.model.folding import folded

GUID_SIZE: Final = 20  # octets; one more where the GUID is made up by us
MOST_ADDRESSES: Final = 500  # of one field of one message: more are not searched
_LONGEST_SUBJECT: Final = 2000  # characters, likewise
_LONGEST_ID: Final = 500
_LATEST: Final = 1 << 40  # seconds: no date later than this is believed
BUCKET: Final = 1 << 12  # keys for each second
_MOST_CACHED: Final = 100_000
_ASKED_AT_ONCE: Final = 500


Fields = CachedEnvelope | HeaderFields  # as the cache has them, or as they were read
Person = CachedAddress | AddressField


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message that the catalogue does not have; ``fields`` None: nothing is known of it.

    ``is_unread``: its file is there, and could not be read.
    """

    guid: bytes
    date: int
    octets: int
    fields: Fields | None
    has_attachment: bool | None
    is_unread: bool = False


def person_text(person: AddressField) -> str:
    """One person as conditions compare it: ``Name <address>``."""
    return f"{person.name or ''} <{person.address or ''}>"


class MessageWriter:
    """Writes messages that are new; for one connection, inside its transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._addresses: dict[tuple[str | bytes | None, ...], int] = {}
        self._waiting: dict[bytes, int] = {}  # written in this transaction, without words yet
        self._words: list[tuple[int, str]] = []
        self._vocabulary: set[str] = set()

    @property
    def waiting(self) -> int:
        """How many messages wait for `finish`."""
        return len(self._words)

    def known(self, guids: Sequence[bytes]) -> tuple[dict[bytes, tuple[int, int]], set[bytes]]:
        """The number and the key of each of ``guids`` that the catalogue has; of which of them
        it knows no more than that.
        """
        found: dict[bytes, tuple[int, int]] = {}
        bare: set[bytes] = set()
        for at in range(0, len(guids), _ASKED_AT_ONCE):
            asked = guids[at : at + _ASKED_AT_ONCE]
            marks = ", ".join("?" * len(asked))
            rows = self._database.rows(
                f"SELECT guid, id, key, senders IS NULL FROM message WHERE guid IN ({marks})",
                asked,
            )
            found.update((guid, (number, key)) for guid, number, key, _ in rows)
            bare.update(guid for guid, _, _, is_bare in rows if is_bare)
        return found, bare

    def add(self, messages: Sequence[NewMessage]) -> dict[bytes, tuple[int, int]]:
        """Write new messages, each GUID once; the number and the key of each."""
        ordered = sorted(messages, key=lambda each: each.date)
        keys = self._keys(ordered)
        row = self._database.one("SELECT coalesce(max(id), 0) FROM message")
        first = (row[0] if row else 0) + 1
        rows = [
            self._row(number, key, each)
            for number, (key, each) in enumerate(zip(keys, ordered, strict=True), first)
        ]
        self._database.write_many(
            "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)", rows
        )
        return {
            each.guid: (number, key)
            for number, (key, each) in enumerate(zip(keys, ordered, strict=True), first)
        }

    def describe(self, number: int, key: int, message: NewMessage) -> None:
        """Say of one that nothing was known of what it is: its file was found elsewhere."""
        if message.fields is None:
            return
        *_, sent, _, senders, recipients, subject, message_id, attachments, copied = self._row(
            number, key, message
        )
        self._database.write(
            "UPDATE message SET sent = ?, senders = ?, recipients = ?, subject = ?,"
            " message_id = ?, attachments = coalesce(attachments, ?), copied = ? WHERE id = ?",
            (sent, senders, recipients, subject, message_id, attachments, copied, number),
        )

    def note_dates(self, stood: Iterable[tuple[int, int, int]]) -> None:
        """Note which messages have another date than their key says: number, key, date."""
        odd = {(number,) for number, key, date in stood if key // BUCKET != date}
        self._database.write_many("INSERT OR IGNORE INTO other_date VALUES (?)", odd)

    def finish(self) -> None:
        """Write the words of all messages that were added since; before a commit."""
        self._database.write_many(
            "INSERT OR IGNORE INTO word VALUES (?)",
            ((each,) for each in sorted(self._vocabulary)),
        )
        self._words.sort()
        self._database.write_many("INSERT INTO words (rowid, text) VALUES (?, ?)", self._words)
        self._words.clear()
        self._vocabulary.clear()
        if len(self._addresses) > _MOST_CACHED:
            self._addresses.clear()

    def forget_unwritten(self) -> None:
        """After a transaction that was given up: nothing of it is there."""
        self._words.clear()
        self._vocabulary.clear()
        self._addresses.clear()

    def _row(self, number: int, key: int, message: NewMessage) -> tuple[object, ...]:
        fields = message.fields
        if fields is None:
            return (number, key, message.guid, None, message.octets, *(None,) * 6)
        senders = self._numbers(fields.from_addresses)
        recipients = self._numbers(fields.to_addresses)
        copied = self._numbers(fields.cc_addresses)
        subject, date, message_id = _simple_fields(fields)
        words = [number_word(SENDER, each) for each in senders]
        words += [number_word(RECIPIENT, each) for each in {*recipients, *copied}]
        if message_id:
            words.append(id_word(message_id))
        if subject:
            plain, pairs = words_of(subject)
            self._vocabulary |= plain
            words += [SUBJECT + each for each in plain]
            words += [SUBJECT + each for each in pairs]
        self._words.append((key, " ".join(words)))
        attachments = message.has_attachment
        return (
            number,
            key,
            message.guid,
            date,
            message.octets,
            _as_column(senders),
            _as_column(recipients),
            _storable(subject),
            _storable(message_id),
            None if attachments is None else int(attachments),
            _as_column(copied) if copied else None,
        )

    def _numbers(self, people: Sequence[Person]) -> list[int]:
        return list(dict.fromkeys(map(self._number, people[:MOST_ADDRESSES])))

    def _number(self, person: Person) -> int:
        """By what stands there, mostly undecoded: the same people write again and again."""
        key = (
            (person.name, person.local_part, person.host)
            if isinstance(person, CachedAddress)
            else (person.name, person.address)
        )
        number = self._addresses.get(key)
        if number is None:
            decoded = cached_person(person) if isinstance(person, CachedAddress) else person
            pair = (_storable(decoded.name) or "", _storable(decoded.address) or "")
            row = self._database.one("SELECT id FROM address WHERE (name, address) = (?, ?)", pair)
            number = self._new_number(decoded, pair) if row is None else int(row[0])
            self._addresses[key] = number
        return number

    def _new_number(self, person: AddressField, pair: tuple[str, str]) -> int:
        text = _storable(folded(person_text(person)))
        return self._database.write(
            "INSERT INTO address (name, address, folded) VALUES (?, ?, ?)",
            (*pair, text),
        )

    def _keys(self, messages: Sequence[NewMessage]) -> list[int]:
        """A free key for each: of the second that it was received in, and of its GUID.

        Where that one is taken, as where thousands came in one second, one soon after.
        """
        wanted = [
            min(max(each.date, 0), _LATEST) * BUCKET + int.from_bytes(each.guid[:2]) % BUCKET
            for each in messages
        ]
        taken = self._taken(wanted)
        spare: dict[int, Iterator[int]] = {}
        keys: list[int] = []
        for key in wanted:
            free = key
            if key in taken:
                second = key // BUCKET
                if second not in spare:
                    spare[second] = self._free(second, taken)
                free = next(spare[second])
            taken.add(free)
            keys.append(free)
        return keys

    def _taken(self, keys: Sequence[int]) -> set[int]:
        """Those of ``keys`` that a message has, or had."""
        marks = ", ".join("?" * len(keys))
        rows = self._database.rows(
            f"SELECT key FROM message WHERE key IN ({marks})"
            f" UNION ALL SELECT key FROM buried WHERE key IN ({marks})",
            (*keys, *keys),
        )
        return {key for (key,) in rows}

    def _free(self, second: int, taken: AbstractSet[int]) -> Iterator[int]:
        """Free keys from this second on, as long as they are not among ``taken``."""
        for start in count(second * BUCKET, BUCKET):
            rows = self._database.rows(
                "SELECT key FROM message WHERE key BETWEEN ?1 AND ?2"
                " UNION ALL SELECT key FROM buried WHERE key BETWEEN ?1 AND ?2",
                (start, start + BUCKET - 1),
            )
            used = {key for (key,) in rows}
            for key in range(start, start + BUCKET):
                if key not in used and key not in taken:
                    yield key


def _simple_fields(fields: Fields) -> tuple[str | None, int | None, str | None]:
    """Subject, date in seconds, and Message-ID."""
    if isinstance(fields, CachedEnvelope):
        subject, date, message_id = cached_simple_fields(fields)
    else:
        subject, date, message_id = fields.subject, fields.date, fields.message_id
    return (
        None if subject is None else subject[:_LONGEST_SUBJECT],
        None if date is None else int(date.timestamp()),
        None if message_id is None else message_id[:_LONGEST_ID],
    )


def _as_column(numbers: Sequence[int]) -> int | str:
    return numbers[0] if len(numbers) == 1 else " ".join(map(str, numbers))


def numbers_in(column: object) -> tuple[int, ...]:
    """The numbers of addresses that a column of ``message`` has."""
    if column is None:
        return ()
    return (column,) if isinstance(column, int) else tuple(map(int, str(column).split()))


def _storable(text: str | None) -> str | None:
    """``text`` without what UTF-8 cannot say: half characters of broken mail."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")
