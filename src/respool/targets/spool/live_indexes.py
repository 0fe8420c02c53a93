"""What the indexes of live mailboxes say of themselves, read as files, their headers alone.

An administrator may not ask for the STATUS of a mailbox that he may not read, and servers
before 3.0 do not tell over IMAP whether read state is shared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from respool.cyrus.index import OPTION_SHARED_SEEN, IndexHeader, parse_index_header
from respool.cyrus.spool_paths import INDEX_FILE
from respool.errors import FormatError
from respool.system.cyrus_server import CyrusServer

HEADER_OCTETS = 256  # more than any version's


def live_index_file(server: CyrusServer, mailbox: str) -> Path:
    """Where the server keeps the index of ``mailbox``.

    Raises:
        ProgramFailed: it knows no such mailbox.
    """
    directories = server.directories(mailbox)
    is_in_meta = "index" in server.configuration.meta_kinds
    return (directories.meta if is_in_meta else directories.data) / INDEX_FILE


def live_index_headers(
    server: CyrusServer, mailboxes: Sequence[str]
) -> Mapping[str, IndexHeader | None]:
    """The header of each mailbox's index; None where it cannot be read."""
    headers: dict[str, IndexHeader | None] = dict.fromkeys(mailboxes)
    directories = server.meta_directories(mailboxes)
    is_in_meta = "index" in server.configuration.meta_kinds
    for each, meta in directories.items():
        headers[each] = _header(meta / INDEX_FILE if is_in_meta else live_index_file(server, each))
    return headers


def used_mailboxes(headers: Mapping[str, IndexHeader | None]) -> frozenset[str]:
    """Those that have held a message, or of which that cannot be told."""
    return frozenset(
        mailbox
        for mailbox, header in headers.items()
        if header is None or header.last_uid > 0 or header.num_records > 0
    )


def is_seen_shared(header: IndexHeader | None) -> bool:
    """Whether the readers of a mailbox have one read state together."""
    return header is not None and bool(header.options & OPTION_SHARED_SEEN)


def _header(index: Path) -> IndexHeader | None:
    try:
        with index.open("rb") as file:
            return parse_index_header(file.read(HEADER_OCTETS))
    except (OSError, FormatError):
        return None
