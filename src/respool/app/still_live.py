"""How much of what is looked at the live account still has, where that is quickly told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from respool.app.live_account import LiveNotLooked, find_live
from respool.app.settings import Settings
from respool.backups.live_mailboxes import live_guids
from respool.errors import RespoolError
from respool.model.accounts import Account
from respool.model.inventory import StoredMailbox
from respool.planning.answering import in_common

_MOST: Final = 300_000  # messages on either side: beyond that it takes time and room


def still_there(
    settings: Settings, account: Account, looked_at: Sequence[tuple[StoredMailbox, Any]]
) -> int | None:
    """How many messages people see in the live account, too, each copy counted once.

    ``looked_at`` are mailboxes, each with a mask of its records. None where live mail is not
    on this machine, has no such account, or is so much that it would take long.
    """
    if sum(int(mask.sum()) for _, mask in looked_at) > _MOST:
        return None
    live = find_live(settings, account)
    if isinstance(live, LiveNotLooked) or not live.is_there:
        return None
    try:
        found = live_guids(live.sources, _MOST)
    except RespoolError:
        return None
    if found is None:
        return None
    return in_common([mailbox.records["guid"][mask] for mailbox, mask in looked_at], found)
