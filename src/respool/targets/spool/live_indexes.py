"""What the indexes of live mailboxes say of themselves, read as files, their headers alone.

An administrator may not ask for the STATUS of a mailbox that he may not read, and servers
before 3.0 do not tell over IMAP whether read state is shared.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from respool.cyrus.index import OPTION_SHARED_SEEN, IndexHeader, parse_index_header
from respool.cyrus.spool_paths import INDEX_FILE
from respool.errors import FormatError
from respool.model.dataclasses import dataclass
from respool.system.cyrus_server import CyrusServer, MailboxDirectories
from respool.targets.spool.live_files import foreign_files

HEADER_OCTETS = 256  # more than any version's
_DELIVERY_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMailbox:
    """One live mailbox: where it lies and its index's header, each None where unknown."""

    directories: MailboxDirectories | None
    header: IndexHeader | None

    @property
    def is_used(self) -> bool:
        """Whether it has held a message or holds message files, or that cannot be told.

        Files beside an empty index are mail, too: the index may have been lost.
        """
        if self.directories is None or self.header is None:
            return True
        if self.header.last_uid > 0 or self.header.num_records > 0:
            return True
        try:
            return len(foreign_files(self.directories)) > 0
        except OSError:
            return True

    @property
    def is_seen_shared(self) -> bool:
        """Whether its readers have one read state together."""
        return self.header is not None and bool(self.header.options & OPTION_SHARED_SEEN)


def against_adding_to(server: CyrusServer, mailbox: LiveMailbox) -> str | None:
    """Why the server must not be made to put a message into ``mailbox``; None where it may.

    It gives a message the next UID, and takes the place of a file that has that name.
    """
    if mailbox.directories is None:
        return "the server does not say where it lies"
    try:
        strays = _strays(server, mailbox.directories)
        if strays:  # a delivery may be under way
            time.sleep(_DELIVERY_SECONDS)
            strays &= _strays(server, mailbox.directories)
    except (OSError, FormatError) as error:
        return f"it cannot be looked at: {error}"
    if strays:
        return f"{len(strays)} message files lie there that its index does not know"
    return None


def _strays(server: CyrusServer, directories: MailboxDirectories) -> frozenset[int]:
    """UIDs of the files that are named like messages to come."""
    uids = foreign_files(directories).uids
    index = _index_in(server, directories)  # read later than the files were listed
    with index.open("rb") as file:
        last_uid = parse_index_header(file.read(HEADER_OCTETS)).last_uid
    return frozenset(uids[uids > last_uid].tolist())


def live_index_file(server: CyrusServer, mailbox: str) -> Path:
    """Where the server keeps the index of ``mailbox``.

    Raises:
        ProgramFailed: it knows no such mailbox.
    """
    return _index_in(server, server.directories(mailbox))


def live_mailboxes(server: CyrusServer, mailboxes: Sequence[str]) -> Mapping[str, LiveMailbox]:
    """Each of ``mailboxes``, looked at."""
    directories = server.directories_of(mailboxes)
    return {each: _looked_at(server, directories.get(each)) for each in mailboxes}


def _looked_at(server: CyrusServer, directories: MailboxDirectories | None) -> LiveMailbox:
    header = None if directories is None else _header(_index_in(server, directories))
    return LiveMailbox(directories=directories, header=header)


def _index_in(server: CyrusServer, directories: MailboxDirectories) -> Path:
    is_in_meta = "index" in server.configuration.meta_kinds
    return (directories.meta if is_in_meta else directories.data) / INDEX_FILE


def _header(index: Path) -> IndexHeader | None:
    try:
        with index.open("rb") as file:
            return parse_index_header(file.read(HEADER_OCTETS))
    except (OSError, FormatError):
        return None
