"""One mailbox checked: each of its files read once, and held against its index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from pathlib import PurePosixPath

import numpy as np

from respool.backups.cache_soundness import cache_findings
from respool.backups.hashed_directory import HashedDirectory, hash_directory
from respool.backups.listing import Listing
from respool.backups.source import SourceMailbox, files_of, list_meta
from respool.backups.stub_messages import marked_as_stubs
from respool.backups.whole_messages import Archive, with_bodies
from respool.cyrus.header import header_crc
from respool.cyrus.index import IndexHeader, parse_index_header
from respool.cyrus.mailbox import MailboxFiles, join_files, message_file, message_findings
from respool.cyrus.spool_paths import HEADER_FILE
from respool.errors import LibraryMissing
from respool.model.dataclasses import dataclass
from respool.model.finding_tally import FindingTally
from respool.model.findings import Finding, Severity
from respool.model.inventory import (
    ARCHIVED,
    CHECKED,
    EXPUNGED,
    IN_ARCHIVE,
    IN_DATA,
    UNLINKED,
    Rows,
    StoredMailbox,
)
from respool.model.messages import PartitionName
from respool.model.names import MailboxName
from respool.system.freed_memory import give_back_freed
from respool.system.link_table import LinkTable

_UNREADABLE_HEADER = frozenset({"header-missing", "header-unreadable", "file-unreadable"})
_MANY = 1 << 16  # messages that are held against each other at once
_PREAMBLE_OCTETS = 512  # no header of an index is longer


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedMailbox:
    """What was found in one mailbox.

    ``messages`` are those that its user sees (without an index, its files), ``expunged``
    those deleted and kept. ``files`` and ``octets`` were read, a file with several names
    where its first one was met. ``directories`` are all that were listed, each with the names
    of those in it.
    """

    name: MailboxName
    part_id: int | None
    spool: PurePosixPath
    place: PurePosixPath | None
    messages: int
    expunged: int
    files: int
    octets: int
    partition: PartitionName
    has_archived: bool
    has_stubs: bool
    uniqueid: str | None
    acl: Mapping[str, str]
    has_header: bool
    directories: Mapping[PurePosixPath, tuple[str, ...]]
    tally: FindingTally


@dataclass(slots=True, kw_only=True)
class HashedMailbox:
    """A mailbox whose files are being read: whole once neither directory has a rest.

    ``stubs`` is where the messages are that its stubs stand for; None: not asked.
    """

    source: SourceMailbox
    data: HashedDirectory
    archive: HashedDirectory
    findings: list[Finding] = field(default_factory=list)
    stubs: Archive | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every file was read."""
        return not self.data.rest and not self.archive.rest

    def of(self, place: int) -> HashedDirectory:
        """The directory of a place: IN_DATA or IN_ARCHIVE."""
        return self.archive if place == IN_ARCHIVE else self.data


def hash_mailbox(
    source: SourceMailbox, links: LinkTable, stubs: Archive | None = None
) -> HashedMailbox:
    """The message files of a mailbox; of very many the first ones.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    data, in_data = hash_directory(source, source.place.data, IN_DATA, links)
    archive, in_archive = hash_directory(source, source.place.archive, IN_ARCHIVE, links)
    return HashedMailbox(
        source=source,
        data=data,
        archive=archive,
        findings=[*source.findings, *in_data, *in_archive],
        stubs=stubs,
    )


def check_mailbox(hashed: HashedMailbox, limit: int) -> CheckedMailbox:
    """All that is wrong with a mailbox whose files were read; ``limit`` findings of a kind.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    source = hashed.source
    digests = {place: hashed.of(place).complete() for place in (IN_DATA, IN_ARCHIVE)}
    if sum(map(len, digests.values())) > _MANY:
        give_back_freed()  # what was read file by file: records come on top of it
    data, archive = hashed.data.listing, hashed.archive.listing
    meta = list_meta(source, data, hashed.findings)
    files = files_of(source, meta, data, archive, hashed.findings)
    mailbox = join_files(source.name, source.place, files, CHECKED)
    for listing in (data, archive):
        listing.read = listing.read[:0].copy()
    files = replace(files, messages=files.messages[:0].copy())
    tally = FindingTally(limit, mailbox.findings)
    tally.add(message_findings(mailbox))
    tally.add(guid_findings(mailbox, digests))
    del digests
    for place in (IN_DATA, IN_ARCHIVE):
        tally.add(hashed.of(place).findings())
    tally.add(stub_findings(source, mailbox, hashed.stubs))
    if mailbox.has_index and files.index is not None:
        header = parse_index_header(files.index[:_PREAMBLE_OCTETS])
        tally.add(header_findings(mailbox, header, files))
        tally.add(cache_findings(source, header, mailbox.records))
    return _checked(hashed, mailbox, (meta, data, archive), tally)


