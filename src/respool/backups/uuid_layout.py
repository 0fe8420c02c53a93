"""The uuid layout of Cyrus 3.6 and later: one directory a mailbox, called by its uniqueid.

``mailboxes.db`` says which mailbox that is; where a backup has none, or it does not know the
id, the header does. The header's name is that of when it was last written: after a rename
it can be the old one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

from respool.backups.server_state import server_state
from respool.backups.spool_layout import Partition, directories_in
from respool.cyrus.header import parse_header
from respool.cyrus.spool_paths import HEADER_FILE, UUID, uuid_directory
from respool.errors import BackupError, FormatError
from respool.model.findings import Finding, Severity
from respool.model.inventory import MailboxPlace
from respool.model.names import MailboxName, parse_internal_name
from respool.system.live_tree import LiveTree
from respool.system.read_only import ReadOnlyTree

_HEADER_LIMIT: Final = 1 << 20
_ID: Final = re.compile(r"[A-Za-z0-9-]{2,64}", re.ASCII)  # of a live server or another header


def uuid_mailboxes(
    tree: ReadOnlyTree, partition: Partition
) -> tuple[tuple[MailboxName, MailboxPlace], ...]:
    """The mailboxes of a partition's uuid layout that something gives a name."""
    return tuple((name, place) for name, place in _listed(tree, partition) if name is not None)


def uuid_mailboxes_named(
    tree: ReadOnlyTree, partition: Partition, name: MailboxName, likely_ids: Iterable[str]
) -> tuple[tuple[MailboxName, MailboxPlace], ...]:
    """The mailboxes called ``name``: of ``likely_ids``, else of all."""
    places = [
        _place(tree, partition, uuid_directory(uniqueid))
        for uniqueid in likely_ids
        if _ID.fullmatch(uniqueid)
    ]
    found = tuple((name, place) for place in places if _name(tree, place) == name)
    return found or tuple(each for each in uuid_mailboxes(tree, partition) if each[0] == name)


def nameless_in(tree: ReadOnlyTree, partition: Partition) -> tuple[Finding, ...]:
    """A finding for each directory of the uuid layout that nothing gives a name."""
    return tuple(
        Finding(
            severity=Severity.BLOCKS,
            code="mailbox-without-name",
            subject=str(place.directory),
            text="a mailbox whose header is missing or unreadable; mailboxes.db does not name it",
            file=place.directory,
        )
        for name, place in _listed(tree, partition)
        if name is None
    )


@lru_cache(maxsize=16)
def _listed(
    tree: ReadOnlyTree, partition: Partition
) -> tuple[tuple[MailboxName | None, MailboxPlace], ...]:
    return tuple(
        (_name(tree, place), place)
        for directory in _directories(tree, partition)
        for place in (_place(tree, partition, directory),)
    )


def _directories(tree: ReadOnlyTree, partition: Partition) -> Iterator[PurePosixPath]:
    """``uuid/x/y/xy…``, each once."""
    top = PurePosixPath(UUID)
    for first in directories_in(tree, partition, top):
        for second in directories_in(tree, partition, top / first):
            for uniqueid in directories_in(tree, partition, top / first / second):
                yield top / first / second / uniqueid


def _place(tree: ReadOnlyTree, partition: Partition, directory: PurePosixPath) -> MailboxPlace:
    there = {
        root: root / directory for root in partition.roots if tree.is_directory(root / directory)
    }
    return MailboxPlace(
        partition=partition.name,
        data=there.get(partition.data) if partition.data else None,
        meta=there.get(partition.meta) if partition.meta else None,
        archive=there.get(partition.archive) if partition.archive else None,
    )


def _name(tree: ReadOnlyTree, place: MailboxPlace) -> MailboxName | None:
    directories = [each for each in (place.meta, place.data, place.archive) if each is not None]
    if not directories:
        return None
    place_of_part = tree.place if isinstance(tree, LiveTree) else tree.root
    in_database = server_state(place_of_part).name_of_id(directories[0].name)
    return _name_in_header(tree, place) if in_database is None else in_database


def _name_in_header(tree: ReadOnlyTree, place: MailboxPlace) -> MailboxName | None:
    for directory in (place.meta, place.data):
        if directory is None:
            continue
        try:
            header = parse_header(tree.read(directory / HEADER_FILE, _HEADER_LIMIT))
            if header.internal_name:
                return parse_internal_name(header.internal_name)
        except (BackupError, FormatError, ValueError):
            continue
    return None
