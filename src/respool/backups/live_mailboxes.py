"""The live server's mailboxes of one account, read as those of a backup are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from respool.backups.live_list import ATTEMPTS, sources_of, unread_finding
from respool.backups.server_state import server_state
from respool.backups.source import SourceMailbox, read_index, read_mailbox, tree_at
from respool.cyrus.spool_paths import INDEX_FILE
from respool.errors import BackupError
from respool.model.accounts import Account, folder_path
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.generations import Generation, GenerationState, Part
from respool.model.inventory import (
    COUNTED,
    EXPUNGED,
    UNLINKED,
    Rows,
    StoredMailbox,
)
from respool.system.live_tree import LIVE, live_place
from respool.system.read_only import Entry

_CUT: Final = frozenset(
    {
        "index-cut",
        "index-record-damaged",
        "index-record-impossible-uid",
        "index-record-out-of-order",
    }
)
_RECORD_OCTETS: Final = 112  # of an index: those of the newest versions
_HEADER_OCTETS: Final = 256  # more than any version's header of an index

Pair = tuple[SourceMailbox, StoredMailbox]
Read = Callable[[SourceMailbox], StoredMailbox]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMailboxes:
    """An account's live mailboxes by name, deleted ones included; ``findings`` are about all.

    Those of the kind UNREAD name what cannot be read, by the path of the folder: whether
    a message is there, nobody knows.
    """

    pairs: tuple[Pair, ...]
    findings: tuple[Finding, ...] = ()


def live_generation(imapd_conf: Path, now: datetime) -> Generation:
    """The live server as a generation, to be read as any other. Forgets former looks at it."""
    tree_at.cache_clear()
    server_state.cache_clear()
    return Generation(
        generation_id=None,
        label=LIVE,
        taken_at=now,
        is_about=False,
        state=GenerationState.COMPLETE,
        parts=(Part(part_id=None, place=live_place(imapd_conf)),),
    )


def read_live(live: Generation, account: Account, read: Read = read_mailbox) -> LiveMailboxes:
    """All mailboxes of an account as they stood at one moment, or nearly.

    What is made, renamed or deleted meanwhile is looked for again; if that never ends, a
    finding says so, of a mailbox that is gone from its place, too: what it lacks is no
    damage. ``read`` reads one mailbox, as much of it as is asked for.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    sources = sources_of(live, account)
    pairs: tuple[Pair, ...] = ()
    changing: tuple[Finding, ...] = (_changing("folders", "which there are"),)
    for _ in range(ATTEMPTS):
        pairs = tuple((each, read_steadily(each, read)) for each in sources.found)
        before, sources = sources, sources_of(live, account)
        if sources.found == before.found:
            changing = ()
            break
    else:
        still = set(sources.found)
        pairs = tuple(
            (each, box if each in still else _also(box, each, "its place")) for each, box in pairs
        )
    seen = (box for source, box in pairs if not source.name.is_deleted)
    without = (_without_index(box) for box in seen if not is_read(box))
    return LiveMailboxes(pairs=pairs, findings=(*changing, *sources.unread, *without))


def is_read(mailbox: StoredMailbox) -> bool:
    """Whether all that its index has is known: else nobody can say what is not in it."""
    return mailbox.has_index and not _CUT.intersection(each.code for each in mailbox.findings)


def read_steadily(source: SourceMailbox, read: Read = read_mailbox) -> StoredMailbox:
    """A mailbox whose index was the same before and after it was read.

    If it never is, a finding says so. Errors as those of ``read``.
    """
    for _ in range(ATTEMPTS - 1):
        before = _stamp(source)
        mailbox = read(source)
        if _stamp(source) == before:
            return mailbox
    return _also(read(source), source, "its messages")


def live_sources(live: Generation, account: Account) -> tuple[SourceMailbox, ...]:
    """The mailboxes of an account by name, deleted ones included. No index is read.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    return sources_of(live, account).found


def _without_index(mailbox: StoredMailbox) -> Finding:
    why = "its index is damaged" if mailbox.has_index else "its index cannot be read"
    return unread_finding(folder_path(mailbox.name), why)


def live_guids(sources: Sequence[SourceMailbox], most: int) -> list[Rows] | None:
    """The GUIDs that people see, a column for each folder; None where they are very many.

    Indexes alone are read, once each: what changes just then may be a message more or less.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    seen = [each for each in sources if not each.name.is_deleted]
    octets = sum(entry.size_bytes for each in seen for entry, _ in _stamp(each)[:1])
    if octets > most * _RECORD_OCTETS:
        return None
    found: list[Rows] = []
    for each in seen:
        index = read_index(each, COUNTED)
        if index is not None:
            hidden = index.records["system_flags"] & (EXPUNGED | UNLINKED)
            found.append(index.records["guid"][hidden == 0])
    return found


def _stamp(source: SourceMailbox) -> Sequence[tuple[Entry, bytes]]:
    """What changes whenever the server writes a mailbox's index."""
    tree = tree_at(source.spool)
    found = []
    for directory in (source.place.meta, source.place.data):
        if directory is not None:
            with suppress(BackupError):
                entry = tree.stat(directory / INDEX_FILE)
                if entry is not None:
                    found.append((entry, tree.read(directory / INDEX_FILE, _HEADER_OCTETS)))
    return found


def _also(mailbox: StoredMailbox, source: SourceMailbox, what: str) -> StoredMailbox:
    """``mailbox``, and that ``what`` of it did not stand still."""
    found = _changing(source.name.display, what)
    return replace(mailbox, findings=(*mailbox.findings, found))


def _changing(subject: str, what: str) -> Finding:
    text = f"{what} changed each time that live mail was read"
    return Finding(severity=Severity.NOTE, code="live-changing", subject=subject, text=text)
