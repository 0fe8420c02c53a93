"""What the pages of an export say of one group of messages, ready to be put together.

Whoever writes a group has all of it at hand, so its part of the pages is made there, by as many
processes as write. It is kept beside, in a file without a name, and is no more than a saving:
what is not there is made again from the journal.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from respool.exports.manifest import lines_of
from respool.exports.manifest_entry import ManifestEntry
from respool.exports.written import WrittenMessage
from respool.model.dataclasses import dataclass
from respool.planning.step import PlannedMessage
from respool.system.nameless_file import NamelessFile
from respool.targets.export.index_page import IndexRow, rows_of
from respool.targets.export.steps import WriteMessages


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBlock:
    """Lines of the manifest and rows of the index, one for each of ``messages``."""

    messages: int
    manifest: bytes
    index: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFolder:
    """How the pages name a folder: its path, and its number in the index.

    ``findings`` are those about its messages, by UID.
    """

    path: str
    number: int
    findings: Mapping[int, Sequence[Mapping[str, Any]]]


def block_of(
    shown: ShownFolder,
    step: WriteMessages,
    lost: Mapping[str, str],
    written: Iterable[WrittenMessage],
) -> PageBlock:
    """The block of a group: all messages of its step, in order, those too that were ``lost``."""
    by_uid = {each.uid: each for each in written}
    entries: list[ManifestEntry] = []
    rows: list[IndexRow] = []
    for message in step.messages:
        one = by_uid.get(message.uid)
        entry = _entry(shown, step.lane, message, one, lost.get(str(message.uid)))
        entries.append(entry)
        rows.append(
            IndexRow(entry)
            if one is None
            else IndexRow(entry, one.subject, one.sender, one.recipients)
        )
    return PageBlock(
        messages=len(entries),
        manifest=lines_of(entries),
        index=rows_of(step.form, shown.number, rows),
    )


def _entry(
    shown: ShownFolder,
    lane: str,
    message: PlannedMessage,
    one: WrittenMessage | None,
    lost: str | None,
) -> ManifestEntry:
    is_in_mbox = one is not None and lane == one.file
    return ManifestEntry(
        folder=shown.path,
        uid=message.uid,
        guid=message.guid if one is None else one.guid,
        sha256=None if one is None else one.sha256,
        size_bytes=message.size_bytes,
        flags=message.flags,
        internaldate=message.internaldate,
        file=None if one is None else one.file,
        offset=one.offset if one is not None and is_in_mbox else None,
        length=one.length if one is not None and is_in_mbox else None,
        lost=lost,
        findings=tuple(shown.findings.get(message.uid, ())),
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    file: NamelessFile
    start: int
    messages: int
    manifest_bytes: int
    index_bytes: int


@dataclass(slots=True)
class KeptBlocks:
    """The blocks of groups that this process has seen written, by lane and first UID.

    Several threads may keep them. Where they find no room, none is kept.
    """

    _file: NamelessFile | None = None
    _is_of_no_use: bool = False
    _places: dict[str, dict[int, _Kept]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, step: WriteMessages, block: PageBlock) -> None:
        """Keep that of a step, instead of what was kept of it before."""
        with self._lock:
            try:
                if self._file is None and not self._is_of_no_use:
                    self._file = NamelessFile(Path(step.path))
                if self._file is not None:
                    lane = self._places.setdefault(step.lane, {})
                    lane[step.messages[0].uid] = _Kept(
                        self._file,
                        self._file.put(block.manifest + block.index),
                        block.messages,
                        len(block.manifest),
                        len(block.index),
                    )
            except OSError:
                self._forget()

    def all_of(self, lane: str, messages: int) -> Iterator[PageBlock] | None:
        """Those of a lane that has so many messages, in order; None if one is not there."""
        kept = self._places.get(lane, {})
        if sum(each.messages for each in kept.values()) != messages:
            return None
        return (_block(kept[uid]) for uid in sorted(kept))

    def of(self, step: WriteMessages) -> PageBlock | None:
        """That of a step; None if it is not there."""
        kept = self._places.get(step.lane, {}).get(step.messages[0].uid)
        return None if kept is None else _block(kept)

    def _forget(self) -> None:
        self._file = None
        self._is_of_no_use = True
        self._places.clear()


def _block(kept: _Kept) -> PageBlock:
    octets = kept.file.get(kept.start, kept.manifest_bytes + kept.index_bytes)
    return PageBlock(
        messages=kept.messages,
        manifest=octets[: kept.manifest_bytes],
        index=octets[kept.manifest_bytes :],
    )
