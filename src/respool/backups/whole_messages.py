"""Stubs of a mailbox replaced by the messages that they stand for, where those can be read.

What is restored of a stub with a sound body is the message that BlueMind had archived: its
size and SHA-1, the stub's UID, date and flags, and no keyword that says that it is archived.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.backups.source import SourceMailbox
from respool.backups.stub_messages import (
    FoundStub,
    Whole,
    examined,
    marked_as_stubs,
    stub_slots,
    stubs_among,
)
from respool.bluemind.stubs import KEYWORD
from respool.errors import BackupError, BackupFileMissing, FormatError
from respool.model.findings import Finding, Severity
from respool.model.hsm import StorePlace
from respool.model.inventory import Rows, StoredMailbox

_MAJOR: Final = re.compile(r"(?<![0-9.])([0-9]+)\.", re.ASCII)
_LAST_WITH_STUBS: Final = 3
_WORDS: Final = 4
_SLOTS_A_WORD: Final = 32
# What a record says of the stub's octets, and the message has otherwise.
_OF_THE_STUB: Final = (
    "header_size",
    "sentdate",
    "gmtime",
    "cache_offset",
    "cache_version",
    "cache_crc",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeMailbox:
    """A mailbox whose stubs are joined where they can be.

    ``stubs`` counts those that were looked at; ``joined`` are the UIDs of those whose record
    is now that of the message.
    """

    mailbox: StoredMailbox
    stubs: int
    joined: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The account's directories of an archive; ``is_there``: the generation has one at all."""

    stores: tuple[StorePlace, ...]
    is_there: bool


def may_have_stubs(software: str | None) -> bool:
    """Whether a generation's software made stubs: BlueMind up to 3.5, or unknown.

    >>> may_have_stubs("BlueMind 3.5.14"), may_have_stubs("4.9.2"), may_have_stubs(None)
    (True, False, True)
    """
    major = _MAJOR.search(software or "")
    return major is None or int(major[1]) <= _LAST_WITH_STUBS


def possible_stubs(
    mailbox: StoredMailbox, read: StoredMailbox, *, reads_files: bool
) -> NDArray[np.bool_]:
    """Mask of the records of ``mailbox`` that may be stubs.

    Those are marked by a keyword. With ``reads_files``, those too of which no keyword can
    tell: made of files alone, or with a keyword whose name is lost. ``read`` is the mailbox
    before records were made of files, or metadata was left aside.
    """
    mask = marked_as_stubs(mailbox)
    if not reads_files:
        return mask
    if mailbox.keywords != read.keywords:  # metadata was left aside
        return np.ones(len(mailbox.records), dtype=np.bool_)
    if len(mailbox.records) != len(read.records):
        mask |= ~np.isin(mailbox.records["uid"], read.records["uid"])
    nameless = (mailbox.records["user_flags"] & _nameless_bits(mailbox)) != 0
    found: NDArray[np.bool_] = mask | nameless.any(axis=1)
    return found


def with_bodies(
    source: SourceMailbox,
    mailbox: StoredMailbox,
    candidates: NDArray[np.bool_],
    archive: Archive,
) -> WholeMailbox:
    """``mailbox`` with those of ``candidates`` that are stubs joined, and findings of each
    that is not.

    Raises:
        LibraryMissing: a body is compressed, and the library for that is not installed.
    """
    if not candidates.any():
        return WholeMailbox(mailbox=mailbox, stubs=0, joined=frozenset())
    records = mailbox.records.copy()
    findings: list[Finding] = []
    joined: set[int] = set()
    count = 0
    for found in stubs_among(source, records[candidates]):
        count += 1
        whole = _whole(found, archive, findings)
        if whole is not None:
            _replace(records, found.uid, whole, mailbox)
            joined.add(found.uid)
    if joined:
        text = (
            f"{len(joined)} messages that BlueMind had archived come back whole,"
            f" without the keyword {KEYWORD}"
        )
        findings.append(_finding(Severity.NOTE, "hsm-joined", text, None))
    return WholeMailbox(
        mailbox=replace(mailbox, records=records, findings=(*mailbox.findings, *findings)),
        stubs=count,
        joined=frozenset(joined),
    )


def stub_ids(found: Iterator[FoundStub]) -> Iterator[str]:
    """The ids of those stubs that have one."""
    for each in found:
        if each.stub.hsm_id is not None:
            yield each.stub.hsm_id


def _whole(found: FoundStub, archive: Archive, findings: list[Finding]) -> Whole | None:
    hsm_id, uid = found.stub.hsm_id, found.uid
    if hsm_id is None:
        text = "a stub of an archived message, whose id is none; it comes back as a stub"
        findings.append(_finding(Severity.LOSS, "hsm-id-invalid", text, uid))
        return None
    try:
        whole = examined(found, archive.stores)
    except BackupFileMissing:
        is_there = archive.is_there
        severity = Severity.LOSS if is_there else Severity.NOTE
        code = "hsm-body-missing" if is_there else "hsm-store-missing"
        where = "the archive of this backup" if is_there else "this backup, which has no archive"
        text = f"a stub; its message {hsm_id} is not in {where}"
        findings.append(_finding(severity, code, text, uid))
        return None
    except (FormatError, BackupError) as error:
        text = f"its archived message {hsm_id} cannot be read, it comes back as a stub:"
        text = f"{text} {error.what}{f' ({error.why})' if error.why else ''}"
        findings.append(_finding(Severity.LOSS, "hsm-body-damaged", text, uid))
        return None
    if whole.may_be_cut:
        text = f"its archived message {hsm_id} ends with a full block: more may have followed"
        findings.append(_finding(Severity.LOSS, "hsm-body-may-be-cut", text, uid))
    return whole


def _replace(records: Rows, uid: int, whole: Whole, mailbox: StoredMailbox) -> None:
    at = int(np.searchsorted(records["uid"], uid))
    records["guid"][at] = np.void(whole.guid)
    records["size"][at] = records["file_size"][at] = whole.size_bytes
    for column in _OF_THE_STUB:
        records[column][at] = 0
    for slot in stub_slots(mailbox):
        records["user_flags"][at, slot // _SLOTS_A_WORD] &= ~np.uint32(1 << slot % _SLOTS_A_WORD)


def _nameless_bits(mailbox: StoredMailbox) -> NDArray[np.uint32]:
    bits = np.zeros(_WORDS, dtype=np.uint32)
    for slot in range(_WORDS * _SLOTS_A_WORD):
        if slot >= len(mailbox.keywords) or mailbox.keywords[slot] is None:
            bits[slot // _SLOTS_A_WORD] |= np.uint32(1 << slot % _SLOTS_A_WORD)
    return bits


def _finding(severity: Severity, code: str, text: str, uid: int | None) -> Finding:
    subject = "stubs" if uid is None else f"message {uid}"
    return Finding(severity=severity, code=code, subject=subject, text=text, uid=uid)
