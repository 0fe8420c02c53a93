"""Join the files of one mailbox into a StoredMailbox, with a finding for all that is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.expunge import parse_expunge
from respool.cyrus.header import MailboxHeader, parse_header
from respool.cyrus.index import OPTION_SHARED_SEEN, Index, parse_index
from respool.cyrus.index_columns import Octets
from respool.cyrus.mailbox_findings import (
    OddEntry,
    entry_findings,
    guid_findings,
    keyword_findings,
)
from respool.cyrus.spool_paths import EXPUNGE_FILE, HEADER_FILE, INDEX_FILE, is_decodable
from respool.errors import BackupError, FormatError
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.inventory import (
    ARCHIVED,
    FILE,
    IN_ARCHIVE,
    IN_DATA,
    NOWHERE,
    RECORD,
    UNKNOWN_SIZE,
    MailboxPlace,
    Rows,
    StoredMailbox,
)
from respool.model.many_findings import at_most
from respool.model.messages import UidValidity, is_keyword
from respool.model.names import MailboxName
from respool.model.rows import is_among

_CHUNK: Final = 1 << 16  # records whose files are looked for at once
_SAID_BY_FILES: Final = (("place", "place"), ("file_size", "size"), ("file_mtime", "mtime"))
_UNSAID: Final = {"size": UNKNOWN_SIZE, "mtime": 0}  # by a name alone
FIRST_WITH_EXPUNGED: Final = 12  # earlier servers keep expunged records in cyrus.expunge


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxFiles:
    """What lies in the directories of one mailbox. Octets are None where there is no file.

    ``messages`` are rows of FILE, or of NAMED, in any order. ``odd_entries`` are the first of
    ``odd_count``. ``index_time`` is the index's mtime in seconds.
    ``directories`` says where each cyrus.* file lies, if not in meta, else data.
    ``cache_generations`` has what each cyrus.cache begins with.
    """

    header: bytes | None
    index: Octets | None
    messages: Rows
    expunge: Octets | None = None
    odd_entries: tuple[OddEntry, ...] = ()
    odd_count: int = 0
    index_time: int | None = None
    findings: tuple[Finding, ...] = field(default=())
    directories: Mapping[str, PurePosixPath] = field(default_factory=dict)
    cache_generations: Mapping[PurePosixPath, int] = field(default_factory=dict)


def join_mailbox(
    name: MailboxName,
    place: MailboxPlace,
    files: MailboxFiles,
    columns: np.dtype[np.void] = RECORD,
) -> StoredMailbox:
    """One mailbox of its files, with all findings; of very many of a kind, the first ones.

    All else as `join_files`.
    """
    mailbox = join_files(name, place, files, columns)
    told = (each for count, found in _kinds_of(mailbox) for each in at_most(found, count))
    return replace(mailbox, findings=(*mailbox.findings, *told))


def join_files(
    name: MailboxName,
    place: MailboxPlace,
    files: MailboxFiles,
    columns: np.dtype[np.void] = RECORD,
) -> StoredMailbox:
    """One mailbox of its files. Damage costs what is damaged, and never raises.

    ``columns`` are those that its records have: all of RECORD, or some that `StoredMailbox` names.

    Its findings are those about the mailbox; those about single messages, of which there
    may be a million, `message_findings` makes.

    Without a readable index ``has_index`` is False, ``records`` are empty and all message
    files are orphans. Seen is the bit of the record: the owner's, or everybody's
    where the mailbox shares it. What a server up to 2.3 has expunged and kept is among the
    records; beside a later index, or without a readable one, ``deleted_uids`` tell of it.
    """
    header, header_findings = _header(files.header)
    index, index_findings = _index(files.index, columns)
    findings = [*files.findings, *_name_findings(name, place), *header_findings, *index_findings]
    findings += entry_findings(files.odd_entries, files.odd_count)
    expunged, expunge_findings = _expunged(files.expunge, index)
    findings += expunge_findings
    keywords = tuple(
        each if each is not None and is_keyword(each) else None
        for each in (header.keywords if header else ())
    )
    records: Rows = np.zeros(0, dtype=columns)
    if index is None:
        orphans = _in_uid_order(as_files(files.messages))
    else:
        records = index.records
        if index.version < FIRST_WITH_EXPUNGED:
            records, expunged = with_expunged(records, expunged), expunged[:0]
        orphans = place_records(records, files.messages)
        findings += keyword_findings(records, keywords)
    mailbox = StoredMailbox(
        name=name,
        place=place,
        has_index=index is not None,
        index_version=index.version if index else None,
        uniqueid=header.uniqueid if header else None,
        uidvalidity=UidValidity(index.header.uidvalidity) if index else None,
        last_uid=_last_uid(index, files.messages),
        highestmodseq=index.header.highestmodseq if index else None,
        shared_seen=bool(index and index.header.options & OPTION_SHARED_SEEN),
        quota_root=header.quota_root if header else None,
        acl=header.acl if header else {},
        keywords=keywords,
        records=records,
        orphans=orphans,
        index_time=files.index_time,
        generation=index.header.generation if index else None,
        deleted_uids=_without_record(expunged["uid"], records),
    )
    findings += _cache_findings(mailbox.generation, files.cache_generations)
    if index is not None:
        findings += guid_findings(records, mailbox.visible())
    located = tuple(_with_file(finding, place, files) for finding in findings)
    return replace(mailbox, findings=located)


def message_file(place: MailboxPlace, uid: int, where: int) -> PurePosixPath | None:
    """Where a message's file lies, or would: ``where`` is IN_ARCHIVE, or else in data."""
    directory = place.archive if where == IN_ARCHIVE else place.data
    return None if directory is None else directory / f"{uid}."


