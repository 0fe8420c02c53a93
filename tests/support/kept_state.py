"""What we read of a server's databases, beside what the server said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from respool.backups.mailboxes import read_with_state
from respool.backups.server_state import ServerState, server_state
from respool.backups.source import SourceMailbox
from respool.model.accounts import Account, account_of
from respool.model.generations import Generation
from respool.model.inventory import StoredMailbox
from respool.model.names import MailboxName, encoded_part
from respool.model.state import Annotation, MailboxState
from tests.support.inventories import sources_in
from tests.support.small_spools import mailbox_name
from tests.support.truth import Truth, TruthMailbox

CYRUS = "/vendor/cmu/cyrus-imapd/"
COMPUTED = frozenset(  # by the server when it is asked; none of them stands in a database
    f"/shared{CYRUS}{name}"
    for name in (
        *("annotsize", "duplicatedeliver", "foldermodseq", "hasalarms", "lastpop", "lastupdate"),
        *("partition", "pop3newuidl", "sharedseen", "size", "synccrcs", "uniqueid"),
        "userrawquota",
    )
)


def kept_read(
    source: SourceMailbox, mailbox: StoredMailbox, state: MailboxState, account: Account
) -> dict[str, object]:
    """What was kept of a mailbox, in the words of `kept_said`."""
    visible = mailbox.records[mailbox.visible()]
    seen = {
        userid: visible["uid"][uids.mask(visible["uid"])].tolist()
        for userid, uids in state.seen_by.items()
    }
    in_index = visible["uid"][(visible["system_flags"] & 16) != 0].tolist()
    root = server_state(source.spool).quota_root(source.name)
    return {
        "seen by": {userid: uids for userid, uids in seen.items() if uids},
        "seen in index": in_index,
        "annotations": _annotations(state.annotations),
        "on messages": _on_messages(state.on_messages, set(visible["uid"].tolist())),
        "special use": set(state.special_use(account.userid)),
        "limits": None if root is None else dict(root.limits),
        "used": None if root is None else {key: root.used[key] for key in root.limits},
    }


def kept_said(box: TruthMailbox, raw: Mapping[str, Any]) -> dict[str, object]:
    """What the server said of what was kept; what it did not say is left out."""
    is_shared = box.annotations.get(f"/shared{CYRUS}sharedseen") == "true"
    others = {
        reader: sorted(uids)
        for reader, uids in box.seen_by.items()
        if uids and reader != box.owner and not is_shared
    }
    in_index = box.seen_by.get(box.owner or "", next(iter(box.seen_by.values()), frozenset()))
    stored = {key: value for key, value in box.annotations.items() if key not in COMPUTED}
    quota = box.quota if box.quota is not None and box.quota.root == box.imap_name else None
    return {
        "seen by": others,
        "seen in index": sorted(in_index) if box.owner or is_shared else [],
        "annotations": _said(stored, box.owner) + _said(box.owner_annotations, box.owner),
        "on messages": sorted(
            (uid, *_split(key, box.viewer), value)
            for uid, key, value in _said_on_messages(raw)
        ),
        "special use": set(box.special_use),
        "limits": None if quota is None else {k: limit for k, (_, limit) in quota.resources.items()},
        "used": None if quota is None else {k: used for k, (used, _) in quota.resources.items()},
    }
