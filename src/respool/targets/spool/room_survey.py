"""Looks at the file systems that a restore of one account writes to; changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final, TypedDict

from respool.model.rooms import FreeRoom
from respool.system.cyrus_server import CyrusServer, MailboxDirectories
from respool.system.file_systems import free_room

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
    rooms = Rooms(
        data_room=_room(server, data, account.data if account else None),
        meta_room=_room(server, meta, account.meta if account else None),
        archive_room=None
        if archive is None
        else _room(server, archive, account.archive if account else None),
        databases_room=_room(server, configuration.configdirectory, None),
        search_room=None,
    )
    rooms["search_room"] = _search_room(server, partition, rooms)
    return rooms


def _room(server: CyrusServer, root: PurePosixPath, below: Path | None) -> FreeRoom:
    by_id = Path(root) / _BY_ID
    place = below or (by_id if by_id.is_dir() else Path(root))
    return replace(free_room(place, server.owner), directory=str(root))


def _search_room(server: CyrusServer, partition: str, rooms: Rooms) -> FreeRoom | None:
    """Where a search index grows: Xapian has places of its own, Squat lies beside the mail.

    Source: imapd.conf(5), ``search_engine``, ``defaultsearchtier``, ``searchpartition-name``.
    """
    configuration = server.configuration
    engine = configuration.text("search_engine", "none")
    if engine == "none":
        return None
    tier = configuration.text("defaultsearchtier")
    root = configuration.text(f"{tier}searchpartition-{partition}")
    if engine == "xapian" and root:
        return _room(server, PurePosixPath(root), None)
    is_in_meta = "squat" in configuration.meta_kinds
    return rooms["meta_room"] if is_in_meta else rooms["data_room"]
