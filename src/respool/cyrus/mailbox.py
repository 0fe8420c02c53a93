"""Join the files of one mailbox into a StoredMailbox, with a finding for all that is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.header import MailboxHeader, parse_header
from respool.cyrus.index import OPTION_SHARED_SEEN, Index, parse_index
from respool.cyrus.spool_paths import (
    HEADER_FILE,
    INDEX_FILE,
    is_decodable,
    is_like_message_file,
    uid_of_file,
)
from respool.errors import FormatError
from respool.model.findings import Finding, Severity
from respool.model.inventory import (
    ARCHIVED,
    IN_ARCHIVE,
    IN_DATA,
    NOWHERE,
    RECORD,
    UNLINKED,
    MailboxPlace,
    Rows,
    StoredMailbox,
)
from respool.model.messages import UidValidity, is_keyword
from respool.model.names import MailboxName

SLOT_COUNT: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class OddEntry:
    """An entry of a mailbox's directory that is no regular file of mail.

    ``kind`` is ``link``, ``pipe``, ``socket`` or ``device``, or ``file`` for a regular
    file whose name is nearly that of a message. ``directory`` is relative to the spool.
    """

    file_name: str
    kind: str
    directory: PurePosixPath | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxFiles:
    """What lies in the directories of one mailbox. Octets are None where there is no file.

    ``messages`` are FILE rows in any order. ``index_time`` is the index's mtime in seconds.
    ``directories`` says where each cyrus.* file lies, if not in meta, else data.
    ``cache_generations`` has what each cyrus.cache begins with.
    """

    header: bytes | None
    index: bytes | None
    messages: Rows
    odd_entries: tuple[OddEntry, ...] = ()
    index_time: int | None = None
    findings: tuple[Finding, ...] = field(default=())
    directories: Mapping[str, PurePosixPath] = field(default_factory=dict)
    cache_generations: Mapping[PurePosixPath, int] = field(default_factory=dict)


def join_mailbox(name: MailboxName, place: MailboxPlace, files: MailboxFiles) -> StoredMailbox:
    """One mailbox of its files, with all findings. Errors and the rest as `join_files`."""
    mailbox = join_files(name, place, files)
    return replace(mailbox, findings=(*mailbox.findings, *message_findings(mailbox)))


def join_files(name: MailboxName, place: MailboxPlace, files: MailboxFiles) -> StoredMailbox:
    """One mailbox of its files. Damage costs what is damaged, and never raises.

    Its findings are those about the mailbox; those about single messages, of which there
    may be a million, `message_findings` makes.

    Without a readable index ``has_index`` is False, ``records`` are empty and all message
    files are orphans. Seen is the bit of the record: the owner's, or everybody's
    where the mailbox shares it.
    """
    header, header_findings = _header(files.header)
    index, index_findings = _index(files.index)
    findings = [*files.findings, *name_findings(name), *header_findings, *index_findings]
    findings += _entry_findings(files.odd_entries)
    keywords = tuple(
        each if each is not None and is_keyword(each) else None
        for each in (header.keywords if header else ())
    )
    records: Rows = np.zeros(0, dtype=RECORD)
    orphans = files.messages[np.argsort(files.messages["uid"], kind="stable")]
    if index is not None:
        records, orphans = place_records(index.records, files.messages)
        findings += _keyword_findings(records, keywords)
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
    )
    findings += _cache_findings(mailbox.generation, files.cache_generations)
    if index is not None:
        findings += _guid_findings(records[mailbox.visible()])
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


def place_records(records: Rows, files: Rows) -> tuple[Rows, Rows]:
    """RECORD rows with what their files say, and the FILE rows without a record.

    What files say is ``place``, ``file_size`` and ``file_mtime``.

    Where both partitions have a file, the record's ARCHIVED flag says which one is meant.
    """
    placed = records.copy()
    placed["place"] = NOWHERE
    placed["file_size"] = placed["file_mtime"] = 0
    wants_archive = (placed["system_flags"] & np.uint32(ARCHIVED)) != 0
    for place, wanted in ((IN_DATA, wants_archive), (IN_ARCHIVE, ~wants_archive)):
        _place_from(placed, files[files["place"] == place], keep=wanted)
    orphans = files[~np.isin(files["uid"], placed["uid"])]
    return placed, orphans[np.argsort(orphans["uid"], kind="stable")]


def name_findings(name: MailboxName) -> tuple[Finding, ...]:
    """A finding for a name whose octets are no name that a server would accept."""
    if all(is_decodable(part) for part in name.parts):
        return ()
    text = "the directory's name is not valid modified UTF-7; it is kept octet by octet"
    return (_finding(Severity.NOTE, "name-not-decodable", name.admin, text),)


def _place_from(placed: Rows, files: Rows, *, keep: NDArray[np.bool_]) -> None:
    """Set place and size of the records that ``files`` have; where ``keep``, only the unplaced."""
    ordered = files[np.argsort(files["uid"], kind="stable")]
    if not len(ordered):
        return
    at = np.searchsorted(ordered["uid"], placed["uid"]).clip(max=len(ordered) - 1)
    hit = ordered["uid"][at] == placed["uid"]
    hit &= ~keep | (placed["place"] == NOWHERE)
    placed["place"][hit] = ordered["place"][at[hit]]
    placed["file_size"][hit] = ordered["size"][at[hit]]
    placed["file_mtime"][hit] = ordered["mtime"][at[hit]]


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


def _index(octets: bytes | None) -> tuple[Index | None, tuple[Finding, ...]]:
    lost = "flags, dates and what was deleted are lost"
    if octets is None:
        text = f"there is no cyrus.index; {lost}"
        return None, (_finding(Severity.BLOCKS, "index-missing", INDEX_FILE, text),)
    try:
        index = parse_index(octets)
    except FormatError as error:
        text = f"{error.what}; {lost}"
        return None, (_finding(Severity.BLOCKS, "index-unreadable", INDEX_FILE, text),)
    return index, index.findings


def _cache_findings(
    generation: int | None, cached: Mapping[PurePosixPath, int]
) -> Iterator[Finding]:
    """A cache whose generation is not that of the index: its records are of another time."""
    for file, found in sorted(cached.items()):
        if generation is not None and found != generation:
            text = f"the cache is of generation {found}, the index of {generation}; it is not used"
            finding = _finding(Severity.NOTE, "cache-of-another-generation", file.name, text)
            yield replace(finding, file=file)


def _entry_findings(entries: tuple[OddEntry, ...]) -> list[Finding]:
    return [_entry_finding(entry) for entry in entries]


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


def _keyword_findings(records: Rows, keywords: tuple[str | None, ...]) -> list[Finding]:
    live = records[(records["system_flags"] & np.uint32(UNLINKED)) == 0]
    findings = []
    for slot in range(SLOT_COUNT):
        if slot < len(keywords) and keywords[slot] is not None:
            continue
        bit = np.uint32(1 << (slot % 32))
        count = int(np.count_nonzero(live["user_flags"][:, slot // 32] & bit))
        if count:
            text = f"{count} messages have keyword {slot}, whose name is lost"
            subject = f"keyword {slot}"
            lost = _finding(Severity.LOSS, "keyword-without-name", subject, text)
            findings.append(replace(lost, count=count))
    return findings


def message_findings(mailbox: StoredMailbox) -> Iterator[Finding]:
    """What is wrong with single messages, lazily; of orphans only where there is an index."""
    if not mailbox.has_index:
        return
    visible = mailbox.records[mailbox.visible()]
    missing = visible[visible["place"] == NOWHERE]
    there = visible[visible["place"] != NOWHERE]
    differing = there[there["file_size"] != there["size"].astype("i8")]
    of = mailbox.place
    archived = (missing["system_flags"] & np.uint32(ARCHIVED)) != 0
    where = np.where(archived, IN_ARCHIVE if of.archive else IN_DATA, IN_DATA)
    text = "its file is not in the backup"
    for uid, at in zip(missing["uid"].tolist(), where.tolist(), strict=True):
        yield _message("message-file-missing", uid, text, message_file(of, uid, at))
    columns = [differing[name].tolist() for name in ("uid", "place", "file_size", "size")]
    for uid, at, size, stated in zip(*columns, strict=True):
        text = f"its file has {size} octets, the index says {stated}"
        file = message_file(of, uid, at)
        yield _message("message-file-size-differs", uid, text, file)
    text = "a message file that the index does not have; only its octets are known"
    columns = [mailbox.orphans[name].tolist() for name in ("uid", "place")]
    for uid, at in zip(*columns, strict=True):
        yield _message("message-file-without-record", uid, text, message_file(of, uid, at))


def _guid_findings(visible: Rows) -> list[Finding]:
    octets = np.frombuffer(visible["guid"].tobytes(), dtype="u1").reshape(-1, 20)
    count = int(np.count_nonzero(~octets.any(axis=1)))
    if not count:
        return []
    text = f"{count} messages have no GUID in the index; their octets cannot be checked"
    return [replace(_finding(Severity.NOTE, "guid-zero", INDEX_FILE, text), count=count)]


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