def _with_file(finding: Finding, place: MailboxPlace, files: MailboxFiles) -> Finding:
    """The finding with the cyrus.* file that it is about, where it names one."""
    if finding.file is not None or not finding.subject.startswith("cyrus."):
        return finding
    directory = files.directories.get(finding.subject, place.meta or place.data)
    return finding if directory is None else replace(finding, file=directory / finding.subject)


def with_expunged(records: Rows, expunged: Rows) -> Rows:
    """RECORD rows of both in UID order; of a UID that both have, the one of ``records``."""
    if not len(expunged):
        return records
    others = expunged[~np.isin(expunged["uid"], records["uid"])]
    return rows_in_order(records, _with_columns(others, records.dtype))


def _with_columns(rows: Rows, columns: np.dtype[np.void]) -> Rows:
    if rows.dtype == columns:
        return rows
    found: Rows = np.zeros(len(rows), dtype=columns)
    for name in set(columns.names or ()).intersection(rows.dtype.names or ()):
        found[name] = rows[name]
    return found


def rows_in_order(these: Rows, others: Rows) -> Rows:
    """RECORD rows of both, each in UID order, together; copied no more often than need be."""
    if not len(these) or not len(others):
        return these if len(these) else others
    both: Rows = np.concatenate([these, others])
    uids = both["uid"]
    return both if (uids[1:] >= uids[:-1]).all() else both[np.argsort(uids, kind="stable")]


def place_records(records: Rows, files: Rows) -> Rows:
    """Write into fresh RECORD rows what their files say; the FILE rows without a record.

    What files say is ``place``, ``file_size`` and ``file_mtime``, as far as records have these.

    Where both partitions have a file, the record's ARCHIVED flag says which one is meant.
    """
    wants_archive = (records["system_flags"] & np.uint32(ARCHIVED)) != 0
    for place in (IN_DATA, IN_ARCHIVE):
        here = files["place"] == place
        wanted = wants_archive if place == IN_DATA else ~wants_archive
        _place_from(records, files if here.all() else files[here], keep=wanted)
    return _in_uid_order(as_files(files[~is_among(files["uid"], records["uid"])]))


