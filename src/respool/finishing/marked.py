"""Messages marked as deleted, which BlueMind's forced replication would take along.

``replication.parentUid`` appends to each folder of a mailbox a message that is marked as
deleted, and then expunges the folder: whatever else is marked there is gone as well, live
mail and what was restored. Source: ReplicationParentUidRepair.java of 2020 to 2022.
"""

from __future__ import annotations

from collections.abc import Mapping

from respool.bluemind.api_answers import ApiMailbox
from respool.finishing.own_rights import folders_of
from respool.model.accounts import Account
from respool.model.names import MailboxName, decoded_part
from respool.runs.actor import Note
from respool.system.borrowed_rights import borrowed_rights
from respool.system.cyrus_server import CyrusServer

FORCED_REPLICATION = "replication.parentUid"
_TO_LOOK = "lr"
_MOST_NAMED = 3


def marked_messages(server: CyrusServer, root: MailboxName) -> Mapping[str, int]:
    """How many messages are marked as deleted, by folder of the mailbox; none left out."""
    found = {}
    for mailbox in folders_of(server, root):
        with borrowed_rights(server, mailbox, _TO_LOOK):
            count = _marked_in(server, mailbox)
        if count:
            found[mailbox] = count
    return found


def is_mailbox_of(entry: ApiMailbox | None, account: Account) -> bool:
    """Whether the mailbox of a directory entry, whose messages would go, is ``account``'s."""
    if entry is None:
        return False
    return (entry.kind, entry.name) == (account.kind, decoded_part(account.login))


def left_as_anothers(address: str, command: str) -> Note:
    """What is noted where the entry that would be repaired is not of the restored account."""
    why = f"what BlueMind's directory has now is not the mailbox {address}"
    left = f"{command}, once nothing there is marked as deleted: {why}"
    return {"operation": FORCED_REPLICATION, "skipped": why, "left_to_do": [left]}


def left_alone(marked: Mapping[str, int], command: str) -> Note:
    """What is noted where the repair is not asked for, and what is left to a person."""
    named = ", ".join([*marked][:_MOST_NAMED]) + (", …" if len(marked) > _MOST_NAMED else "")
    count = sum(marked.values())
    what = f"{count} message{'' if count == 1 else 's'} marked as deleted in {named}"
    why = f"BlueMind would expunge {what}"
    left = f"{command}, once they are purged or unmarked: {why}"
    return {"operation": FORCED_REPLICATION, "skipped": why, "left_to_do": [left]}


def _marked_in(server: CyrusServer, mailbox: str) -> int:
    session = server.admin.session
    if not session.open_to_read(mailbox):
        session.leave_folder()
        return 0
    answer = session.ask("SEARCH", "DELETED", response="SEARCH")
    session.leave_folder()
    return len(answer)
