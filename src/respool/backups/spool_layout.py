"""Which partitions a spool has: of a backup found by what lies there, never by settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from respool.cyrus.spool_paths import (
    DOMAIN,
    INDEX_FILE,
    UUID,
    NamedDirectory,
    is_like_message_file,
    is_single_letter,
)
from respool.errors import BackupFileMissing
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.messages import PartitionName
from respool.system.live_tree import LiveTree
from respool.system.read_only import EntryKind, ReadOnlyTree

DATA: Final = "data"
META: Final = "meta"
# Of a copy of /, of /var, of /var/spool; "imap" is upstream's and Red Hat's.
_BASES: Final = (
    PurePosixPath("var/spool/cyrus"),
    PurePosixPath("var/spool/imap"),
    PurePosixPath("spool/cyrus"),
    PurePosixPath("spool/imap"),
    PurePosixPath("cyrus"),
    PurePosixPath("imap"),
    PurePosixPath(),
)
_ARCHIVES: Final = (
    PurePosixPath("var/spool/bm-hsm/cyrus-archives"),
    PurePosixPath("spool/bm-hsm/cyrus-archives"),
    PurePosixPath("bm-hsm/cyrus-archives"),
    PurePosixPath("cyrus-archives"),
    PurePosixPath("archive"),
)
_ROOTS: Final = frozenset({DOMAIN, UUID})
_MARKS: Final = _ROOTS | {"user", "stage."}
_SAMPLED_DIRECTORIES: Final = 5000
_DEPTH_LIMIT: Final = 64
_NOTHING: Final = frozenset({"sync.", "lost+found"})
_NO_MAIL: Final = frozenset({"stage.", "sync.", "lost+found"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition: its roots relative to the spool's place; None for one that is not there.

    Without ``meta``, the cyrus.* files are beside the messages.
    """

    name: PartitionName
    data: PurePosixPath | None
    meta: PurePosixPath | None
    archive: PurePosixPath | None

    @property
    def roots(self) -> tuple[PurePosixPath, ...]:
        """The roots that are there, meta first."""
        return tuple(root for root in (self.meta, self.data, self.archive) if root is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A directory of a partition that holds accounts: one letter of one domain.

    ``prefix`` is relative to each root of the partition.
    """

    partition: Partition
    domain: str | None
    prefix: PurePosixPath
    is_hashed: bool


def find_partitions(tree: ReadOnlyTree) -> tuple[Partition, ...]:
    """The partitions of a spool by name; empty where nothing looks like one.

    ``data/P`` and ``meta/P`` as BlueMind has them, with archives beside; else directories
    that hold domains or letters themselves, as before meta was split off. Of the live
    server those that its configuration names.
    """
    if isinstance(tree, LiveTree):
        return _configured(tree)
    for base in _BASES:
        found = _partitions_at(tree, base)
        if found:
            return found
    return ()


def shelves_of(tree: ReadOnlyTree, partition: Partition) -> Iterator[Shelf]:
    """The shelves of a partition in the names layout, by domain and letter."""
    for domain, prefix in _domains(tree, partition):
        names = [name for name in directories_in(tree, partition, prefix) if name not in _NO_MAIL]
        if domain is None:
            names = [name for name in names if name not in {DOMAIN, UUID}]
        if any(is_single_letter(name) for name in names) and "user" not in names:
            for letter in filter(is_single_letter, names):
                yield Shelf(
                    partition=partition, domain=domain, prefix=prefix / letter, is_hashed=True
                )
        elif names:
            yield Shelf(partition=partition, domain=domain, prefix=prefix, is_hashed=False)


def directories_in(
    tree: ReadOnlyTree, partition: Partition, below: PurePosixPath
) -> tuple[str, ...]:
    """Names of the directories at a place in any root of a partition, sorted."""
    return _directories_in(tree, partition.roots, below)


def folders_below(
    tree: ReadOnlyTree,
    roots: Sequence[PurePosixPath],
    start: PurePosixPath = PurePosixPath(),  # noqa: B008 - a value
    depth: int = 0,
) -> Iterator[PurePosixPath]:
    """``start`` and all directories below it that any of the roots has, parents first."""
    if not any(tree.is_directory(root / start) for root in roots):
        return
    yield start
    if depth < _DEPTH_LIMIT:
        for name in _directories_in(tree, roots, start):
            yield from folders_below(tree, roots, start / name, depth + 1)


def letter_findings(
    named: NamedDirectory | None, directory: PurePosixPath | None
) -> tuple[Finding, ...]:
    """A finding where a mailbox lies under a letter that no server would look under."""
    if named is None or named.is_letter_right:
        return ()
    text = f'it lies under the letter "{named.letter}", where a server would not look for it'
    name = named.name.display
    return (
        Finding(
            severity=Severity.NOTE,
            code="letter-differs",
            subject=name,
            text=text,
            file=directory,
        ),
    )


def _directories_in(
    tree: ReadOnlyTree, roots: Sequence[PurePosixPath], below: PurePosixPath
) -> tuple[str, ...]:
    found: set[str] = set()
    for root in roots:
        found.update(tree.subdirectories(root / below))
    return tuple(sorted(found))


def _domains(
    tree: ReadOnlyTree, partition: Partition
) -> Iterator[tuple[str | None, PurePosixPath]]:
    top = directories_in(tree, partition, PurePosixPath())
    if DOMAIN in top:
        below = PurePosixPath(DOMAIN)
        names = directories_in(tree, partition, below)
        for name in names:
            if not is_single_letter(name):
                yield name, below / name
                continue
            for domain in directories_in(tree, partition, below / name):
                yield domain, below / name / domain
    if any(name not in _NO_MAIL | {DOMAIN, UUID} for name in top):
        yield None, PurePosixPath()


def _partitions_at(tree: ReadOnlyTree, base: PurePosixPath) -> tuple[Partition, ...]:
    names = tree.subdirectories(base)
    if _is_partition(tree, base):
        return (_whole(base.name or "default", base),)
    found: dict[str, Partition] = {}
    if _is_partition(tree, base / DATA):
        meta = base / META if META in names else None
        found[DATA] = Partition(
            name=PartitionName(DATA), data=base / DATA, meta=meta, archive=None
        )
    elif DATA in names or META in names:
        found = _split_partitions(tree, base)
    for name in names:
        if name not in {DATA, META} and _is_partition(tree, base / name):
            found.setdefault(name, _whole(name, base / name))
    return tuple(found[name] for name in sorted(found))


def _configured(tree: LiveTree) -> tuple[Partition, ...]:
    data, meta, archive = (tree.roots(kind) for kind in ("", "meta", "archive"))
    return tuple(
        Partition(
            name=PartitionName(name),
            data=data.get(name),
            meta=meta.get(name),
            archive=archive.get(name),
        )
        for name in sorted({*data, *meta, *archive})
    )


def _split_partitions(tree: ReadOnlyTree, base: PurePosixPath) -> dict[str, Partition]:
    archive = next((path for path in _ARCHIVES if tree.is_directory(path)), None)
    data = tree.subdirectories(base / DATA)
    meta = tree.subdirectories(base / META)
    archived = tree.subdirectories(archive) if archive is not None else ()
    roots = [base / DATA / name for name in data] + [base / META / name for name in meta]
    if not any(_is_laid_out(tree, root) for root in roots):
        return {}  # other things than mail are kept in folders of this name
    return {
        name: Partition(
            name=PartitionName(name),
            data=base / DATA / name if name in data else None,
            meta=base / META / name if name in meta else None,
            archive=archive / name if archive is not None and name in archived else None,
        )
        for name in {*data, *meta, *archived}
    }


def _is_partition(tree: ReadOnlyTree, directory: PurePosixPath) -> bool:
    """Whether a directory holds domains, users or letters, and mail somewhere below."""
    if not _is_laid_out(tree, directory):
        return False
    return any(
        name.startswith("cyrus.") or is_like_message_file(name)
        for below in islice(_below(tree, directory), _SAMPLED_DIRECTORIES)
        for name, is_directory in tree.names(below)
        if not is_directory
    )


def _is_laid_out(tree: ReadOnlyTree, directory: PurePosixPath) -> bool:
    """Whether a directory holds domains, users or letters, by their names alone."""
    names = [name for name in tree.subdirectories(directory) if name not in _NOTHING]
    has_letters = bool(names) and all(
        is_single_letter(name)
        and not _ROOTS.intersection(tree.subdirectories(directory / name))  # a short partition
        for name in names
    )
    return has_letters or bool(_MARKS.intersection(names))


def _below(tree: ReadOnlyTree, directory: PurePosixPath) -> Iterator[PurePosixPath]:
    """A directory and all below it, depth first."""
    pending = [directory]
    while pending:
        current = pending.pop()
        yield current
        pending += [current / name for name in tree.subdirectories(current)]


def _whole(name: str, directory: PurePosixPath) -> Partition:
    return Partition(name=PartitionName(name), data=directory, meta=None, archive=None)


def newest_time_in(tree: ReadOnlyTree) -> datetime | None:
    """What dates a spool that says nothing itself; see `newest_time`."""
    partitions = find_partitions(tree)
    data = [each.data for each in partitions]
    return newest_time(
        tree,
        _there(each.meta or each.data for each in partitions),
        _there([*data, *(each.archive for each in partitions)]),
    )


def newest_time(
    tree: ReadOnlyTree, meta: Iterable[PurePosixPath], data: Iterable[PurePosixPath]
) -> datetime | None:
    """When the newest ``cyrus.index`` below ``meta`` was written, or below ``data`` where none
    is there; without any, the time of the newest message file below ``data``.

    Of the first few thousand directories.
    """
    in_data = tuple(data)
    newest = (
        max(_index_times(tree, meta), default=0)
        or max(_index_times(tree, in_data), default=0)
        or max(_message_times(tree, in_data), default=0)
    )
    return datetime.fromtimestamp(newest // 1_000_000_000, UTC) if newest else None


def _there(roots: Iterable[PurePosixPath | None]) -> list[PurePosixPath]:
    return [root for root in roots if root is not None]


def _sampled(tree: ReadOnlyTree, roots: Iterable[PurePosixPath]) -> Iterator[PurePosixPath]:
    everything = (directory for root in roots for directory in _below(tree, root))
    return islice(everything, _SAMPLED_DIRECTORIES)


def _index_times(tree: ReadOnlyTree, roots: Iterable[PurePosixPath]) -> Iterator[int]:
    for directory in _sampled(tree, roots):
        entry = tree.stat(directory / INDEX_FILE)
        if entry is not None:
            yield entry.mtime_ns


def _message_times(tree: ReadOnlyTree, roots: Iterable[PurePosixPath]) -> Iterator[int]:
    for directory in _sampled(tree, roots):
        with suppress(BackupFileMissing):
            for entry in tree.scan(directory):
                if entry.kind is EntryKind.FILE and is_like_message_file(entry.name):
                    yield entry.mtime_ns
