"""Messages whose octets a server named, by their SHA-1, when it took them.

BlueMind 5 hashes what it was sent, keeps it under that hash, and tells it in its answer to
APPEND. Where that is the GUID of the backup, flags, date and size are read back, and the
octets of one message of each group; those of the others are equal by the server's own count.

Source: BlueMind 5, net.bluemind.imap.endpoint.driver, AppendStatus.java.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from respool.model.messages import ReadBack
from respool.system.imap import ImapSession
from respool.system.imap_listing import OF_BLUEMIND_5

_AT_ONCE: Final = 500


def names_octets(session: ImapSession) -> bool:
    """Whether the server is one that hashes what it is sent: BlueMind 5 names itself."""
    return session.can(OF_BLUEMIND_5)


def read_back_by_guid(
    session: ImapSession, sizes: Mapping[int, int], guids: Mapping[int, str]
) -> tuple[dict[int, ReadBack], int]:
    """The messages of the open folder whose UIDs are keys of ``sizes``, as far as they are there.

    ``guids`` are what the server told of those UIDs. The first is read whole: if it is not what
    the server said, all are. The number is that of messages whose octets were not read.
    """
    first = dict(islice(sizes.items(), 1))
    found = {each.uid: each for each in session.read_back(first)}
    is_true = bool(found) and all(each.guid == guids[each.uid] for each in found.values())
    rest = [uid for uid in sizes if uid not in first]
    told = dict(_as_told(session, rest, guids)) if is_true else {}
    unread = {uid: sizes[uid] for uid in rest if uid not in told}
    found |= {each.uid: each for each in session.read_back(unread)}
    return found | told, len(told)


def _as_told(
    session: ImapSession, uids: Sequence[int], guids: Mapping[int, str]
) -> Iterator[tuple[int, ReadBack]]:
    """Those of which the server tells flags, date and size, with the GUID that it told before."""
    for start in range(0, len(uids), _AT_ONCE):
        some = uids[start : start + _AT_ONCE]
        for each in session.states(",".join(map(str, some))):
            flags, date, size = each.flags, each.internaldate, each.size_bytes
            if each.uid in guids and flags is not None and date is not None and size is not None:
                yield (
                    each.uid,
                    ReadBack(
                        uid=each.uid,
                        flags=flags,
                        internaldate=date,
                        size_bytes=size,
                        guid=guids[each.uid],
                    ),
                )
