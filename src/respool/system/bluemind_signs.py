"""Is this mail server BlueMind's? By what lies on the machine; its API is not asked."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from respool.cyrus.imapd_conf import ServerConfiguration

# Source: reference of BlueMind 3.5 and 4: /etc/cyrus-admins names a hidden administrator,
# and its services keep their settings and token in /etc/bm.
_ADMINISTRATOR: Final = "bmhiddensysadmin"
_FILES: Final = (Path("/etc/bm/bm.ini"), Path("/etc/bm/bm-core.tok"))


def is_bluemind(configuration: ServerConfiguration) -> bool:
    """Whether the server of ``configuration`` belongs to BlueMind."""
    is_named = any(each.partition("@")[0] == _ADMINISTRATOR for each in configuration.admins)
    return is_named or any(is_there(file) for file in _FILES)


def is_there(file: Path) -> bool:
    """Whether a file is there, for all that may be looked at: what may not is not."""
    try:
        file.stat()
    except OSError:
        return False
    return True
