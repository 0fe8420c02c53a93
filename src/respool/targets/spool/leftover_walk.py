"""Walks the directories of a live spool. Reads listings, opens no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import field
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from respool.backups.spool_layout import Partition, Shelf, directories_in, shelves_of
from respool.cyrus.imapd_conf import ServerConfiguration
from respool.cyrus.spool_paths import (
    DOMAIN,
    HEADER_FILE,
    INDEX_FILE,
    NOT_MAIL,
    UUID,
    PathRules,
    is_like_message_file,
    uids_of_files,
)
from respool.errors import BackupFileMissing
from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.messages import PartitionName
from respool.model.names import DELETED, USER
from respool.system.entry_kinds import EntryKind
from respool.system.read_only import ReadOnlyTree
from respool.targets.spool.leftovers import LooseDirectory

_DEPTH_LIMIT: Final = 64
_NO_ACCOUNT: Final = frozenset({DELETED, DOMAIN, UUID, "stage.", "sync."})
_OWN_FILES: Final = frozenset({HEADER_FILE, INDEX_FILE})
_NO: Final = frozenset({"off", "no", "false", "f", "0"})

# A partition's name and a directory below its roots.
Spot: TypeAlias = tuple[str, PurePosixPath]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSpool:
    """All partitions of a server. Paths are relative to ``/``, through no link.

    ``listed`` are directories that were looked into: of a mailbox its messages are counted, and
    then what is below it is walked through, and there may be a million files.
    """

    tree: ReadOnlyTree
    partitions: Mapping[str, Partition]
    shelves: tuple[Shelf, ...]
    has_meta: AbstractSet[str]  # which cyrus.* files lie on the metapartition
    rules: PathRules
    listed: dict[Spot, _Listing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A directory in all roots of its partition, with what is below it."""

    directory: PurePosixPath
    has_content: bool
    message_count: int  # of this directory alone
    is_owned: bool
    children: tuple[Branch, ...]

    @property
    def is_loose(self) -> bool:
        """Whether no mailbox owns this or anything below it."""
        return not self.is_owned and all(child.is_loose for child in self.children)

    @property
    def all_messages(self) -> int:
        """Message files at and below this."""
        return self.message_count + sum(child.all_messages for child in self.children)

    def filled(self) -> Iterator[PurePosixPath]:
        """The directories at and below this that hold files of a mailbox."""
        if self.has_content:
            yield self.directory
        for child in self.children:
            yield from child.filled()


def open_spool(configuration: ServerConfiguration) -> LiveSpool:
    """The spool that a server's configuration names.

    Raises:
        BackupFileMissing, BackupUnreadable: the root directory cannot be read.
    """
    tree = ReadOnlyTree("/")
    roots = {kind: configuration.roots(kind) for kind in ("", "meta", "archive")}
    partitions = {
        name: Partition(
            name=PartitionName(name),
            data=_real(data),
            meta=_real(roots["meta"].get(name)),
            archive=_real(roots["archive"].get(name)),
        )
        for name, data in roots[""].items()
    }
    shelves = tuple(
        shelf for partition in partitions.values() for shelf in shelves_of(tree, partition)
    )
    return LiveSpool(
        tree=tree,
        partitions=partitions,
        shelves=shelves,
        has_meta=configuration.meta_kinds,
        rules=PathRules(
            is_hashed=configuration.is_on("hashimapspool"),
            is_hashed_in_full=configuration.is_on("fulldirhash"),
            has_domains=configuration.text("virtdomains", "off").lower() not in _NO,
        ),
    )


def account_starts(spool: LiveSpool, account: Account) -> Iterator[tuple[Shelf, PurePosixPath]]:
    """The directories of an account after its name, on every shelf, deleted ones included."""
    below = PurePosixPath(*(part.replace(".", "^") for part in account.root.parts))
    for shelf in spool.shelves:
        if shelf.domain == account.domain:
            for start in (shelf.prefix / below, shelf.prefix / DELETED / below):
                if _is_there(spool.tree, shelf.partition, start):
                    yield shelf, start


def accounts_on_disk(spool: LiveSpool) -> Iterator[Account]:
    """The accounts that directories are named after; one can come many times."""
    for shelf in spool.shelves:
        for above in (shelf.prefix, shelf.prefix / DELETED):
            yield from _accounts_below(spool.tree, shelf, above)


