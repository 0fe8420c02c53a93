"""Which live mailboxes have ever held a message: what their indexes say, read as files.

An administrator may not ask for the STATUS of a mailbox that he may not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from respool.cyrus.index import parse_index_header
from respool.cyrus.spool_paths import INDEX_FILE
from respool.errors import FormatError
from respool.system.cyrus_server import CyrusServer

_HEADER_OCTETS = 256  # more than any version's


def used_mailboxes(server: CyrusServer, mailboxes: Sequence[str]) -> frozenset[str]:
    """Those of ``mailboxes`` that have held a message, or of which that cannot be told."""
    directories = server.meta_directories(mailboxes)
    is_in_meta = "index" in server.configuration.meta_kinds
    return frozenset(
        mailbox
        for mailbox, meta in directories.items()
        if _has_held(
            meta / INDEX_FILE if is_in_meta else server.directories(mailbox).data / INDEX_FILE
        )
    )


def _has_held(index: Path) -> bool:
    try:
        with index.open("rb") as file:
            header = parse_index_header(file.read(_HEADER_OCTETS))
    except (OSError, FormatError):
        return True
    return header.last_uid > 0 or header.num_records > 0
