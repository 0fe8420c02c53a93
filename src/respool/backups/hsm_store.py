"""The store of mail that BlueMind 3.5 archived: where a generation has it, and whose is what.

Bodies are kept by the uid of the mailbox in BlueMind's directory. Of a user his INBOX names
it: ACL identifiers are ``<directory uid>@<domain uid>``. Of a mailshare nothing in the spool
does; the directory with the bodies of its stubs is its own.

Source: SnappyStore.java, MboxRestoreService.java, DbAclToCyrusAcl.java; docs/reference/formats.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from respool.backups.contents import accounts_in, root_mailbox
from respool.backups.source import read_header, tree_at
from respool.bluemind.stubs import is_hsm_id
from respool.errors import BackupError, BackupFileMissing
from respool.model.accounts import Account, AccountKind
from respool.model.generations import Generation
from respool.model.hsm import StorePlace

ARCHIVE_TAG: Final = "mail/archive"
_BASES: Final = tuple(
    PurePosixPath(below, "bm-hsm", "snappy", "user") for below in ("var/spool", "spool", "")
)
_IDS_COMPARED: Final = 50
_ADMINISTRATORS: Final = frozenset({"admin0", "cyrus", "bmhiddensysadmin"})


def stores_of(generation: Generation) -> tuple[StorePlace, ...]:
    """The stores of a generation; one in a part of mail itself first, then newer parts first."""
    others = [other for other in generation.others if other.tag == ARCHIVE_TAG]
    others.sort(key=lambda other: other.part_id, reverse=True)
    places = [part.place for part in generation.parts if part.staged is None]
    return tuple(
        StorePlace(spool=place, directory=base)
        for place in (*places, *(other.place for other in others))
        for base in _bases_at(place)
    )


def places_of(
    generation: Generation,
    account: Account,
    root_acl: Mapping[str, str],
    ids: Callable[[], Iterable[str]],
) -> tuple[StorePlace, ...]:
    """The directories that hold the bodies of an account, or none.

    ``root_acl`` is that of its INBOX or root. ``ids`` are those of its stubs, asked for only
    where the ACL does not tell.
    """
    stores = stores_of(generation)
    domain = account.domain
    if not stores or domain is None:
        return ()
    uids = sorted({uid for store in stores for uid in _names(store, domain)})
    if account.kind is AccountKind.USER:
        owners = [uid for uid in uids if uid in _owners(root_acl, domain)]
        uid = owners[0] if len(owners) == 1 else None
        if len(owners) > 1:
            uid = _uid_with(stores, domain, owners, ids())
        if owners:
            return _below(stores, domain, uid)
    uid = _uid_with(stores, domain, uids, ids())
    if uid is not None and _is_of_another(generation, account, domain, uid):
        uid = None
    return _below(stores, domain, uid)


def has_body(places: Iterable[StorePlace], hsm_id: str) -> bool:
    """Whether one of ``places`` has a body with that id."""
    try:
        os.close(body_fd(places, hsm_id))
    except BackupError:
        return False
    return True


def body_fd(places: Iterable[StorePlace], hsm_id: str) -> int:
    """A descriptor of a body, of the first place that has it; the caller closes it.

    Raises:
        BackupFileMissing: none has it.
        UnsafeBackupEntry, BackupUnreadable: something else stands there.
    """
    if is_hsm_id(hsm_id):
        for place in places:
            directory = place.directory / hsm_id[0] / hsm_id[1]
            with suppress(BackupFileMissing):
                return tree_at(place.spool).fd_in(directory, hsm_id)
    raise BackupFileMissing(f"no archived message {hsm_id!r:.60} in the backup")


def _bases_at(place: PurePosixPath) -> Iterator[PurePosixPath]:
    with suppress(BackupError):
        tree = tree_at(place)
        yield from (base for base in _BASES if tree.is_directory(base))


def _names(store: StorePlace, domain: str) -> tuple[str, ...]:
    with suppress(BackupError):
        return tree_at(store.spool).subdirectories(store.directory / domain)
    return ()


def _below(stores: Iterable[StorePlace], domain: str, uid: str | None) -> tuple[StorePlace, ...]:
    if uid is None:
        return ()
    return tuple(
        StorePlace(spool=store.spool, directory=store.directory / domain / uid)
        for store in stores
        if tree_at(store.spool).is_directory(store.directory / domain / uid)
    )


def _owners(acl: Mapping[str, str], domain: str) -> frozenset[str]:
    """Directory uids that have all rights: the owner, and whom he let do everything."""
    ending = f"@{domain}"
    people = {
        identifier.removesuffix(ending)
        for identifier, rights in acl.items()
        if "a" in rights and identifier.endswith(ending)
        if not identifier.startswith(("-", "group:"))
    }
    return frozenset(people - _ADMINISTRATORS)


def _uid_with(
    stores: Sequence[StorePlace], domain: str, uids: Iterable[str], ids: Iterable[str]
) -> str | None:
    """The directory that has the most of the first ``ids``; None where none has any."""
    compared = tuple(islice(ids, _IDS_COMPARED))
    counts = {
        uid: sum(has_body(_below(stores, domain, uid), hsm_id) for hsm_id in compared)
        for uid in uids
    }
    best = max(counts, key=lambda uid: counts[uid], default=None)
    return best if best is not None and counts[best] else None


def _is_of_another(generation: Generation, account: Account, domain: str, uid: str) -> bool:
    """Whether the INBOX of another user names ``uid`` as its owner."""
    for other in accounts_in(generation):
        if other.kind is not AccountKind.USER or other.domain != domain or other == account:
            continue
        if other.login == uid:
            return True
        root = root_mailbox(generation, other)
        header = None if root is None else read_header(root)
        if header is not None and uid in _owners(header.acl, domain):
            return True
    return False
