"""Where a message lies in an account: by its UID in one folder, by its GUID in any."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from respool.backups.contents import read_mailbox
from respool.backups.source import SourceMailbox, open_message
from respool.errors import BackupError
from respool.model.accounts import folder_path
from respool.model.dataclasses import dataclass
from respool.model.inventory import EXPUNGED, NOWHERE, Rows, StoredMailbox

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One place where a message lies; ``guid`` is None where no record has one."""

    source: SourceMailbox
    mailbox: StoredMailbox
    uid: int
    place: int
    guid: str | None = None
    is_expunged: bool = False

    @property
    def path(self) -> str:
        """Its folder, as people type it."""
        return folder_path(self.mailbox.name)

    def as_json(self) -> dict[str, object]:
        """The shape in ``copies``."""
        name = self.mailbox.name.display
        return {"name": name, "uid": self.uid, "expunged": self.is_expunged}


def copy_of_uid(source: SourceMailbox, mailbox: StoredMailbox, uid: int) -> Copy | None:
    """The message of a UID, expunged or without a record too; None where no file is."""
    recorded = mailbox.records[mailbox.records["uid"] == uid]
    if len(recorded):
        found = _recorded(source, mailbox, recorded[0])
        return None if found.place == NOWHERE else found
    orphans = mailbox.orphans[mailbox.orphans["uid"] == uid]
    return _orphan(source, mailbox, orphans[0]) if len(orphans) else None


def copies_of_guid(sources: Sequence[SourceMailbox], guid: str) -> tuple[Copy, ...]:
    """Every copy of a message: those that a user sees first, expunged and deleted ones last.

    Messages whose GUID no index tells are read for it, but only where no record has it.
    """
    wanted = bytes.fromhex(guid)
    mailboxes = [(source, read_mailbox(source)) for source in sources]
    found = [copy for each in mailboxes for copy in _with_guid(*each, wanted)]
    found = found or [copy for each in mailboxes for copy in _hashed(*each, wanted)]
    return tuple(sorted(found, key=_order))


def _order(copy: Copy) -> tuple[bool, str, int]:
    return (copy.is_expunged or copy.mailbox.name.is_deleted, copy.path, copy.uid)


def _with_guid(source: SourceMailbox, mailbox: StoredMailbox, guid: bytes) -> Iterator[Copy]:
    has_file = mailbox.records["place"] != NOWHERE
    for row in mailbox.records[has_file & mailbox.has_guid(guid)]:
        yield _recorded(source, mailbox, row)


def _hashed(source: SourceMailbox, mailbox: StoredMailbox, guid: bytes) -> Iterator[Copy]:
    has_file = mailbox.records["place"] != NOWHERE
    for row in mailbox.records[has_file & mailbox.has_guid(bytes(20))]:
        if _sha1(source, row) == guid:
            yield _recorded(source, mailbox, row)
    for row in mailbox.orphans:
        if _sha1(source, row) == guid:
            yield _orphan(source, mailbox, row)


def _recorded(source: SourceMailbox, mailbox: StoredMailbox, row: Rows) -> Copy:
    guid = row["guid"].tobytes()
    return Copy(
        source=source,
        mailbox=mailbox,
        uid=int(row["uid"]),
        place=int(row["place"]),
        guid=guid.hex() if any(guid) else None,
        is_expunged=bool(int(row["system_flags"]) & EXPUNGED),
    )


def _orphan(source: SourceMailbox, mailbox: StoredMailbox, row: Rows) -> Copy:
    return Copy(source=source, mailbox=mailbox, uid=int(row["uid"]), place=int(row["place"]))


def _sha1(source: SourceMailbox, row: Rows) -> bytes | None:
    digest = hashlib.sha1(usedforsecurity=False)
    try:
        with open_message(source, int(row["uid"]), int(row["place"])) as file:
            while octets := file.read(_CHUNK):
                digest.update(octets)
    except (BackupError, OSError):
        return None
    return digest.digest()
