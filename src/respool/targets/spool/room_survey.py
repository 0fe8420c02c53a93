"""Looks at the file systems that a restore of one account writes to; changes nothing."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final, TypedDict

from respool.model.dataclasses import dataclass
from respool.model.rooms import FreeRoom
from respool.system.cyrus_server import CyrusServer, MailboxDirectories
from respool.system.file_systems import free_room, open_to
from respool.system.ownership import Owner

_BY_ID: Final = "uuid"


class Rooms(TypedDict):
    """The rooms of a `SpoolSurvey` that the server has, by its fields."""

    data_room: FreeRoom
    meta_room: FreeRoom
    archive_room: FreeRoom | None
    databases_room: FreeRoom
    search_room: FreeRoom | None


def survey_rooms(
    server: CyrusServer, partition: str, account: MailboxDirectories | None = None
) -> Rooms:
    """The rooms of ``partition``, which the server has.

    ``account`` are the directories that its new folders will lie below, where that is known:
    one of them may be a link to, or a mount of, another file system. Rooms are called by the
    partition all the same.
    """
    configuration = server.configuration
    data = configuration.roots("")[partition]
    meta = configuration.roots("meta").get(partition, data)
    archive = server.archived(data)
    places = {
        "data": _Place(root=data, below=account.data if account else None),
        "meta": _Place(root=meta, below=account.meta if account else None),
        "databases": _Place(root=configuration.configdirectory),
    }
    if archive is not None:
        places["archive"] = _Place(root=archive, below=account.archive if account else None)
    search = _search_root(server, partition)
    if search is not None:
        places["search"] = _Place(root=search)
    can_write = open_to(server.owner, (each.directory for each in places.values()))
    found = {what: each.room(server.owner, can_write) for what, each in places.items()}
    return Rooms(
        data_room=found["data"],
        meta_room=found["meta"],
        archive_room=found.get("archive"),
        databases_room=found["databases"],
        search_room=found.get("search") or _beside_mail(server, found),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A root of the server, and the directory ``below`` it that is written to, if it is known."""

    root: PurePosixPath
    below: Path | None = None

    @property
    def directory(self) -> Path:
        by_id = Path(self.root) / _BY_ID
        return self.below or (by_id if by_id.is_dir() else Path(self.root))

    def room(self, owner: Owner, can_write: Container[Path]) -> FreeRoom:
        found = free_room(self.directory, owner, open_to_him=can_write)
        return replace(found, directory=str(self.root))


def _search_root(server: CyrusServer, partition: str) -> PurePosixPath | None:
    """Where Xapian's index grows: it has places of its own; None for any other.

    Source: imapd.conf(5), ``search_engine``, ``defaultsearchtier``, ``searchpartition-name``.
    """
    configuration = server.configuration
    tier = configuration.text("defaultsearchtier")
    root = configuration.text(f"{tier}searchpartition-{partition}")
    is_xapian = configuration.text("search_engine", "none") == "xapian"
    return PurePosixPath(root) if is_xapian and root else None


def _beside_mail(server: CyrusServer, found: Mapping[str, FreeRoom]) -> FreeRoom | None:
    """Where any other search index grows: Squat lies beside the mail."""
    configuration = server.configuration
    if configuration.text("search_engine", "none") == "none":
        return None
    return found["meta" if "squat" in configuration.meta_kinds else "data"]