def branch_at(
    spool: LiveSpool, partition: Partition, directory: PurePosixPath, owned: AbstractSet[Spot]
) -> Branch:
    """A directory with all that is below it; ``owned`` are the places of mailboxes."""
    listing = _listing(spool, partition, directory)
    is_deep = len(directory.parts) > _DEPTH_LIMIT
    return Branch(
        directory=directory,
        has_content=listing.has_content,
        message_count=listing.message_count,
        is_owned=(partition.name, directory) in owned,
        children=tuple(
            branch_at(spool, partition, directory / name, owned)
            for name in (() if is_deep else listing.directories)
        ),
    )


def loose_in(start: Branch) -> Iterator[tuple[Branch, bool]]:
    """The top-most branches with mail that no mailbox owns, and whether all of each is loose.

    ``start`` is an account's own directory. It is told of only where it holds mail itself:
    in the uuid layout it may be there for nothing but what was copied below it.
    """
    if start.is_loose and start.has_content:
        yield start, True
        return
    if start.has_content and not start.is_owned:
        yield start, False
    for child in start.children:
        if not child.is_loose:
            yield from loose_in(child)
        elif any(child.filled()):
            yield child, True


def loose_under_uuid(
    spool: LiveSpool, partition: Partition, owned: AbstractSet[Spot]
) -> Iterator[Branch]:
    """Directories named by a uniqueid that no mailbox has."""
    top = PurePosixPath(UUID)
    for first in _names(spool.tree, partition, top):
        for second in _names(spool.tree, partition, top / first):
            for uniqueid in _names(spool.tree, partition, top / first / second):
                directory = top / first / second / uniqueid
                if (partition.name, directory) not in owned:
                    branch = branch_at(spool, partition, directory, frozenset())
                    yield branch


def as_loose(
    spool: LiveSpool, partition: Partition, branch: Branch, subject: str, *, is_whole: bool
) -> LooseDirectory:
    """A loose branch as a value, with its directory in each root where it is there."""
    there = [root / branch.directory for root in partition.roots]
    return LooseDirectory(
        subject=subject,
        places=tuple(PurePosixPath("/") / one for one in there if spool.tree.is_directory(one)),
        message_count=branch.all_messages if is_whole else branch.message_count,
        is_whole=is_whole,
    )


def messages_in(spool: LiveSpool, spot: Spot) -> int:
    """How many message files lie in one directory, in all roots of its partition."""
    return _listing(spool, spool.partitions[spot[0]], spot[1]).message_count


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    has_content: bool
    message_count: int
    directories: tuple[str, ...]


def _listing(spool: LiveSpool, partition: Partition, directory: PurePosixPath) -> _Listing:
    """What one directory holds, in all roots of its partition together, once it is listed."""
    spot = (partition.name, directory)
    if spot not in spool.listed:
        spool.listed[spot] = _listed(spool.tree, partition, directory)
    return spool.listed[spot]


def _listed(tree: ReadOnlyTree, partition: Partition, directory: PurePosixPath) -> _Listing:
    count = 0
    others: set[str] = set()
    directories: set[str] = set()
    for root in partition.roots:
        with suppress(BackupFileMissing):
            names = tree.all_names(root / directory)
            directories.update(names.subdirectories())
            links = [name for name, kind in names.others if kind is not EntryKind.DIRECTORY]
            for text in (*names.files, "/".join(links)):
                uids, rest = uids_of_files(text)
                count += len(uids) + sum(map(is_like_message_file, rest))
                others.update(rest)
    return _Listing(
        has_content=count > 0 or not _OWN_FILES.isdisjoint(others),
        message_count=count,
        directories=tuple(sorted(filter(_is_name, directories))),
    )


def _names(tree: ReadOnlyTree, partition: Partition, directory: PurePosixPath) -> tuple[str, ...]:
    return tuple(filter(_is_name, directories_in(tree, partition, directory)))


def _is_name(name: str) -> bool:
    return name not in NOT_MAIL and not name.startswith(".")


def _accounts_below(tree: ReadOnlyTree, shelf: Shelf, above: PurePosixPath) -> Iterator[Account]:
    for name in _names(tree, shelf.partition, above):
        if name == USER:
            for login in _names(tree, shelf.partition, above / USER):
                yield _account(AccountKind.USER, login, shelf.domain)
        elif name not in _NO_ACCOUNT:
            yield _account(AccountKind.MAILSHARE, name, shelf.domain)


def _account(kind: AccountKind, directory: str, domain: str | None) -> Account:
    return Account(kind=kind, login=directory.replace("^", "."), domain=domain)


def _is_there(tree: ReadOnlyTree, partition: Partition, directory: PurePosixPath) -> bool:
    return any(tree.is_directory(root / directory) for root in partition.roots)


def _real(root: PurePosixPath | None) -> PurePosixPath | None:
    return None if root is None else PurePosixPath(Path(root).resolve()).relative_to("/")
