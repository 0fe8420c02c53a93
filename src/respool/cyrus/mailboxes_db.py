r"""``mailboxes.db`` as a file: its records by name and by uniqueid, in any version's form.

Up to 2.4 the key is the internal name and the value a text. From 2.5 to 3.4 the value is a
dlist. From 3.6 on keys are ``N<name>`` and ``I<uniqueid>``, parts of a name parted by 0x1F, the
domain closed by 0x1D; other keys hold what is derived from these.

Source: imap/mboxlist.c, ``mboxlist_parse_entry`` and ``mboxlist_entry_cstring``; seen on
2.4.20 to 3.10.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Final

from respool.cyrus.mailbox_records import (
    BY_ID,
    MailboxRecord,
    id_key,
    key_text,
    name_of_dbname,
    name_of_internal,
    name_of_key,
    parse_id_value,
    parse_plain_record,
    parse_record,
    record_key,
)
from respool.errors import FormatError
from respool.model.names import MailboxName

MAILBOXES_FILE: Final = "mailboxes.db"
_ID, _NAME = b"I", b"N"
_STARTS_BY_ID: Final = frozenset(b"NIAR$\x1f")  # A, R: rights the other way round; $: to be done
_STARTS_OF_NO_NAME: Final = frozenset(b"$\x1f")
_DLIST: Final = b"%"
_ELSEWHERE: Final = frozenset("rm")  # remote, moving
_HISTORY: Final = b" H (%"


class MailboxTable(Mapping[MailboxName, MailboxRecord]):
    """The mailboxes of a ``mailboxes.db``; each record is parsed whenever it is looked at.

    What is no mailbox is not among them, nor is a record that cannot be parsed.
    """

    def __init__(self, entries: Iterable[tuple[bytes, bytes]] | dict[bytes, bytes] = ()) -> None:
        """Of the keys and values of the database, which are kept as they are."""
        everything = entries if isinstance(entries, dict) else dict(entries)
        self.is_by_id = _is_by_id(everything)
        self._ids: dict[bytes, bytes] = {}
        if self.is_by_id:
            self._ids = {key: value for key, value in everything.items() if key[:1] == _ID}
            self._names = {key: value for key, value in everything.items() if key[:1] == _NAME}
        else:
            self._names = {
                key: value
                for key, value in everything.items()
                if key and key[0] not in _STARTS_OF_NO_NAME
            }

    def __iter__(self) -> Iterator[MailboxName]:
        return (record.name for record in self.records())

    def __len__(self) -> int:
        return sum(1 for _ in self.records())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, MailboxName) and self._mailbox(self._key(name)) is not None

    def __getitem__(self, name: MailboxName) -> MailboxRecord:
        record = self._mailbox(self._key(name))
        if record is None:
            raise KeyError(name)
        return record

    def records(self) -> Iterator[MailboxRecord]:
        """All mailboxes in the order of the database: faster than looking each up."""
        for key in self._names:
            record = self._mailbox(key)
            if record is not None:
                yield record

    def records_below(self, above: MailboxName) -> Iterator[MailboxRecord]:
        """``above`` and all mailboxes below it, in the order of the database.

        Only what may be one is parsed: a server has a hundred thousand others.
        """
        start = self._key(above)
        for key in self._names:
            if key.startswith(start):
                record = self._mailbox(key)
                if record is not None and (record.name == above or record.name.is_below(above)):
                    yield record

    def damaged_below(self, above: MailboxName) -> Iterator[tuple[str, MailboxName | None]]:
        """The keys of ``above``, and of what may lie below it, whose records are damaged, each
        with the mailbox that it names; None where it is no name either.
        """
        start = self._key(above)
        for octets in self._names:
            if octets.startswith(start) and self._record(octets) is None:
                key = key_text(octets)
                try:
                    yield key, name_of_key(key, BY_ID if self.is_by_id else (0, 0, 0))
                except FormatError:
                    yield key, None

    def elsewhere_below(self, above: MailboxName) -> Iterator[MailboxRecord]:
        """``above``, and what lies below it, that another server has, or is about to have."""
        start = self._key(above)
        for key in self._names:
            if key.startswith(start):
                record = self._record(key)
                if record is not None and _ELSEWHERE.intersection(record.kind):
                    yield record

    @property
    def damaged(self) -> tuple[str, ...]:
        """The keys of records that cannot be parsed. Parses all of them."""
        return tuple(key_text(key) for key in self._names if self._record(key) is None)

    def name_of_id(self, uniqueid: str) -> MailboxName | None:
        """The mailbox with a uniqueid; None for none. Several may share one up to 3.4."""
        if not self.is_by_id:
            return self._by_id.get(uniqueid)
        value = self._ids.get(_octets(id_key(uniqueid)))
        try:
            return None if value is None else parse_id_value(key_text(value))[0]
        except FormatError:
            return None

    @cached_property
    def _by_id(self) -> dict[str, MailboxName]:
        return {each.uniqueid: each.name for each in self.records() if each.uniqueid is not None}

    def _key(self, name: MailboxName) -> bytes:
        return _octets(record_key(name, BY_ID) if self.is_by_id else name.internal)

    def _mailbox(self, key: bytes) -> MailboxRecord | None:
        record = self._record(key)
        return record if record is not None and record.is_mailbox else None

    def _record(self, key: bytes) -> MailboxRecord | None:
        """The record of a key, a mailbox or not; None if there is none that can be parsed."""
        value = self._names.get(key)
        if value is None:
            return None
        try:
            if self.is_by_id:
                name = name_of_dbname(key_text(key[1:]))
                record = parse_record(name, key_text(value), is_by_id=True)
                former = self._former_names(record.uniqueid)
                return replace(record, former_names=former) if former else record
            name = name_of_internal(key_text(key))
            if value.startswith(_DLIST):
                return parse_record(name, key_text(value), is_by_id=False)
            return parse_plain_record(name, key_text(value))
        except FormatError:
            return None

    def _former_names(self, uniqueid: str | None) -> tuple[MailboxName, ...]:
        value = self._ids.get(_octets(id_key(uniqueid or "")), b"")
        return parse_id_value(key_text(value))[1] if _HISTORY in value else ()


def _is_by_id(everything: Mapping[bytes, bytes]) -> bool:
    """Whether a server of 3.6 or later wrote it: it names no mailbox by its bare name."""
    return bool(everything) and all(
        key and key[0] in _STARTS_BY_ID and (key[:1] != _NAME or value.startswith(_DLIST))
        for key, value in everything.items()
    )


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