def _in_uid_order(files: Rows) -> Rows:
    return files[np.argsort(files["uid"], kind="stable")]


def as_files(files: Rows) -> Rows:
    """FILE rows of rows of FILE or NAMED."""
    if files.dtype == FILE:
        return files
    found = _with_columns(files, FILE)
    found["size"] = UNKNOWN_SIZE
    return found


def _name_findings(name: MailboxName, place: MailboxPlace) -> tuple[Finding, ...]:
    """A finding for a name whose octets are no name that a server would accept."""
    if all(is_decodable(part) for part in name.parts):
        return ()
    text = "the directory's name is not valid modified UTF-7; it is kept octet by octet"
    found = _finding(Severity.NOTE, "name-not-decodable", name.admin, text)
    return (replace(found, file=place.directory),)


def _place_from(placed: Rows, files: Rows, *, keep: NDArray[np.bool_]) -> None:
    """Set place and size of the records that ``files`` have; where ``keep``, only the unplaced."""
    if not len(files):
        return
    uids = np.ascontiguousarray(files["uid"])  # no copy of all the files
    order = None
    if (uids[1:] < uids[:-1]).any():  # an export lists them in order, and has more in memory
        order = np.argsort(uids, kind="stable")
        uids = uids[order]
    known = files.dtype.names or ()
    for start in range(0, len(placed), _CHUNK):
        chunk = placed[start : start + _CHUNK]  # a view
        at = np.searchsorted(uids, chunk["uid"]).clip(max=len(uids) - 1)
        hit = uids[at] == chunk["uid"]
        hit &= ~keep[start : start + _CHUNK] | (chunk["place"] == NOWHERE)
        at = at[hit] if order is None else order[at[hit]]
        for column, said in _SAID_BY_FILES:
            if column in (chunk.dtype.names or ()):
                chunk[column][hit] = files[said][at] if said in known else _UNSAID[said]


def _header(octets: bytes | None) -> tuple[MailboxHeader | None, tuple[Finding, ...]]:
    lost = "names of keywords, rights and quota root are lost"
    if octets is None:
        text = f"there is no cyrus.header; {lost}"
        return None, (_finding(Severity.LOSS, "header-missing", HEADER_FILE, text),)
    try:
        return parse_header(octets), ()
    except FormatError as error:
        text = f"{error.what}; {lost}"
        return None, (_finding(Severity.LOSS, "header-unreadable", HEADER_FILE, text),)


def _index(
    octets: Octets | None, columns: np.dtype[np.void]
) -> tuple[Index | None, tuple[Finding, ...]]:
    lost = "flags, dates and what was deleted are lost"
    if octets is None:
        text = f"there is no cyrus.index; {lost}"
        return None, (_finding(Severity.BLOCKS, "index-missing", INDEX_FILE, text),)
    try:
        index = parse_index(octets, columns)
    except FormatError as error:
        text = f"{error.what}; {lost}"
        return None, (_finding(Severity.BLOCKS, "index-unreadable", INDEX_FILE, text),)
    except BackupError as error:  # octets that are read while they are parsed
        return None, (_unreadable(INDEX_FILE, error),)
    return index, index.findings


def _expunged(octets: Octets | None, index: Index | None) -> tuple[Rows, list[Finding]]:
    """Rows of a cyrus.expunge, which a server up to 2.3 keeps, and what is odd about it."""
    nothing: Rows = np.zeros(0, dtype=RECORD)
    if octets is None:
        return nothing, []
    try:
        found = parse_expunge(octets)
    except FormatError as error:
        text = f"{error.what}; which mail was deleted but kept is not known"
        return nothing, [_finding(Severity.LOSS, "expunge-unreadable", EXPUNGE_FILE, text)]
    except BackupError as error:
        return nothing, [_unreadable(EXPUNGE_FILE, error)]
    if index is None or index.version < FIRST_WITH_EXPUNGED:
        return found.records, list(found.findings)
    text = (
        f"it lies beside an index of version {index.version}, which keeps what is expunged"
        f" itself; its {len(found.records)} records are stale"
    )
    return found.records, [_finding(Severity.NOTE, "expunge-stale", EXPUNGE_FILE, text)]


