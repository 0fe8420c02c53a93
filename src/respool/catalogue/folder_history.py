"""What became of one folder, generation by generation: created, renamed, counts, deleted, gone.

A folder that was renamed, or deleted and kept, is known again by its unique id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from respool.catalogue.database import Database
from respool.catalogue.entries import FolderEntry
from respool.catalogue.evidence import Evidence
from respool.catalogue.generations import Known
from respool.catalogue.spans import Spans
from respool.model.dataclasses import dataclass


class FolderHappened(StrEnum):
    """What a generation shows that the one before it did not."""

    FIRST = "first-seen"
    RENAMED = "renamed"
    DELETED = "deleted"  # and kept below DELETED for a while
    MADE_ANEW = "made-anew"  # the same name, another id: it is another folder
    COUNTS = "counts-changed"
    BACK = "back"  # it had been gone
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderVersion:
    """What a folder held, in a set of generations."""

    folder: FolderEntry
    generations: int
    uniqueid: str | None
    messages: int
    unseen: int | None
    expunged: int
    size_octets: int
    is_damaged: bool

    @property
    def counts(self) -> tuple[int, int | None, int, int]:
        """What is compared to tell a change."""
        return (self.messages, self.unseen, self.expunged, self.size_octets)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderEvent:
    """One thing that happened to a folder, seen first in ``generation``."""

    what: FolderHappened
    generation: Known
    before: FolderVersion | None
    now: FolderVersion | None
    at: datetime | None = None


def folder_versions(
    database: Database, spans: Spans, folders: Sequence[FolderEntry], wanted: FolderEntry
) -> tuple[FolderVersion, ...]:
    """All versions of a folder, and of what has or had its unique ids in the same account."""
    every = [each for each in folders if each.account == wanted.account]
    versions = [version for each in every for version in _versions(database, spans, each)]
    own = {each.uniqueid for each in versions if each.folder == wanted} - {None, ""}
    return tuple(each for each in versions if each.folder == wanted or each.uniqueid in own)


def _versions(database: Database, spans: Spans, folder: FolderEntry) -> Iterator[FolderVersion]:
    rows = {
        row[0]: row[1:]
        for row in database.rows(
            "SELECT version, uniqueid, messages, unseen, expunged, size_octets,"
            " problem NOT NULL OR is_damaged FROM folder_version WHERE folder = ?",
            (folder.number,),
        )
    }
    for version, generations in spans.versions(folder.number):
        if generations and version in rows:
            uniqueid, messages, unseen, expunged, size_octets, is_damaged = rows[version]
            yield FolderVersion(
                folder=folder,
                generations=generations,
                uniqueid=uniqueid,
                messages=messages,
                unseen=unseen,
                expunged=expunged,
                size_octets=size_octets,
                is_damaged=bool(is_damaged),
            )


def folder_events(
    spans: Spans, versions: Sequence[FolderVersion], wanted: FolderEntry, evidence: Evidence
) -> Iterator[FolderEvent]:
    """The life of a folder; of what a generation may only lack, nothing is said."""
    before: FolderVersion | None = None
    is_gone = False
    whole = evidence.of_account(wanted.account)
    for at, generation in enumerate(spans.generations):
        here = [each for each in versions if each.generations >> at & 1]
        now = _chosen(here, wanted, before)
        if now is None:
            if before is not None and not is_gone and whole >> at & 1:
                yield FolderEvent(
                    what=FolderHappened.GONE, generation=generation, before=before, now=None
                )
                is_gone = True
            continue
        if now.is_damaged and before is not None and not is_gone:
            continue
        event = _event(before, now, generation, is_gone=is_gone)
        if event is not None:
            yield event
        before, is_gone = now, False


def _chosen(
    here: Sequence[FolderVersion], wanted: FolderEntry, before: FolderVersion | None
) -> FolderVersion | None:
    """Which folder of one generation goes on with the story: of that name, else of that id."""
    named = [each for each in here if each.folder == wanted]
    same_id = [each for each in here if before is not None and each.uniqueid == before.uniqueid]
    return next(iter([*named, *same_id, *here]), None)


def _event(
    before: FolderVersion | None, now: FolderVersion, generation: Known, *, is_gone: bool
) -> FolderEvent | None:
    at: datetime | None = None
    if before is None:
        what = FolderHappened.FIRST
    elif is_gone:
        what = FolderHappened.BACK
    elif before.folder != now.folder:
        is_deleted = now.folder.name.is_deleted and not before.folder.name.is_deleted
        what = FolderHappened.DELETED if is_deleted else FolderHappened.RENAMED
        at = now.folder.name.deleted_at if is_deleted else None
    elif before.uniqueid != now.uniqueid and before.uniqueid and now.uniqueid:
        what = FolderHappened.MADE_ANEW
    elif before.counts != now.counts:
        what = FolderHappened.COUNTS
    else:
        return None
    return FolderEvent(what=what, generation=generation, before=before, now=now, at=at)
