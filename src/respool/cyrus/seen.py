r"""What one reader has seen of one mailbox: a record of his ``.seen`` database.

The key is the mailbox's uniqueid, the value a text: ``1 <last read> <last UID> <last
change> <UIDs>``, times in seconds since 1970, UIDs as IMAP writes a set. All versions since
2.2 write the same; only the container changed.

Source: imap/seen_db.c, ``parse_data`` and ``seen_write``; seen on 2.4.20 to 3.10.3.
"""

from __future__ import annotations

import re
from typing import Final

from respool.errors import FormatError
from respool.model.dataclasses import dataclass
from respool.model.state import UidSet

SEEN_ENDING: Final = ".seen"
ANYONE: Final = "anyone"  # whose \Seen is everybody's, before index version 12
_RANGE_LIMIT: Final = 1 << 17
_VALUE: Final = re.compile(rb"\s*1 +(\d{1,20}) +(\d{1,10}) +(\d{1,20})(?: +([0-9:,]*))?[\s\0]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRecord:
    """What a reader has seen; ``last_uid`` was the highest UID when he last looked."""

    last_read: int
    last_uid: int
    last_change: int
    uids: UidSet


def parse_seen(value: bytes) -> SeenRecord:
    """The value of one record.

    Raises:
        FormatError: of another form, or a set of UIDs that cannot be.
    """
    found = _VALUE.fullmatch(value)
    if found is None:
        raise FormatError("not what a reader has seen", found=repr(value[:60]))
    uids = (found[4] or b"").strip(b",")
    if uids.count(b",") > _RANGE_LIMIT:
        raise FormatError(f"a reader who has seen more than {_RANGE_LIMIT} ranges of UIDs")
    try:
        seen = UidSet.parse(uids.decode("ascii"))
    except ValueError as error:
        raise FormatError("not what a reader has seen", found=str(error)[:60]) from error
    return SeenRecord(
        last_read=int(found[1]), last_uid=int(found[2]), last_change=int(found[3]), uids=seen
    )


def last_change(value: bytes) -> int:
    """When a record was last written, without its UIDs; 0 where it is of another form."""
    found = _VALUE.fullmatch(value)
    return 0 if found is None else int(found[3])
