"""Which copies of a backup have newer flags than the live ones that answer them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from respool.targets.state.columns import Mask
from respool.targets.state.differences import Matched


def with_newer_flags(matched: Matched) -> Matched:
    """Those pairs alone where the backup's record was changed after the live one.

    A message that never left its folder has counted its changes (modseq); of any other pair
    the times of the last change are compared (``last_updated``). Equal is not newer.

    Source: RFC 7162, section 3: a modseq grows with each change, within one mailbox.
    """
    was, now = matched.was.mailbox, matched.now.mailbox
    then, present = was.records[matched.was_rows], now.records[matched.now_rows]
    is_newer: Mask = then["last_updated"] > present["last_updated"]
    is_same_mailbox = was.uniqueid is not None and was.uniqueid == now.uniqueid
    if is_same_mailbox and was.uidvalidity == now.uidvalidity:
        is_same = then["uid"] == present["uid"]
        is_newer = np.where(is_same, then["modseq"] > present["modseq"], is_newer)
    return replace(
        matched, was_rows=matched.was_rows[is_newer], now_rows=matched.now_rows[is_newer]
    )
