"""Which messages of a mailbox of a backup fulfil a person's conditions.

Records are asked first, all at once; the cache or the header of what is left, where
conditions are about fields; whole messages of what is left then, where they are about text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import field
from itertools import islice
from typing import Final

from respool.app.archived import OpenedWhole, StubsOfMailbox
from respool.app.described import DescribedHeader, DescribedMessage
from respool.app.picked import Picked
from respool.app.selection import Selection
from respool.backups.caches import caches_of
from respool.backups.source import SourceMailbox, open_message
from respool.cyrus.message_headers import (
    READ_SIZE,
    HeaderFields,
    keeps_first_field,
    parse_message_headers,
)
from respool.cyrus.message_text import MOST_OCTETS
from respool.errors import BackupError
from respool.model.conditions import Conditions, matches_body, matches_fields
from respool.model.dataclasses import dataclass
from respool.model.inventory import NOWHERE, Rows, StoredMailbox
from respool.model.state import UidSet
from respool.planning.picking import Mask, record_mask

_ROWS_AT_ONCE: Final = 4096
_CHUNK: Final = 1 << 20


def pick(
    selection: Selection,
    source: SourceMailbox,
    mailbox: StoredMailbox,
    conditions: Conditions,
    *,
    has_expunged: bool,
) -> Picked:
    """The messages of one mailbox, as it was read.

    What its user deleted is looked at only with ``has_expunged``.

    Raises:
        LibraryMissing: an archived message is compressed, and cannot be read here.
    """
    looked_at = mailbox.visible()
    if has_expunged:
        looked_at |= mailbox.recoverable()
    asked = _Asked(
        source=source,
        mailbox=mailbox,
        conditions=conditions,
        stubs=StubsOfMailbox(selection=selection, source=source, mailbox=mailbox),
    )
    return asked.picked(looked_at, looked_at & record_mask(conditions, mailbox))


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One mailbox and what is asked of its messages; ``unread`` are the UIDs of those that
    could not be asked.
    """

    source: SourceMailbox
    mailbox: StoredMailbox
    conditions: Conditions
    stubs: StubsOfMailbox
    guids: set[str] = field(default_factory=set)
    unread: set[int] = field(default_factory=set)

    def picked(self, looked_at: Mask, candidates: Mask) -> Picked:
        wanted = self.conditions
        numbers: Iterable[int] = candidates.nonzero()[0].tolist()
        if wanted.guids:
            numbers = filter(self._has_guid, numbers)
        if wanted.is_about_fields:
            numbers = self._with_fields(numbers)
        if wanted.is_about_body:
            numbers = filter(self._has_body, numbers)
        at = list(numbers)
        return Picked(
            uids=UidSet.of_array(self.mailbox.records["uid"][at]),
            looked_at=int(looked_at.sum()),
            guids=frozenset(self.guids),
            unread=len(self.unread),
        )

    def _with_fields(self, numbers: Iterable[int]) -> Iterator[int]:
        version = self.mailbox.index_version
        waiting = iter(numbers)
        with caches_of(self.source, self.mailbox.generation) as caches:
            while some := list(islice(waiting, _ROWS_AT_ONCE)):
                rows = self.mailbox.records[some]
                for number, row, cached in zip(some, rows, caches.fields_of(rows), strict=True):
                    is_first = keeps_first_field(version, int(row["cache_version"]))
                    fields = cached or self._fields_of_file(row, is_first_kept=is_first)
                    if fields is None:
                        self.unread.add(int(row["uid"]))
                    elif matches_fields(self.conditions, DescribedHeader(fields=fields)):
                        yield number

    def _fields_of_file(self, row: Rows, *, is_first_kept: bool) -> HeaderFields | None:
        octets = self._octets(row, READ_SIZE)
        if octets is None:
            return None
        return parse_message_headers(octets, is_first_kept=is_first_kept)

    def _has_body(self, number: int) -> bool:
        row = self.mailbox.records[number]
        octets = self._whole(row)
        if octets is None:
            self.unread.add(int(row["uid"]))
            return False
        return matches_body(self.conditions, DescribedMessage(octets=octets))

    def _whole(self, row: Rows) -> bytes | None:
        """The message; of a stub the one that it stands for."""
        uid, place = int(row["uid"]), int(row["place"])
        try:
            stub = self.stubs.opened(uid, place)
        except BackupError:
            return None
        if isinstance(stub, OpenedWhole):
            with stub.file as file:
                return file.read(MOST_OCTETS)
        return self._octets(row, MOST_OCTETS) if stub is None else None

    def _octets(self, row: Rows, most: int) -> bytes | None:
        if int(row["place"]) == NOWHERE:
            return None
        try:
            with open_message(self.source, int(row["uid"]), int(row["place"])) as file:
                pieces: list[bytes] = []
                while most > 0 and (piece := file.read(min(most, _CHUNK))):
                    pieces.append(piece)
                    most -= len(piece)
                return b"".join(pieces)
        except (BackupError, OSError):
            return None

    def _has_guid(self, number: int) -> bool:
        """By what the index says, or by what the file is where it says nothing."""
        row = self.mailbox.records[number]
        told = row["guid"].tobytes().hex()
        uid, place = int(row["uid"]), int(row["place"])
        guid = told if told.strip("0") else hash_of(self.source, uid, place)
        if guid is None:
            self.unread.add(uid)
        elif guid in self.conditions.guids:
            self.guids.add(guid)
            return True
        return False


def hash_of(source: SourceMailbox, uid: int, place: int) -> str | None:
    """The GUID of a message file's octets; None where it cannot be read."""
    if place == NOWHERE:
        return None
    digest = hashlib.sha1(usedforsecurity=False)
    try:
        with open_message(source, uid, place) as file:
            while octets := file.read(_CHUNK):
                digest.update(octets)
    except (BackupError, OSError):
        return None
    return digest.hexdigest()