def _without_record(uids: NDArray[np.uint32], records: Rows) -> NDArray[np.uint32]:
    return uids[~np.isin(uids, records["uid"])] if len(uids) else uids


def _unreadable(file_name: str, error: BackupError) -> Finding:
    text = error.what if error.why is None else f"{error.what}: {error.why}"
    return _finding(Severity.LOSS, "file-unreadable", file_name, text)


def _cache_findings(
    generation: int | None, cached: Mapping[PurePosixPath, int]
) -> Iterator[Finding]:
    """A cache whose generation is not that of the index: its records are of another time."""
    for file, found in sorted(cached.items()):
        if generation is not None and found != generation:
            text = f"the cache is of generation {found}, the index of {generation}; it is not used"
            finding = _finding(Severity.NOTE, "cache-of-another-generation", file.name, text)
            yield replace(finding, file=file)


def message_findings(mailbox: StoredMailbox) -> Iterator[Finding]:
    """What is wrong with single messages, lazily; of orphans only where there is an index."""
    return (each for _, found in _kinds_of(mailbox) for each in found)


def _kinds_of(mailbox: StoredMailbox) -> Iterator[tuple[int, Iterator[Finding]]]:
    """The same by kind, with how many there are of each."""
    if not mailbox.has_index:
        return
    records, visible = mailbox.records, mailbox.visible()
    there = records["place"] != NOWHERE
    missing = np.flatnonzero(visible & ~there)
    yield len(missing), _missing(mailbox, missing)
    differs = records["file_size"] != records["size"].view("i8")  # no copy
    differs &= records["file_size"] != UNKNOWN_SIZE
    differing = np.flatnonzero(visible & there & differs)
    yield len(differing), _differing(mailbox, differing)
    yield len(mailbox.orphans), _without_records(mailbox)


def _missing(mailbox: StoredMailbox, numbers: NDArray[np.intp]) -> Iterator[Finding]:
    place = mailbox.place
    for number in numbers:
        row = mailbox.records[number]
        is_archived = bool(int(row["system_flags"]) & ARCHIVED and place.archive)
        uid, text = int(row["uid"]), "its file is not in the backup"
        file = message_file(place, uid, IN_ARCHIVE if is_archived else IN_DATA)
        yield _message("message-file-missing", uid, text, file)


def _differing(mailbox: StoredMailbox, numbers: NDArray[np.intp]) -> Iterator[Finding]:
    for number in numbers:
        row = mailbox.records[number]
        uid, size, stated = int(row["uid"]), int(row["file_size"]), int(row["size"])
        text = f"its file has {size} octets, the index says {stated}"
        file = message_file(mailbox.place, uid, int(row["place"]))
        yield _message("message-file-size-differs", uid, text, file)


def _without_records(mailbox: StoredMailbox) -> Iterator[Finding]:
    text = "a message file that the index does not have; only its octets are known"
    for row in mailbox.orphans:
        uid = int(row["uid"])
        file = message_file(mailbox.place, uid, int(row["place"]))
        yield _message("message-file-without-record", uid, text, file)


def _last_uid(index: Index | None, files: Rows) -> int:
    highest = int(files["uid"].max()) if len(files) else 0
    if index is None:
        return highest
    last = int(index.records["uid"][-1]) if len(index.records) else 0
    return max(index.header.last_uid, last)


def _message(code: str, uid: int, text: str, file: PurePosixPath | None) -> Finding:
    return replace(_finding(Severity.LOSS, code, f"message {uid}", text, uid), file=file)


def _finding(
    severity: Severity, code: str, subject: str, text: str, uid: int | None = None
) -> Finding:
    return Finding(severity=severity, code=code, subject=subject, text=text, uid=uid)
