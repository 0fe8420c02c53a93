"""Giving the readers of a mailbox one read state together: an option in its index.

Not over IMAP: 3.6.1 dies of it for a mailshare ("assertion failed: user_isnamespacelocked"
at SETMETADATA of sharedseen).
"""

from __future__ import annotations

import os
from pathlib import Path

from respool.cyrus.index import OPTION_SHARED_SEEN, with_options
from respool.errors import FormatError, StepFailed
from respool.system.cyrus_server import CyrusServer
from respool.system.locks import record_locked

_HEADER_OCTETS = 256  # more than any version's
_INDEX_FILE = "cyrus.index"


def share_seen(server: CyrusServer, mailbox: str) -> None:
    """Set the option, with the index locked as the server locks it; twice is as once.

    Raises:
        StepFailed: the index cannot be written, or is of an unknown version.
    """
    directories = server.directories(mailbox)
    is_in_meta = "index" in server.configuration.meta_kinds
    file: Path = (directories.meta if is_in_meta else directories.data) / _INDEX_FILE
    try:
        with record_locked(file) as descriptor:
            header = with_options(os.pread(descriptor, _HEADER_OCTETS, 0), OPTION_SHARED_SEEN)
            os.pwrite(descriptor, header, 0)
            os.fsync(descriptor)
    except (OSError, FormatError) as error:
        raise StepFailed(
            f"the read state of {mailbox} cannot be shared", why=str(error)
        ) from error
