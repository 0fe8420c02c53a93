"""Stubs of a mailbox replaced by the messages that they stand for, where those can be read.

What is restored of a stub with a sound body is the message that BlueMind had archived: its
size and SHA-1, the stub's UID, date and flags, and no keyword that says that it is archived.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
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
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.hsm import StorePlace
from respool.model.inventory import Rows, StoredMailbox
from respool.model.many_findings import SINGLE_LIMIT, at_most

_MAJOR: Final = re.compile(r"(?<![0-9.])([0-9]+)\.", re.ASCII)
_LAST_WITH_STUBS: Final = 3
_WORDS: Final = 4
_SLOTS_A_WORD: Final = 32
# What a record says of the stub's octets, and the message has otherwise.
_OF_THE_STUB: Final = frozenset(
    {"header_size", "sentdate", "gmtime", "cache_offset", "cache_version", "cache_crc"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeMailbox:
    """A mailbox whose stubs are joined where they can be.

    ``stubs`` counts those that were looked at, ``damaged`` those whose body cannot be read;
    ``joined`` are the UIDs of those whose record is now that of the message.
    """

    mailbox: StoredMailbox
    stubs: int = 0
    damaged: int = 0
    joined: frozenset[int] = frozenset()


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
    for word, bits in enumerate(_nameless_bits(mailbox)):  # one by one: no copy of all of them
        if bits:
            mask |= (mailbox.records["user_flags"][:, word] & bits) != 0
    return mask


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
        return WholeMailbox(mailbox=mailbox)
    records = mailbox.records
    said = _Said()
    joined: set[int] = set()
    count = 0
    for found in stubs_among(source, mailbox.records, candidates):
        count += 1
        whole = _whole(found, archive, said)
        if whole is not None:
            records = records if joined else records.copy()
            _replace(records, found.uid, whole, mailbox)
            joined.add(found.uid)
    findings = tuple(said.findings(len(joined)))
    return WholeMailbox(
        mailbox=replace(mailbox, records=records, findings=(*mailbox.findings, *findings)),
        stubs=count,
        damaged=said.counts["hsm-body-damaged"] + said.counts["hsm-id-invalid"],
        joined=frozenset(joined),
    )


def stub_ids(found: Iterator[FoundStub]) -> Iterator[str]:
    """The ids of those stubs that have one."""
    for each in found:
        if each.stub.hsm_id is not None:
            yield each.stub.hsm_id


class _Said:
    """Findings of single stubs, of which a mailbox may have a million: the first of each kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._first: dict[str, list[Finding]] = {}

    def add(self, severity: Severity, code: str, uid: int, text: str) -> None:
        """One more of a kind."""
        self.counts[code] += 1
        if self.counts[code] <= SINGLE_LIMIT:
            finding = Finding(
                severity=severity, code=code, subject=f"message {uid}", text=text, uid=uid
            )
            self._first.setdefault(code, []).append(finding)

    def findings(self, joined: int) -> Iterator[Finding]:
        """All that was said, and that ``joined`` came back."""
        for code, first in self._first.items():
            yield from at_most(iter(first), self.counts[code])
        if joined:
            text = (
                f"{joined:,} messages that BlueMind had archived come back whole,"
                f" without the keyword {KEYWORD}"
            )
            yield Finding(severity=Severity.NOTE, code="hsm-joined", subject="stubs", text=text)


def _whole(found: FoundStub, archive: Archive, said: _Said) -> Whole | None:
    hsm_id, uid = found.stub.hsm_id, found.uid
    if hsm_id is None:
        text = "a stub of an archived message, whose id is none; it comes back as a stub"
        said.add(Severity.LOSS, "hsm-id-invalid", uid, text)
        return None
    try:
        whole = examined(found, archive.stores)
    except BackupFileMissing:
        if archive.is_there:
            text = f"a stub; its message {hsm_id} is not in the archive of this backup"
            said.add(Severity.LOSS, "hsm-body-missing", uid, text)
        else:
            text = f"a stub; its message {hsm_id} is not in this backup, which has no archive"
            said.add(Severity.NOTE, "hsm-store-missing", uid, text)
        return None
    except (FormatError, BackupError) as error:
        why = f" ({error.why})" if error.why else ""
        text = f"a stub; its archived message {hsm_id} cannot be read: {error.what}{why}"
        said.add(Severity.LOSS, "hsm-body-damaged", uid, text)
        return None
    if whole.may_be_cut:
        text = f"its archived message {hsm_id} ends with a full block: more may have followed"
        said.add(Severity.LOSS, "hsm-body-may-be-cut", uid, text)
    return whole


def _replace(records: Rows, uid: int, whole: Whole, mailbox: StoredMailbox) -> None:
    at = int(np.searchsorted(records["uid"], uid))
    records["guid"][at] = np.void(whole.guid)
    records["size"][at] = records["file_size"][at] = whole.size_bytes
    for column in _OF_THE_STUB & set(records.dtype.names or ()):
        records[column][at] = 0
    for slot in stub_slots(mailbox):
        records["user_flags"][at, slot // _SLOTS_A_WORD] &= ~np.uint32(1 << slot % _SLOTS_A_WORD)


def _nameless_bits(mailbox: StoredMailbox) -> NDArray[np.uint32]:
    bits = np.zeros(_WORDS, dtype=np.uint32)
    for slot in range(_WORDS * _SLOTS_A_WORD):
        if slot >= len(mailbox.keywords) or mailbox.keywords[slot] is None:
            bits[slot // _SLOTS_A_WORD] |= np.uint32(1 << slot % _SLOTS_A_WORD)
    return bits
