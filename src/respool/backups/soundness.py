"""Many mailboxes checked by several processes, a folder of a million messages by all of them."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from functools import partial
from itertools import count
from pathlib import PurePosixPath
from typing import Final, TypeAlias

from respool.backups.hashed_directory import hash_slice
from respool.backups.mailbox_soundness import (
    CheckedMailbox,
    HashedMailbox,
    check_mailbox,
    hash_mailbox,
)
from respool.backups.source import SourceMailbox, tree_at
from respool.backups.whole_messages import Archive
from respool.cyrus.spool_paths import INDEX_FILE
from respool.errors import BackupError
from respool.model.dataclasses import dataclass
from respool.model.inventory import IN_ARCHIVE, IN_DATA
from respool.system.file_hashes import FileHashes
from respool.system.link_table import LinkTable
from respool.system.read_only import Entry
from respool.system.workers import Workers

_LINKED_FILES: Final = 1 << 20  # with several names, that are remembered at most
_RECORD_OCTETS: Final = 104  # of an index, from version 13 on


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxTask:
    """Task: all of a mailbox, or the beginning of a large one."""

    number: int
    source: SourceMailbox
    stubs: Archive | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesTask:
    """Task: some files of a large mailbox."""

    number: int
    spool: PurePosixPath
    directory: PurePosixPath
    place: int
    uids: array[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a task: ``number`` is its mailbox."""

    number: int
    checked: CheckedMailbox | None = None
    begun: HashedMailbox | None = None
    place: int = IN_DATA
    hashes: FileHashes = field(default_factory=FileHashes)


Sought: TypeAlias = "tuple[SourceMailbox, Archive | None]"
Task: TypeAlias = "MailboxTask | FilesTask"
CheckWorkers: TypeAlias = "Workers[Task, Answer]"


def check_workers(jobs: int, limit: int) -> CheckWorkers:
    """Processes for `check_mailboxes`; of each kind ``limit`` findings a mailbox are kept."""
    return Workers(jobs, partial(_done, LinkTable(_LINKED_FILES), limit))


def check_mailboxes(
    workers: CheckWorkers, sources: Iterable[Sought], limit: int
) -> Iterator[CheckedMailbox | FileHashes]:
    """Each mailbox checked, in no order, as ``sources`` are asked for one after the other.

    Between them come hashes of some files of a large one, for who counts what was read:
    a mailbox that was told in such pieces has none of these files in its own numbers.

    Raises:
        ProcessLost: a worker ended before it could answer.
    """
    run = _Run(workers, sources)
    for answer in run.answers():
        if answer.checked is not None:
            yield answer.checked
            continue
        yield answer.hashes
        whole = run.grown(answer)
        if whole is not None:
            yield replace(check_mailbox(whole, limit), files=0, octets=0)


def expected_files(sources: Iterable[SourceMailbox]) -> int:
    """About how many message files some mailboxes have, by the sizes of their indexes."""
    return sum(
        entry.size_bytes // _RECORD_OCTETS
        for source in sources
        for directory in {source.place.meta, source.place.data}
        if directory is not None
        for entry in (_entry(source, directory / INDEX_FILE),)
        if entry is not None
    )


def _entry(source: SourceMailbox, file: PurePosixPath) -> Entry | None:
    try:
        return tree_at(source.spool).stat(file)
    except BackupError:
        return None


class _Run:
    """Which tasks are still to be given, and which large mailboxes are in pieces."""

    def __init__(self, workers: CheckWorkers, sources: Iterable[Sought]) -> None:
        self._workers = workers
        self._sources = iter(sources)
        self._numbers = count()
        self._pieces: deque[FilesTask] = deque()
        self._begun: dict[int, HashedMailbox] = {}
        self._missing: dict[int, int] = {}

    def answers(self) -> Iterator[Answer]:
        """Answers as they come; before each, the workers are given as much as they take."""
        while True:
            while self._workers.has_room:
                task = self._next()
                if task is None:
                    break
                self._workers.give(task)
            if not self._workers.is_busy:
                return
            yield self._workers.take()

    def grown(self, answer: Answer) -> HashedMailbox | None:
        """The large mailbox of an answer, if that was its last piece."""
        number = answer.number
        if answer.begun is not None:
            self._begun[number] = answer.begun
            pieces = list(_pieces(number, answer.begun))
            self._missing[number] = len(pieces)
            self._pieces += pieces
            return None
        self._begun[number].of(answer.place).hashes.add(answer.hashes)
        self._missing[number] -= 1
        return None if self._missing[number] else self._begun.pop(number)

    def _next(self) -> Task | None:
        if self._pieces:
            return self._pieces.popleft()
        sought = next(self._sources, None)
        if sought is None:
            return None
        source, stubs = sought
        return MailboxTask(number=next(self._numbers), source=source, stubs=stubs)


def _pieces(number: int, begun: HashedMailbox) -> Iterator[FilesTask]:
    for place in (IN_DATA, IN_ARCHIVE):
        hashed = begun.of(place)
        if hashed.listing.directory is None:
            continue
        for uids in hashed.slices():
            yield FilesTask(
                number=number,
                spool=begun.source.spool,
                directory=hashed.listing.directory,
                place=place,
                uids=uids,
            )
        del hashed.rest[:]


def _done(links: LinkTable, limit: int, task: Task) -> Answer:
    """The work of one task."""
    if isinstance(task, FilesTask):
        hashes = hash_slice(task.spool, task.directory, task.uids, links)
        return Answer(number=task.number, place=task.place, hashes=hashes)
    hashed = hash_mailbox(task.source, links, task.stubs)
    if hashed.is_whole:
        return Answer(number=task.number, checked=check_mailbox(hashed, limit))
    told = FileHashes(files=hashed.data.hashes.files + hashed.archive.hashes.files)
    told.octets = hashed.data.hashes.octets + hashed.archive.hashes.octets
    return Answer(number=task.number, begun=hashed, hashes=told)
