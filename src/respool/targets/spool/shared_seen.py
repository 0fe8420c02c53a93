"""Giving the readers of a mailbox one read state together: an option in its index.

Not over IMAP: 3.6.1 dies of it for a mailshare ("assertion failed: user_isnamespacelocked"
at SETMETADATA of sharedseen).
"""

from __future__ import annotations

import os

from respool.cyrus.index import OPTION_SHARED_SEEN, with_options
from respool.errors import FormatError, StepFailed
from respool.system.cyrus_server import CyrusServer
from respool.system.locks import record_locked
from respool.targets.spool.live_indexes import HEADER_OCTETS, live_index_file


def share_seen(server: CyrusServer, mailbox: str) -> None:
    """Set the option, with the index locked as the server locks it; twice is as once.

    Raises:
        StepFailed: the index cannot be written, or is of an unknown version.
    """
    _change(server, mailbox, added=OPTION_SHARED_SEEN)


def unshare_seen(server: CyrusServer, mailbox: str) -> None:
    """As `share_seen`: take the option back."""
    _change(server, mailbox, removed=OPTION_SHARED_SEEN)


def _change(server: CyrusServer, mailbox: str, *, added: int = 0, removed: int = 0) -> None:
    try:
        with record_locked(live_index_file(server, mailbox)) as descriptor:
            former = os.pread(descriptor, HEADER_OCTETS, 0)
            header = with_options(former, added=added, removed=removed)
            os.pwrite(descriptor, header, 0)
            os.fsync(descriptor)
    except (OSError, FormatError) as error:
        raise StepFailed(
            f"whether the read state of {mailbox} is shared cannot be set", why=str(error)
        ) from error
