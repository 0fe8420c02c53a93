"""What a generation lacks beside the one before it, folder by folder, read cheaply.

Of a folder whose index is the same file in both (a hard link, or the same size and time),
only the names of its message files are counted. All others are read, but no message is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from typing import Final

from respool.backups.contents import all_mailboxes, list_accounts
from respool.backups.counted import read_for_counts
from respool.backups.source import SourceMailbox, read_header, tree_at
from respool.cyrus.index import IndexHeader, parse_index_header
from respool.cyrus.spool_paths import INDEX_FILE
from respool.errors import BackupError, FormatError
from respool.model.accounts import Account, folder_path
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.generations import Generation
from respool.model.inventory import StoredMailbox
from respool.model.names import MailboxName
from respool.system.read_only import Entry, EntryKind

FELL_FROM: Final = 5  # messages: fewer that went say nothing
FELL_BY: Final = 2  # to half of what it was, or less
_HEADER_OCTETS: Final = 256  # more than any version's
_SAID_OF_ALL: Final = "message-files-not-compared"  # only names are ever looked at here
_NO_INDEX: Final = "index-missing"


@dataclass(slots=True, kw_only=True)
class Watched:
    """How much was looked at; ``read`` are folders whose index was read."""

    accounts: int = 0
    folders: int = 0
    messages: int = 0
    read: int = 0
    with_index: set[str] = field(default_factory=set)
    without_index: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """A folder's index as a file, and its header; None where it cannot be read."""

    entry: Entry
    header: IndexHeader | None

    @property
    def messages(self) -> int | None:
        """How many people saw."""
        return None if self.header is None else self.header.exists

    @property
    def stamp(self) -> tuple[int, int, int, int]:
        """Equal where it is the same file; of copies, as good as that."""
        return self.entry.inode, self.entry.device, self.entry.size_bytes, self.entry.mtime_ns


def watch_folders(
    generation: Generation, former: Generation | None, watched: Watched
) -> Iterator[Finding]:
    """A finding for each account, folder and index that is not as it should be.

    Raises:
        BackupFileMissing, BackupUnreadable: a part cannot be opened.
    """
    now = {each.account: each for each in list_accounts(generation)}
    before = {each.account: each for each in list_accounts(former)} if former else {}
    for account, listed in before.items():
        if listed.is_deleted:
            continue
        if account not in now:
            yield _of_account(account, Severity.LOSS, f"{_named(former)} has it, and this has not")
        elif now[account].is_deleted:
            text = f"only deleted folders are left of it, which {_named(former)} has"
            yield _of_account(account, Severity.NOTE, text)
    formerly = {} if former is None else all_mailboxes(former)
    for account, sources in all_mailboxes(generation).items():
        watched.accounts += 1
        earlier = formerly.get(account, ())
        yield from _folders_gone(sources, earlier, former)
        yield from _watch_account(sources, earlier, former, watched)
    yield from _without_meta(watched)


def _watch_account(
    sources: Sequence[SourceMailbox],
    earlier: Sequence[SourceMailbox],
    former: Generation | None,
    watched: Watched,
) -> Iterator[Finding]:
    by_name = {each.name: each for each in earlier}
    for source in sources:
        watched.folders += 1
        twin = by_name.get(source.name)
        index = _index_of(source)
        if index is None:
            watched.without_index[source.place.partition] += 1
        else:
            watched.with_index.add(source.place.partition)
        if twin is not None and index is not None and _is_as_before(source, index, twin):
            watched.messages += index.messages or 0
            continue
        watched.read += 1
        mailbox = read_for_counts(source, 0)
        messages = int(mailbox.visible().sum()) if mailbox.has_index else len(mailbox.orphans)
        watched.messages += messages
        yield from _of_mailbox(source, mailbox)
        if twin is not None and former is not None:
            yield from _fell(source, mailbox, messages, twin, former)


def _is_as_before(source: SourceMailbox, index: _Index, twin: SourceMailbox) -> bool:
    """Whether the index is the same file as before, and no message file went."""
    before = _index_of(twin)
    if before is None or index.header is None or index.stamp[2:] != before.stamp[2:]:
        return False
    is_same = index.stamp == before.stamp or _headers_equal(index, before)
    return is_same and _file_count(source) >= _file_count(twin)


