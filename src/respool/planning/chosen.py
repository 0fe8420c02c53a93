"""Which messages of which mailbox of a backup are restored, and as what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cache
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from respool.model.dataclasses import dataclass
from respool.model.inventory import EXPUNGED, IN_ARCHIVE, SYSTEM_FLAG_MASK, Rows, StoredMailbox
from respool.model.names import MailboxName
from respool.model.rows import is_among
from respool.model.state import Annotation, MailboxState, UidSet
from respool.planning.source_place import SourcePlace
from respool.planning.step import PlannedMessage

_ROWS_AT_ONCE = 8192
_DELETED_BIT = np.uint32(1 << 2)
_SEEN_BIT = np.uint32(1 << 4)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptCopies:
    """Messages of a mailbox that the live server keeps at ``place``, unseen.

    ``uids`` ascend. ``until`` is when it may remove the first of them, in seconds since 1970;
    None: not known.
    """

    place: SourcePlace
    uids: NDArray[np.uint32]
    until: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenMailbox:
    """One mailbox of the backup that is to be restored, and what was kept besides it.

    ``stubs`` counts its stubs of BlueMind 3.5, ``damaged_stubs`` those whose archived message
    cannot be read; the records of ``joined`` (UIDs) are those of the archived messages.
    ``there`` is a mask of the records that are not restored because the live account has
    them; None: nobody looked. ``kept`` are those that are read from the live server's spool.
    """

    place: SourcePlace
    mailbox: StoredMailbox
    state: MailboxState = field(default_factory=MailboxState)
    stubs: int = 0
    damaged_stubs: int = 0
    joined: frozenset[int] = frozenset()
    there: NDArray[np.bool_] | None = None
    kept: KeptCopies | None = None

    def is_there(self) -> NDArray[np.bool_]:
        """Mask of the records that the live account has, as far as that matters."""
        if self.there is None:
            return np.zeros(len(self.mailbox.records), dtype=np.bool_)
        return self.there

    def wanted(self, *, has_expunged: bool) -> NDArray[np.bool_]:
        """Mask of the records that can be restored, whether or not the live account has them.

        A file of no octets is left out: reconstruct would delete it (lab-notes).
        """
        records = self.mailbox.records
        mask = self.mailbox.restorable()
        if has_expunged:
            is_whole = records["file_size"] == records["size"].astype("i8")
            mask |= self.mailbox.recoverable() & is_whole
        mask &= records["size"] > 0
        return mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Destined:
    """A chosen mailbox, its new name, and which of its records are wanted.

    ``is_new`` is False where the live mailbox of that name is filled in place;
    ``is_appended``: it holds mail, or has held some, and so it is added to over IMAP.
    ``is_seen_kept``: the record's read state is somebody's, and the target can keep it.
    ``owner_marks``: the target's owner was a reader there, and this is what he had read.
    ``marks`` are what each other reader gets back, ``seen_left`` why one gets nothing;
    ``annotations`` are by their userids on the target.
    """

    chosen: ChosenMailbox
    target: MailboxName
    wanted: NDArray[np.bool_]
    is_new: bool
    is_seen_kept: bool
    is_seen_shared: bool
    is_appended: bool = False
    owner_marks: UidSet | None = None
    marks: Mapping[str, UidSet] = field(default_factory=dict)
    seen_left: Mapping[str, str] = field(default_factory=dict)
    annotations: tuple[Annotation, ...] = ()
    special_use: tuple[str, ...] = ()
    annotations_left: Mapping[str, str] = field(default_factory=dict)

    def blocks(self) -> Iterator[Rows]:
        """The wanted records, as they are to be, some thousands at once.

        So of a million no second copy is ever held. Mail that was expunged comes back
        without the flag that says it is to be expunged.
        """
        for start in range(0, len(self.wanted), _ROWS_AT_ONCE):
            wanted = self.wanted[start : start + _ROWS_AT_ONCE]
            if wanted.any():
                yield self._as_wanted(
                    self.chosen.mailbox.records[start : start + _ROWS_AT_ONCE][wanted]
                )

    def _as_wanted(self, rows: Rows) -> Rows:
        expunged = (rows["system_flags"] & np.uint32(EXPUNGED)) != 0
        rows["system_flags"][expunged] &= ~_DELETED_BIT
        if self.owner_marks is not None or not self.is_seen_kept:
            rows["system_flags"] &= ~_SEEN_BIT
        if self.owner_marks is not None:
            rows["system_flags"][self.owner_marks.mask(rows["uid"])] |= _SEEN_BIT
        return rows


def planned_messages(each: Destined) -> Iterator[PlannedMessage]:
    """The messages of a mailbox as they are to be, in UID order, lazily."""
    for rows in each.blocks():
        yield from _of_rows(each.chosen, rows)


def messages_by_place(each: Destined) -> Iterator[tuple[SourcePlace, Iterator[PlannedMessage]]]:
    """The same, as long as they follow each other, by the place that they are read from."""
    kept = each.chosen.kept
    if kept is None:
        if each.wanted.any():
            yield each.chosen.place, planned_messages(each)
        return
    for is_kept, messages in groupby(_by_place(each, kept.uids), key=itemgetter(0)):
        yield kept.place if is_kept else each.chosen.place, (one for _, one in messages)


def _by_place(each: Destined, kept: NDArray[np.uint32]) -> Iterator[tuple[bool, PlannedMessage]]:
    """The messages, each with whether it is one of ``kept`` (UIDs)."""
    for rows in each.blocks():
        masks = is_among(rows["uid"], kept).tolist()
        yield from zip(masks, _of_rows(each.chosen, rows), strict=True)


def _of_rows(chosen: ChosenMailbox, rows: Rows) -> Iterator[PlannedMessage]:
    """Column by column: one number of a NumPy row costs more than a whole message here."""
    guids, words = rows["guid"].tobytes(), rows["user_flags"].tobytes()
    flag_names = cache(chosen.mailbox.flag_names)
    columns = (rows[name].tolist() for name in ("uid", "internaldate", "size"))
    bits = (rows["system_flags"] & np.uint32(SYSTEM_FLAG_MASK)).tolist()
    archived = (rows["place"] == IN_ARCHIVE).tolist()
    for at, (uid, internaldate, size) in enumerate(zip(*columns, strict=True)):
        guid = guids[at * 20 : at * 20 + 20]
        yield PlannedMessage(
            uid=uid,
            guid=guid.hex() if any(guid) else None,
            internaldate=internaldate,
            size_bytes=size,
            flags=flag_names(bits[at], words[at * 16 : at * 16 + 16]),
            is_archived=archived[at],
            is_joined=uid in chosen.joined,
        )
