"""One message of a backup, octet by octet as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from respool.app.backups import backup_of
from respool.app.selection import Selection, Wanted, get_mailbox, select
from respool.app.settings import Settings
from respool.backups.contents import read_mailbox
from respool.backups.source import open_message
from respool.errors import MessageNotInMailbox
from respool.model.accounts import folder_path
from respool.model.inventory import NOWHERE, StoredMailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMessage:
    """A message file, open to read; ``guid`` is None where no record has one."""

    selection: Selection
    mailbox: StoredMailbox
    uid: int
    guid: str | None
    file: BinaryIO


def get_message(settings: Settings, wanted: Wanted, uid: int) -> OpenedMessage:
    """One message, expunged or without a record too. The caller closes its file.

    Raises:
        MessageNotInMailbox: no such UID, or its file is not in the backup.
        BackupNotFound, GenerationNotFound, AccountNotInGeneration, FolderNotInGeneration.
    """
    selection = select(backup_of(settings), wanted)
    source = get_mailbox(selection, wanted.folders[0])
    mailbox = read_mailbox(source)
    place, guid = _place_of(mailbox, uid)
    if place is None:
        raise _not_there(selection, mailbox, uid)
    return OpenedMessage(
        selection=selection,
        mailbox=mailbox,
        uid=uid,
        guid=guid,
        file=open_message(source, uid, place),
    )


def _place_of(mailbox: StoredMailbox, uid: int) -> tuple[int | None, str | None]:
    recorded = mailbox.records[mailbox.records["uid"] == uid]
    if len(recorded):
        guid = recorded["guid"][0].tobytes()
        place = int(recorded["place"][0])
        return (None if place == NOWHERE else place), (guid.hex() if any(guid) else None)
    orphans = mailbox.orphans[mailbox.orphans["uid"] == uid]
    return (int(orphans["place"][0]) if len(orphans) else None), None


def _not_there(selection: Selection, mailbox: StoredMailbox, uid: int) -> MessageNotInMailbox:
    why = [finding.text for finding in mailbox.findings if finding.uid == uid]
    path = folder_path(mailbox.name)
    uids = sorted({*mailbox.records["uid"].tolist(), *mailbox.orphans["uid"].tolist()})
    span = f"it has {len(uids)} messages, UIDs {uids[0]} to {uids[-1]}" if uids else "it is empty"
    return MessageNotInMailbox(
        f"message {uid} of {path} of {selection.account.address} is not in the backup",
        why="; ".join(why) or span,
        hint="respool ls shows its messages",
    )