def _folders_gone(
    sources: Sequence[SourceMailbox],
    earlier: Sequence[SourceMailbox],
    former: Generation | None,
) -> Iterator[Finding]:
    """Folders that people saw before, and that are there under no name now."""
    names = {each.name for each in sources}
    gone = [each for each in earlier if each.name not in names and not each.name.is_deleted]
    if not gone:
        return
    known = {each.name for each in earlier}
    ids = _ids_of(each for each in sources if each.name not in known)
    for each in gone:
        header = read_header(each)
        now = ids.get(header.uniqueid) if header is not None and header.uniqueid else None
        subject = each.name.display
        if now is None:
            text = f"{_named(former)} has it, and this has not"
            yield _finding("folder-missing", Severity.LOSS, subject, text)
        elif now.is_deleted:
            text = f"it was deleted, and the server kept it as {folder_path(now)}"
            yield _finding("folder-missing", Severity.NOTE, subject, text)


def _ids_of(sources: Iterable[SourceMailbox]) -> Mapping[str, MailboxName]:
    found: dict[str, MailboxName] = {}
    for each in sources:
        header = read_header(each)
        if header is not None and header.uniqueid:
            found[header.uniqueid] = each.name
    return found


def _fell(
    source: SourceMailbox,
    mailbox: StoredMailbox,
    messages: int,
    twin: SourceMailbox,
    former: Generation,
) -> Iterator[Finding]:
    """A finding where half of the messages or more went since; none where users moved few."""
    index = _index_of(twin)
    before = None if index is None else index.messages
    if before is None or before - messages < FELL_FROM or messages * FELL_BY > before:
        return
    kept = int(mailbox.recoverable().sum()) if mailbox.has_index else 0
    text = f"{messages:,} messages, where {_named(former)} has {before:,}"
    is_kept = kept >= before - messages
    if is_kept:
        text += "; somebody deleted them, and the server has them still"
    severity = Severity.NOTE if is_kept else Severity.LOSS
    yield _finding("messages-fewer", severity, source.name.display, text)


def _of_mailbox(source: SourceMailbox, mailbox: StoredMailbox) -> Iterator[Finding]:
    """What is wrong with a folder, one finding for each kind."""
    by_code: dict[tuple[str, Severity], list[Finding]] = {}
    for each in mailbox.findings:
        if each.code != _SAID_OF_ALL:
            by_code.setdefault((each.code, each.severity), []).append(each)
    for found in by_code.values():
        first, count = found[0], sum(each.count for each in found)
        text = first.text if count == 1 else f"{first.text}; {count:,} of these"
        subject = source.name.display
        text = f"{first.subject}: {text}" if first.subject != subject else text
        yield replace(first, subject=subject, text=text, count=count, uid=None)


def _without_meta(watched: Watched) -> Iterator[Finding]:
    for partition, count in sorted(watched.without_index.items()):
        if partition not in watched.with_index:
            text = f"none of its {count:,} folders has an index"
            yield _finding("meta-missing", Severity.LOSS, f"partition {partition}", text)


def _index_of(source: SourceMailbox) -> _Index | None:
    tree = tree_at(source.spool)
    for directory in (source.place.meta, source.place.data):
        entry = None if directory is None else _entry(source, f"{directory}/{INDEX_FILE}")
        if entry is not None and entry.kind is EntryKind.FILE:
            header = None
            with suppress(BackupError, FormatError):
                header = parse_index_header(tree.read(f"{directory}/{INDEX_FILE}", _HEADER_OCTETS))
            return _Index(entry=entry, header=header)
    return None


def _entry(source: SourceMailbox, file: str) -> Entry | None:
    with suppress(BackupError):
        return tree_at(source.spool).stat(file)
    return None


def _headers_equal(index: _Index, other: _Index) -> bool:
    return index.header is not None and index.header == other.header


def _file_count(source: SourceMailbox) -> int:
    """How many files lie in the directories of messages."""
    count = 0
    for directory in {source.place.data, source.place.archive} - {None}:
        with suppress(BackupError):
            count += tree_at(source.spool).all_names(directory or "").file_count
    return count


def _named(generation: Generation | None) -> str:
    return f"generation {generation.label}" if generation is not None else "another generation"


def _of_account(account: Account, severity: Severity, text: str) -> Finding:
    return _finding("account-missing", severity, account.address, text)


def _finding(code: str, severity: Severity, subject: str, text: str) -> Finding:
    return Finding(severity=severity, code=code, subject=subject, text=text)
