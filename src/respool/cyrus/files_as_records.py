"""Records made of message files, where an index does not know them or is not to be asked.

A file tells its octets and, by its modification time, the internal date; no flags, and
not whether its message had been deleted.

Source: imap/mailbox.c, ``mailbox_reconstruct_append``: reconstruct does the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.mailbox import rows_in_order
from respool.cyrus.spool_paths import INDEX_FILE
from respool.model.findings import Finding, Severity
from respool.model.inventory import (
    EXPUNGED,
    NOWHERE,
    SYSTEM_FLAG_MASK,
    Rows,
    StoredMailbox,
)

_NEWEST: Final = (1 << 32) - 1  # what a record can hold
_SAME_DATE_SECONDS: Final = 120
_FEWEST_TO_SUSPECT: Final = 10
_OF_FILES: Final = frozenset({"uid", "place", "file_size", "file_mtime", "system_flags"})

# Records were there whose UIDs nobody knows now: any file may be of one of them.
_RECORDS_LOST: Final = frozenset(
    {"index-record-damaged", "index-record-impossible-uid", "index-record-out-of-order"}
)

# Findings about metadata that nobody asks for when it is left aside on purpose.
_OF_METADATA: Final = frozenset(
    {
        "guid-zero",
        "header-missing",
        "header-unreadable",
        "index-count-too-high",
        "index-cut",
        "index-header-crc-differs",
        "index-longer-than-its-count",
        "index-missing",
        "index-modseq-shifted",
        "index-record-damaged",
        "index-record-impossible-uid",
        "index-record-out-of-order",
        "index-unreadable",
        "keyword-without-name",
        "message-file-without-record",
    }
)


def with_files_as_records(mailbox: StoredMailbox) -> StoredMailbox:
    """``mailbox`` with a record for each file that its index cannot speak of.

    All files where there is no readable index; those after the last record of an index
    that was cut; those newer than the index, delivered while a backup was copied; and all
    without a record where records are damaged. Other files without a record stay
    orphans: the index knows of them no more, so they may have been deleted.
    """
    taken = _unknown_to_index(mailbox)
    if not taken.any():
        return mailbox
    made = _records_of(mailbox.orphans[taken], mailbox)
    return replace(
        mailbox,
        records=rows_in_order(mailbox.records, made),
        orphans=mailbox.orphans[~taken],
        findings=(*mailbox.findings, *_made_findings(made, mailbox)),
    )


def with_files_only(mailbox: StoredMailbox) -> StoredMailbox:
    """``mailbox`` without its metadata: no flags, dates of the files.

    Of a readable index one thing is kept: which messages had been deleted.
    Records of ``mailbox`` are stripped where they stand, all but their UIDs: of a million, a
    second set would take as much memory as all the rest.
    """
    is_there = mailbox.records["place"] != NOWHERE
    there = mailbox.records if is_there.all() else mailbox.records[is_there]
    stripped = there if there.flags.writeable else there.copy()
    for column in set(stripped.dtype.names or ()) - _OF_FILES:
        stripped[column] = np.zeros((), stripped.dtype[column])
    stripped["size"] = stripped["file_size"]
    stripped["internaldate"] = np.clip(stripped["file_mtime"], 0, _NEWEST)
    stripped["system_flags"] &= ~np.uint32(SYSTEM_FLAG_MASK)
    records = rows_in_order(stripped, _records_of(mailbox.orphans, mailbox))
    kept = tuple(each for each in mailbox.findings if each.code not in _OF_METADATA)
    said = _left_aside(mailbox)
    return replace(
        mailbox,
        records=records,
        orphans=mailbox.orphans[:0],
        keywords=(),
        shared_seen=False,
        findings=(*kept, said, *_date_findings(records)),
    )


def _unknown_to_index(mailbox: StoredMailbox) -> NDArray[np.bool_]:
    codes = {finding.code for finding in mailbox.findings}
    uids = mailbox.orphans["uid"]
    if not mailbox.has_index or codes & _RECORDS_LOST:
        return np.ones(len(uids), dtype=np.bool_)
    last = mailbox.last_uid
    if "index-cut" in codes:
        last = int(mailbox.records["uid"][-1]) if len(mailbox.records) else 0
    newer: NDArray[np.bool_] = uids > last
    return newer


def _records_of(files: Rows, mailbox: StoredMailbox) -> Rows:
    """One record a file, with the columns of the mailbox; of two of one UID, that of data.

    What is known as deleted is expunged, so that it does not come back unasked.
    """
    _, first = np.unique(files["uid"], return_index=True)
    files = files[first]
    rows: Rows = np.zeros(len(files), dtype=mailbox.records.dtype)
    rows["uid"], rows["place"] = files["uid"], files["place"]
    rows["size"] = rows["file_size"] = files["size"]
    rows["file_mtime"] = files["mtime"]
    rows["internaldate"] = np.clip(files["mtime"], 0, _NEWEST)
    rows["system_flags"][np.isin(files["uid"], mailbox.deleted_uids)] = EXPUNGED
    return rows


def _made_findings(made: Rows, mailbox: StoredMailbox) -> Iterator[Finding]:
    text = (
        f"{len(made)} messages come from their files alone: without flags,"
        " dated by the file; some may be mail that its owner had deleted"
    )
    severity = Severity.LOSS if mailbox.has_index else Severity.NOTE
    yield Finding(severity=severity, code="records-from-files", subject=INDEX_FILE, text=text)
    yield from _date_findings(made)


def _left_aside(mailbox: StoredMailbox) -> Finding:
    deleted = (
        "what the index knows as deleted stays away"
        if mailbox.has_index
        else "mail that its owner had deleted may come back: nothing tells it apart"
    )
    text = f"restored without metadata: no flags or keywords, dated by the files; {deleted}"
    return Finding(severity=Severity.NOTE, code="without-metadata", subject=INDEX_FILE, text=text)


def _date_findings(rows: Rows) -> Iterator[Finding]:
    """Many files of one moment: a copy that did not keep their times (cp without -p)."""
    times = rows["file_mtime"]
    if len(times) < _FEWEST_TO_SUSPECT:
        return
    if int(times.max()) - int(times.min()) <= _SAME_DATE_SECONDS:
        text = (
            f"all {len(times)} files are of the same {_SAME_DATE_SECONDS} seconds, as if copied"
            " without their times; the messages will have that date"
        )
        yield Finding(
            severity=Severity.NOTE, code="dates-of-a-copy", subject="message files", text=text
        )
