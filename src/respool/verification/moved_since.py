"""Messages that are gone from a folder, looked for where their owner may have put them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC
from typing import Final

from respool.errors import ServerSaidNo
from respool.planning.step import PlannedMessage
from respool.system import imap_listing as listing
from respool.system.imap import ImapSession

_TRASH: Final = "\\Trash"
_MOST: Final = 100_000  # messages of a folder that are looked through


def in_trash(
    session: ImapSession, gone: Mapping[int, PlannedMessage]
) -> Iterator[tuple[int, str]]:
    r"""The keys of those of ``gone`` that lie in a folder for ``\Trash`` now, each with its name.

    Only those with the same size and date are read, and then known by their octets: a server
    keeps both where a message is moved or copied (RFC 6851, 3.3; RFC 9051, 6.4.7).
    """
    left: dict[tuple[str | None, int], list[int]] = {}
    for uid, each in gone.items():
        if each.guid:
            left.setdefault((each.guid, each.size_bytes), []).append(uid)
    dates = {(each.size_bytes, each.internaldate) for each in gone.values()}
    every = listing.listed_folders(session)
    for folder in (e.name for e in every if _TRASH in e.uses and e.is_selectable):
        with suppress(ServerSaidNo):
            for copy in _held(session, folder, dates):
                if left.get(copy):
                    yield left[copy].pop(), folder


def _held(
    session: ImapSession, folder: str, dates: set[tuple[int, int]]
) -> Iterator[tuple[str, int]]:
    """GUID and size of those messages of a folder that have one of these sizes and dates."""
    if not 0 < session.open_to_read(folder) <= _MOST:
        return
    sizes = {
        each.uid: each.size_bytes
        for each in session.states("1:*")
        if each.size_bytes is not None
        and each.internaldate is not None
        and (each.size_bytes, int(each.internaldate.astimezone(UTC).timestamp())) in dates
    }
    for each in session.read_back(sizes):
        yield each.guid, each.size_bytes
