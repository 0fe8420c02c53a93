"""What a failed manual restore left on a live server, and what cures each. Values in, values out.

It must not look anywhere itself: `leftover_search` does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from respool.cyrus.mailbox_records import BY_ID, MailboxRecord
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.names import MailboxName
from respool.targets.spool import leftover_cures as cures
from respool.targets.spool.leftover_cures import ServerCommands

RECORD_WITHOUT_ID: Final = "leftover-record-without-id"
DIRECTORY: Final = "leftover-directory"
DOUBLED_ID: Final = "leftover-doubled-id"
HEADER_EMPTY: Final = "leftover-header-empty"
INDEX_EMPTIED: Final = "leftover-index-emptied"
NOT_SEARCHED: Final = "leftovers-not-searched"
_FEWER: Final = 2  # files for each record from which on an index counts as emptied


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One thing that was left: ``cure`` is a line for a root shell, None where no one line is."""

    code: str
    subject: str
    text: str
    cure: str | None

    @property
    def finding(self) -> Finding:
        """The same for a plan, the cure in its text."""
        text = self.text if self.cure is None else f"{self.text}; this cures it: {self.cure}"
        return Finding(severity=Severity.NOTE, code=self.code, subject=self.subject, text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """Leftovers as findings (all of severity NOTE), and names that are taken though unlisted.

    Cures are meant to be run in the order of ``found``. ``directories`` are names of which
    a directory with content exists, while no mailbox owns it: a mailbox that is created
    there would find foreign files.
    """

    findings: tuple[Finding, ...] = ()
    directories: frozenset[MailboxName] = frozenset()
    found: tuple[Leftover, ...] = ()


def as_leftovers(found: Iterable[Leftover], directories: Iterable[MailboxName]) -> Leftovers:
    """The value of all that was found, in the order in which it is to be cured."""
    order = (NOT_SEARCHED, RECORD_WITHOUT_ID, DOUBLED_ID, DIRECTORY, HEADER_EMPTY, INDEX_EMPTIED)
    ordered = tuple(sorted(found, key=lambda one: (order.index(one.code), one.subject)))
    return Leftovers(
        findings=tuple(one.finding for one in ordered),
        directories=frozenset(directories),
        found=ordered,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseDirectory:
    """A directory tree that no mailbox owns: the top-most of its kind.

    ``subject`` is its mailbox name or path; ``places`` are its directories in the roots of
    the partition; ``message_count`` counts message files at and below it. Not ``is_whole``
    where mailboxes live below it.
    """

    subject: str
    places: tuple[PurePosixPath, ...]
    message_count: int
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxLook:
    """How the files of a registered mailbox look.

    ``header_id`` is the uniqueid in its ``cyrus.header``, None where that is not readable;
    ``record_count`` counts records of its index, expunged ones too, None without an index;
    ``keyword_slots`` is the highest slot of a keyword in use, looked at where the header is
    unreadable alone. ``is_unfinished``: a restore in place was cut off here.
    """

    record: MailboxRecord
    header: PurePosixPath
    has_header: bool
    header_id: str | None
    record_count: int | None
    message_count: int
    keyword_slots: int = 0
    is_unfinished: bool = False


def without_id(records: Iterable[MailboxRecord], on: ServerCommands) -> Iterator[MailboxRecord]:
    """The records that lack a uniqueid on a server that cannot do without."""
    if on.version >= BY_ID:
        yield from (record for record in records if record.uniqueid is None)


def record_without_id(record: MailboxRecord, on: ServerCommands) -> Leftover:
    """A mailbox that is only a record: what a crash of reconstruct leaves on 3.6."""
    text = (
        "its record in mailboxes.db has no uniqueid, as reconstruct -f or -p of Cyrus 3.6"
        " leaves it when it dies; to delete the mailbox kills the imapd process"
    )
    cure = cures.forget_record(on, record.name)
    return Leftover(code=RECORD_WITHOUT_ID, subject=record.name.display, text=text, cure=cure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """Two mailboxes with one uniqueid; ``is_sure`` where it is clear which is the copy."""

    copy: MailboxRecord
    original: MailboxRecord
    is_sure: bool


def twins_in(records: Iterable[MailboxRecord]) -> Iterator[Twins]:
    """Each mailbox whose uniqueid another has, too, beside the one that it was copied from.

    A copy is made below something, so it lies deeper; one that reconstruct died on has no
    uidvalidity in its record.
    """
    by_id: dict[str, list[MailboxRecord]] = defaultdict(list)
    for record in records:
        if record.uniqueid is not None:
            by_id[record.uniqueid].append(record)
    for same in by_id.values():
        original, *copies = sorted(same, key=_originality)
        for copy in copies:
            is_sure = _originality(copy)[:2] != _originality(original)[:2]
            yield Twins(copy=copy, original=original, is_sure=is_sure)


def _originality(record: MailboxRecord) -> tuple[bool, int, int, MailboxName]:
    return (not record.uidvalidity, len(record.name.parts), record.modified, record.name)


def doubled_id(twins: Twins, on: ServerCommands) -> Leftover:
    """A copy that has the uniqueid of what it was copied from."""
    copy, original = twins.copy, twins.original
    text = f"it has the uniqueid of {original.name.display}, {copy.uniqueid}; mail, seen marks"
    text += " and replication of both can be confused"
    cure = None
    if not twins.is_sure:
        text += "; which of them is the copy cannot be told: delete that one, and restore it anew"
    elif on.version >= BY_ID:
        text += "; the copy is best taken out, and restored anew"
        cure = cures.forget_copy(on, copy, original)
    else:
        cure = cures.give_new_id(on, copy.name)
        if cure is None:
            text += "; delete the copy, and restore it anew with respool"
    return Leftover(code=DOUBLED_ID, subject=copy.name.display, text=text, cure=cure)


def foreign_header(look: MailboxLook, owner: MailboxName, on: ServerCommands) -> Leftover:
    """A mailbox whose header bears the uniqueid of another, ``owner``."""
    text = f"its cyrus.header was copied from {owner.display}: it bears that one's uniqueid,"
    text += f" {look.header_id}"
    if on.version >= BY_ID and look.header_id is not None:
        cure: str | None = cures.put_id_into_header(on, look.record, look.header, look.header_id)
    else:
        cure = cures.give_new_id(on, look.record.name)
    return Leftover(code=DOUBLED_ID, subject=look.record.name.display, text=text, cure=cure)


def loose_directory(loose: LooseDirectory, on: ServerCommands) -> Leftover:
    """A directory tree that was copied into the spool and belongs to nobody."""
    where = " and ".join(str(place) for place in loose.places)
    text = f"no mailbox owns {where}, with {loose.message_count} message files"
    if loose.is_whole:
        cure = cures.move_away(on, loose.places)
    else:
        text += " (what lies further below is owned, and stays)"
        cure = cures.move_files_away(on, loose.places)
    return Leftover(code=DIRECTORY, subject=loose.subject, text=text, cure=cure)


def leftovers_of_mailbox(look: MailboxLook, on: ServerCommands) -> Iterator[Leftover]:
    """What is wrong with the files of a mailbox that is registered."""
    subject = look.record.name.display
    count = look.record_count
    if not look.has_header:
        if count:
            yield _header_empty(look, count, on)
        return
    if look.is_unfinished:
        text = "a restore in place was cut off here; its files wait for a record. The same restore"
        text += " with --in-place takes them up, or, once mail has come, any restore removes them;"
        text += " reconstruct would show them without their flags"
        yield Leftover(code=INDEX_EMPTIED, subject=subject, text=text, cure=None)
    elif count is not None and look.message_count > _FEWER * count:
        text = f"its index has {count} records, beside it lie {look.message_count} message files;"
        text += " the flags that the index had are lost: reconstruct brings the messages back"
        text += " without them, a restore with respool brings both"
        cure = cures.reconstruct(on, look.record.name)
        yield Leftover(code=INDEX_EMPTIED, subject=subject, text=text, cure=cure)


def _header_empty(look: MailboxLook, count: int, on: ServerCommands) -> Leftover:
    text = f"its cyrus.header is empty or unreadable, while its index has {count} records;"
    text += " reconstruct would throw them away, with all flags. Put back the header that a"
    text += " backup of this very mailbox has"
    cure = _plain_header(look, on)
    if cure is None:
        text += ", or restore the mailbox anew with respool"
    else:
        text += "; where there is none, write a plain one, in which keywords lose their names"
    return Leftover(code=HEADER_EMPTY, subject=look.record.name.display, text=text, cure=cure)


def _plain_header(look: MailboxLook, on: ServerCommands) -> str | None:
    if on.version < BY_ID or look.record.uniqueid is None:
        return None
    try:
        return cures.write_header(on, look.record, look.header, look.keyword_slots)
    except ValueError:  # an identifier or name that no header can hold
        return None


def not_searched(subject: str, why: str) -> Leftover:
    """A part of the search that could not be done."""
    text = f"leftovers of earlier restores were not looked for here: {why}"
    return Leftover(code=NOT_SEARCHED, subject=subject, text=text, cure=None)


def seen_twice(first: Sequence[Leftover], second: Sequence[Leftover]) -> tuple[Leftover, ...]:
    """What was there at both looks: a folder that is just being made is gone at the second."""
    before = {(one.code, one.subject) for one in first}
    return tuple(one for one in second if (one.code, one.subject) in before)
