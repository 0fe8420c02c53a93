"""What is odd in a mailbox as a whole: its entries, keywords without names, no GUIDs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.spool_paths import INDEX_FILE, is_like_message_file, uid_of_file
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.inventory import UNLINKED, Rows
from respool.model.many_findings import at_most

SLOT_COUNT: Final = 128
_AT_ONCE: Final = 1 << 16

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class OddEntry:
    """An entry of a mailbox's directory that is no regular file of mail.

    ``kind`` is ``link``, ``pipe``, ``socket`` or ``device``, or ``file`` for a regular
    file whose name is nearly that of a message. ``directory`` is where it lies.
    """

    file_name: str
    kind: str
    directory: PurePosixPath | None = None


def entry_findings(entries: tuple[OddEntry, ...], count: int) -> Iterator[Finding]:
    """A finding for each of ``entries``, the first of ``count``."""
    yield from at_most(map(_entry_finding, entries), max(count, len(entries)))


def keyword_findings(records: Rows, keywords: tuple[str | None, ...]) -> Iterator[Finding]:
    """A finding for each keyword that messages have and the header does not name."""
    if "user_flags" not in (records.dtype.names or ()):
        return
    linked = (records["system_flags"] & np.uint32(UNLINKED)) == 0
    words = [
        int(np.bitwise_or.reduce(records["user_flags"][:, at], where=linked)) for at in range(4)
    ]
    for slot in range(SLOT_COUNT):
        is_named = slot < len(keywords) and keywords[slot] is not None
        if is_named or not words[slot // 32] >> slot % 32 & 1:
            continue
        bit = np.uint32(1 << (slot % 32))
        set_there = (records["user_flags"][:, slot // 32] & bit) != 0
        count = int(np.count_nonzero(set_there & linked))
        text = f"{count} messages have keyword {slot}, whose name is lost"
        lost = _finding(Severity.LOSS, "keyword-without-name", f"keyword {slot}", text)
        yield replace(lost, count=count)


def _entry_finding(entry: OddEntry) -> Finding:
    uid = uid_of_file(entry.file_name)
    file = None if entry.directory is None else entry.directory / entry.file_name
    if entry.kind == "file":
        text = "no message file has such a name; it is left alone"
        found = _finding(Severity.LOSS, "odd-message-file-name", entry.file_name, text)
        return replace(found, file=file)
    severity = Severity.LOSS if is_like_message_file(entry.file_name) else Severity.NOTE
    text = f"a {entry.kind} stands where only files belong; it is not opened"
    return replace(_finding(severity, "unsafe-entry", entry.file_name, text, uid), file=file)


def guid_findings(records: Rows, visible: Mask) -> Iterator[Finding]:
    """One finding for all visible messages without a GUID."""
    count = 0
    for start in range(0, len(records), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        guids = np.frombuffer(records["guid"][part].tobytes(), dtype=np.uint8).reshape(-1, 20)
        count += int(np.count_nonzero(visible[part] & ~guids.any(axis=1)))
    if count:
        text = f"{count} messages have no GUID in the index; their octets cannot be checked"
        yield replace(_finding(Severity.NOTE, "guid-zero", INDEX_FILE, text), count=count)


def _finding(
    severity: Severity, code: str, subject: str, text: str, uid: int | None = None
) -> Finding:
    return Finding(severity=severity, code=code, subject=subject, text=text, uid=uid)
