"""Which records of a mailbox fulfil conditions, and a mailbox of some of its records alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from respool.model.accounts import folder_path
from respool.model.conditions import Conditions, is_in_folders
from respool.model.findings import Finding, Severity
from respool.model.inventory import EXPUNGED, StoredMailbox
from respool.model.messages import SYSTEM_FLAGS
from respool.model.state import UidSet

Mask = NDArray[np.bool_]
_BITS = {name.lower(): bit for bit, name in SYSTEM_FLAGS}
_NO_GUID = bytes(20)


def record_mask(conditions: Conditions, mailbox: StoredMailbox) -> Mask:
    """Mask of the records of which nothing in the index speaks against ``conditions``.

    A record without a GUID may be that of any: its file must be asked. Needs the columns
    ``last_updated`` where `deleted_since` is asked for.
    """
    records = mailbox.records
    is_deleted = mailbox.name.is_deleted
    path = folder_path(mailbox.name)
    if not is_in_folders(conditions.folders, path, is_deleted=is_deleted):
        return np.zeros(len(records), dtype=np.bool_)
    mask: Mask = np.ones(len(records), dtype=np.bool_)
    for each in _masks(conditions, mailbox):
        mask &= each
    return mask


def _masks(wanted: Conditions, mailbox: StoredMailbox) -> Iterator[Mask]:
    """One after the other, each made when it is asked for."""
    records = mailbox.records
    if wanted.uids is not None:
        yield wanted.uids.mask(records["uid"])
    if wanted.guids:
        yield _with_guids(mailbox, wanted.guids)
    if wanted.since is not None:
        yield records["internaldate"] >= int(wanted.since.timestamp())
    if wanted.before is not None:
        yield records["internaldate"] < int(wanted.before.timestamp())
    if wanted.larger is not None:
        yield records["size"] > np.uint64(wanted.larger)
    if wanted.deleted_since is not None:
        yield _deleted_since(mailbox, int(wanted.deleted_since.timestamp()))
    for flag in wanted.flags:
        yield _with_flag(mailbox, flag)


def _with_guids(mailbox: StoredMailbox, guids: tuple[str, ...]) -> Mask:
    mask = mailbox.has_guid(_NO_GUID)
    for each in guids:
        mask |= mailbox.has_guid(bytes.fromhex(each))
    return mask


def _deleted_since(mailbox: StoredMailbox, then: int) -> Mask:
    """What was still there when its folder was deleted is deleted with it; an expunged record
    is changed for the last time.
    """
    records, folder = mailbox.records, mailbox.name.deleted_at
    expunged: Mask = (records["system_flags"] & np.uint32(EXPUNGED)) != 0
    found: Mask = expunged & (records["last_updated"] >= then)
    if folder is not None and int(folder.timestamp()) >= then:
        found |= ~expunged
    return found


def _with_flag(mailbox: StoredMailbox, flag: str) -> Mask:
    records = mailbox.records
    bit = _BITS.get(flag.lower())
    if bit is not None:
        return np.asarray((records["system_flags"] & np.uint32(bit)) != 0)
    mask: Mask = np.zeros(len(records), dtype=np.bool_)
    for slot, keyword in enumerate(mailbox.keywords):
        if keyword is not None and keyword.lower() == flag.lower():
            words = records["user_flags"][:, slot // 32]
            mask |= (words >> np.uint32(slot % 32)) & np.uint32(1) != 0
    return mask


def only(mailbox: StoredMailbox, uids: UidSet, *, is_exact: bool) -> StoredMailbox:
    """``mailbox`` as if it held the messages of ``uids`` alone, with what is said of them.

    ``is_exact``: they were named one by one, so that damage that says nothing of a single
    message says nothing of them; else it may be why one was not found.
    """
    return replace(
        mailbox,
        records=mailbox.records[uids.mask(mailbox.records["uid"])],
        orphans=mailbox.orphans[uids.mask(mailbox.orphans["uid"])],
        findings=tuple(
            each for each in mailbox.findings if _is_about(each, uids, is_exact=is_exact)
        ),
    )


def _is_about(finding: Finding, uids: UidSet, *, is_exact: bool) -> bool:
    if finding.uid is None:
        return not (is_exact and finding.severity is Severity.LOSS)
    return any(first <= finding.uid <= last for first, last in uids.ranges)
