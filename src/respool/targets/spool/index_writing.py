"""Writing the index of a new mailbox: names, records, flag names, and the source's cache."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from respool.cyrus.header import header_crc, with_keywords
from respool.cyrus.index import Index, IndexHeader, index_pieces, parse_index
from respool.errors import FormatError, StepFailed
from respool.model.dataclasses import dataclass
from respool.runs.actor import Note, RunRecord
from respool.runs.hands import Hands
from respool.system.cyrus_server import CyrusServer, MailboxDirectories
from respool.system.locks import record_locked
from respool.system.replacements import Replacements
from respool.targets.spool.index_records import INDEX_VERSION, FreshIndex, IndexDraft
from respool.targets.spool.laying_out import Lane, copied_messages, lay_into
from respool.targets.spool.live_files import NO_UIDS, files_in, message_directories
from respool.targets.spool.naming_ahead import NamingAhead
from respool.targets.spool.naming_files import homes_among, homes_of, name_files
from respool.targets.spool.present_index import has_only, is_empty, present_index
from respool.targets.spool.recipes import recipe_for

_HEADER_FILE = "cyrus.header"
_INDEX_FILE = "cyrus.index"
_CACHE_FILE = "cyrus.cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxFiles:
    """The cyrus.* files of a live mailbox, each where the server's settings put it."""

    header: Path
    index: Path
    cache: Path

    @classmethod
    def of(cls, directories: MailboxDirectories, meta_kinds: frozenset[str]) -> MailboxFiles:
        """Those of a mailbox in ``directories``."""

        def place(kind: str, name: str) -> Path:
            return (directories.meta if kind in meta_kinds else directories.data) / name

        return cls(
            header=place("header", _HEADER_FILE),
            index=place("index", _INDEX_FILE),
            cache=place("cache", _CACHE_FILE),
        )


def write(lane: Lane, server: CyrusServer, record: RunRecord, hands: Hands) -> Note:
    """Message names, cache, header and index of what was copied into a new mailbox.

    The last three take their places in that order, once all is on disk and has its name,
    with the fresh index locked as every process of the server locks it: until the new one
    is there the mailbox is empty. Done twice it is the same as once.

    Raises:
        StepFailed: the fresh mailbox is not as the server made it, somebody put mail into
            it, or it cannot be written.
    """
    files = MailboxFiles.of(lane.directories, server.configuration.meta_kinds)
    mode, owner = lane.ownership.file_mode, lane.ownership.owner
    try:
        fresh = fresh_index(files.index, lane.uidvalidity)
        with record_locked(files.index) as descriptor:
            if fresh.version is not None:
                _check_ours_alone(present_index(files.index, descriptor), lane, record)
            with Replacements(mode=mode, owner=owner) as new:
                writing = _Writing(lane=lane, server=server, files=files, fresh=fresh, new=new)
                return _put_in_place(writing, _laid_out(writing, record, hands))
    except (OSError, OverflowError) as error:
        raise StepFailed(
            f"the index of {lane.step.lane} cannot be written", why=str(error)
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writing:
    """One mailbox, the index that the server made in it, and what will replace its files."""

    lane: Lane
    server: CyrusServer
    files: MailboxFiles
    fresh: FreshIndex
    new: Replacements


def _laid_out(writing: _Writing, record: RunRecord, hands: Hands) -> IndexDraft:
    """The index, with its cache written beside; the copies get their names meanwhile."""
    lane = writing.lane
    draft = IndexDraft(writing.fresh, keeps_archive=lane.step.keeps_archive)
    has_cache = recipe_for(writing.server.version).carries_cache
    with NamingAhead(lane.directories, hands) as naming:

        def name() -> None:
            naming.add(homes_among(lane.directories, *draft.latest()))

        cache = writing.new.begin(writing.files.cache) if has_cache else None
        lay_into(draft, cache, lane, record, name)
    return draft


def _put_in_place(writing: _Writing, draft: IndexDraft) -> Note:
    lane, files, new = writing.lane, writing.files, writing.new
    homes = homes_of(lane.directories, draft)
    there = {each: files_in(each) for each in message_directories(lane.directories)}
    foreign = sum(len(found.besides(homes.get(each, NO_UIDS))) for each, found in there.items())
    if foreign:
        raise _used(lane, f"{foreign} message files lie there that are not of this run")
    name_files(lane.directories, homes, there)
    header = header_with(files.header, tuple(draft.keywords))
    new.begin(files.header).write(header)
    head = draft.header(header_file_crc=header_crc(header))
    is_cached = draft.cached == draft.count
    version = _version_for(writing.fresh, writing.server, is_cached=is_cached)
    pieces = index_pieces(version, head, draft.count, draft.blocks())
    new.begin(files.index).writelines(pieces)
    new.put_in_place(message_directories(lane.directories))
    return {
        "records": draft.count,
        "keywords": list(draft.keywords),
        "cached": draft.cached,
        "is_newest": version == writing.fresh.version,
    }


def _version_for(fresh: FreshIndex, server: CyrusServer, *, is_cached: bool) -> int:
    """The version that the server itself has just made, which it need not convert.

    Only where all messages have a cache record: converting is what makes the others
    without an error in the mail log (seen on 3.6.1). What has no table is converted, too.
    """
    is_right = is_cached and recipe_for(server.version).carries_cache
    return fresh.version if is_right and fresh.version is not None else INDEX_VERSION


def _check_ours_alone(present: Index, lane: Lane, record: RunRecord) -> None:
    """Nobody else's message is in the index: it is empty, or has what we wrote or named.

    A run may have been cut off while it gave names, and an administrator's ``reconstruct``
    may have found some of them.
    """
    ours = chain.from_iterable(copied_messages(lane.step.lane, record))
    if not (is_empty(present) or has_only(present, ours)):
        raise _used(lane, f"its last UID is {present.header.last_uid}")


def _used(lane: Lane, why: str) -> StepFailed:
    return StepFailed(
        f"somebody put mail into {lane.step.lane} while it was being filled",
        why=f"{why}; it was left as it is",
        hint="look who did; take the run back, which leaves that mail, and restore again",
        can_be_tried_again=False,
    )


def fresh_index(file: Path, uidvalidity: int) -> FreshIndex:
    """The empty index that the server made; what it chose is kept.

    ``uidvalidity`` is what it told, for an index of a version that has no table.

    Raises:
        StepFailed: it made none.
    """
    try:
        index = parse_index(file.read_bytes())
    except OSError as error:
        raise StepFailed(f"the server made no {file}", why=str(error)) from error
    except FormatError:
        return FreshIndex(version=None, header=IndexHeader(uidvalidity=uidvalidity))
    return FreshIndex(version=index.version, header=index.header)


def header_with(file: Path, keywords: tuple[str, ...]) -> bytes:
    """The octets of a live header, with other names of user flags.

    Raises:
        StepFailed: there is none, or the names do not fit.
    """
    try:
        return with_keywords(file.read_bytes(), keywords)
    except OSError as error:
        raise StepFailed(f"the server made no {file}", why=str(error)) from error
    except (FormatError, ValueError) as error:
        raise StepFailed(f"the flag names do not fit into {file}", why=str(error)) from error