def guid_findings(mailbox: StoredMailbox, digests: Mapping[int, Rows]) -> Iterator[Finding]:
    """Messages whose octets are not those of their GUID, deleted ones that are kept too.

    ``digests`` are HASHED rows by place, in UID order. Those of another size than their
    record's are told as that, and only once.
    """
    records = mailbox.records
    flags = records["system_flags"]
    is_told = mailbox.visible() & (records["file_size"] != records["size"].view("i8"))
    known = (records["guid"] != np.void(bytes(20))) & ~is_told
    known &= (flags & np.uint32(UNLINKED)) == 0
    for place, hashed in digests.items():
        if not len(hashed):
            continue
        hashed_uids = np.ascontiguousarray(hashed["uid"])
        for start in range(0, len(records), _MANY):
            part = slice(start, start + _MANY)
            wanted = np.flatnonzero(known[part] & (records["place"][part] == place)) + start
            uids = records["uid"][wanted]
            at = np.searchsorted(hashed_uids, uids).clip(max=len(hashed) - 1)
            differs = hashed_uids[at] == uids
            differs &= hashed["digest"][at] != records["guid"][wanted]
            for number, hashed_at in zip(wanted[differs], at[differs], strict=True):
                digest = hashed["digest"][hashed_at].tobytes().hex()
                yield _guid_finding(mailbox, records[number], digest, place)


def header_findings(
    mailbox: StoredMailbox, header: IndexHeader, files: MailboxFiles
) -> Iterator[Finding]:
    """Whether the header is the one that the index was written beside; both need a CRC.

    Source: imap/mailbox.c, ``mailbox_lock_index``: ignored where either is 0 (2.5 on).
    """
    if files.header is None or not header.header_file_crc:
        return
    if any(each.code in _UNREADABLE_HEADER for each in mailbox.findings):
        return
    if header_crc(files.header) != header.header_file_crc:
        directory = files.directories.get(HEADER_FILE, mailbox.place.directory)
        yield Finding(
            severity=Severity.NOTE,
            code="header-file-crc-differs",
            subject=HEADER_FILE,
            text="it is not the one that the index was last written beside",
            file=None if directory is None else directory / HEADER_FILE,
        )


def _guid_finding(mailbox: StoredMailbox, row: np.void, digest: str, place: int) -> Finding:
    uid = int(row["uid"])
    deleted = ", of a message that was deleted and kept" if row["system_flags"] & EXPUNGED else ""
    return Finding(
        severity=Severity.LOSS,
        code="guid-differs",
        subject=f"message {uid}",
        text=f"the SHA-1 of its file is {digest}, the index says {row['guid'].tobytes().hex()}"
        + deleted,
        uid=uid,
        file=message_file(mailbox.place, uid, place),
    )


def stub_findings(
    source: SourceMailbox, mailbox: StoredMailbox, archive: Archive | None
) -> Iterator[Finding]:
    """Stubs of BlueMind 3.5 whose archived message cannot be read; each body is read once.

    That a generation has no archive at all is told of the generation.
    """
    if archive is None or not archive.is_there:
        return
    candidates = marked_as_stubs(mailbox) & (mailbox.visible() | mailbox.recoverable())
    bare = replace(mailbox, findings=())
    try:
        whole = with_bodies(source, bare, candidates, archive)
    except LibraryMissing as error:
        count = int(np.count_nonzero(candidates))
        yield Finding(
            severity=Severity.NOTE,
            code="hsm-body-unchecked",
            subject="stubs",
            text=f"{count:,} archived messages were not looked at: {error.what}",
            count=count,
        )
        return
    yield from (each for each in whole.mailbox.findings if each.code != "hsm-joined")


def _checked(
    hashed: HashedMailbox,
    mailbox: StoredMailbox,
    listings: tuple[Listing, ...],
    tally: FindingTally,
) -> CheckedMailbox:
    seen = int(np.count_nonzero(mailbox.visible()))
    both = (hashed.data.hashes, hashed.archive.hashes)
    return CheckedMailbox(
        name=mailbox.name,
        part_id=hashed.source.part_id,
        spool=hashed.source.spool,
        place=mailbox.place.directory,
        messages=seen if mailbox.has_index else len(mailbox.orphans),
        expunged=int(np.count_nonzero(mailbox.recoverable())),
        files=sum(each.files for each in both),
        octets=sum(each.octets for each in both),
        partition=mailbox.place.partition,
        has_archived=bool((mailbox.records["system_flags"] & np.uint32(ARCHIVED)).any()),
        has_stubs=bool(marked_as_stubs(mailbox).any()),
        uniqueid=mailbox.uniqueid,
        acl=mailbox.acl,
        has_header=not any(each.code in _UNREADABLE_HEADER for each in mailbox.findings),
        directories={
            each.directory: tuple(each.subdirectories)
            for each in listings
            if each.directory is not None
        },
        tally=tally,
    )
