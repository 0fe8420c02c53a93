"""Every kind of finding: its stable code, how much it can matter, what it means for a restore.

To add one: a row here, in the order of the codes, and a heading with the same severity and
the same sentence in docs/reference/findings.md. A code is never removed or given another
meaning: plans, receipts and scripts keep them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from respool.model.dataclasses import dataclass


class Severity(StrEnum):
    """How much a finding matters."""

    NOTE = "note"  # odd, nothing is lost
    LOSS = "loss"  # something of the user's is missing or damaged in the backup
    BLOCKS = "blocks"  # this mailbox cannot be restored with its metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingKind:
    """A kind of finding; ``means`` is one plain sentence about a restore."""

    code: str
    severities: frozenset[Severity]
    means: str


NOTE: Final = (Severity.NOTE,)
LOSS: Final = (Severity.LOSS,)
BLOCKS: Final = (Severity.BLOCKS,)
NOTE_OR_LOSS: Final = (*NOTE, *LOSS)

_ROWS: Final[Mapping[str, tuple[tuple[Severity, ...], str]]] = {
    "account-made-anew": (
        NOTE,
        "The mail goes to an account that was made after the backup and never held a message.",
    ),
    "account-missing": (
        NOTE_OR_LOSS,
        "The account cannot be restored from this generation; the one before has it.",
    ),
    "archive-missing": (
        LOSS,
        "Archived messages of this partition cannot be restored from this generation.",
    ),
    "backup-changing": (
        NOTE,
        "What came to the backup meanwhile is not restored: make the plan again for that.",
    ),
    "backup-file-missing": (
        LOSS,
        "The file was there when the plan was made and is gone: the message is not restored.",
    ),
    "backup-running": (
        NOTE,
        "What is to be restored is not part of the backup that is being made.",
    ),
    "backup-unreadable": (
        LOSS,
        "The system refuses to read it: the message is not restored.",
    ),
    "bluemind-disagrees": (
        NOTE,
        "Which of the two is right cannot be told from here: respool check reads what is there.",
    ),
    "bluemind-not-asked": (
        NOTE,
        "Mail is restored and proven, but BlueMind hears of it only by what is left for you.",
    ),
    "cache-missing": (
        NOTE,
        "Nothing is lost: what it would hold is read from the messages, and made anew.",
    ),
    "cache-of-another-generation": (
        NOTE,
        "Nothing is lost: what it would hold is read from the messages, and made anew.",
    ),
    "cache-records-damaged": (
        NOTE,
        "Nothing is lost: what they should hold is read from the messages, and made anew.",
    ),
    "cache-unreadable": (
        NOTE,
        "Nothing is lost: what it would hold is read from the messages, and made anew.",
    ),
    "changed-while-checked": (
        LOSS,
        "The backup is being changed: check it again once nothing writes to it.",
    ),
    "changed-while-copied": (
        LOSS,
        "The message is not restored: its file was written to while it was read, twice.",
    ),
    "clock-doubtful": (
        NOTE,
        "Dates of messages are the backup's; only what the server dates itself can be wrong.",
    ),
    "database-container-unknown": (
        LOSS,
        "What the database holds is not restored; folders are found by directories and headers.",
    ),
    "database-copy-used": (
        LOSS,
        "What changed since the server made that copy of its database is not restored.",
    ),
    "database-damaged": (
        NOTE_OR_LOSS,
        "What can be read of the database is restored; the rest of it is not.",
    ),
    "database-missing": (
        NOTE,
        "Folders are found by their directories, and their rights by their headers.",
    ),
    "database-record-damaged": (
        LOSS,
        "What this one record of a database said is not restored.",
    ),
    "database-unreadable": (
        LOSS,
        "What the database holds is not restored; mail and flags are.",
    ),
    "databases-missing": (
        NOTE_OR_LOSS,
        "Mail is restored; readers' seen marks, subscriptions, quotas and annotations are not.",
    ),
    "dates-of-a-copy": (
        NOTE,
        "The messages are restored with the date on which somebody copied their files.",
    ),
    "description-unreadable": (
        LOSS,
        "What the generation should hold is not known; what lies on disk is restored.",
    ),
    "export-file-system": (
        NOTE,
        "The file system of the export does not keep who may read a file.",
    ),
    "export-keywords": (
        NOTE,
        "Keywords without a letter stand in manifest.json alone, not in the names of a Maildir.",
    ),
    "export-name-altered": (
        NOTE,
        "The folder has another name in the export; manifest.json says what it is called.",
    ),
    "expunge-record-damaged": (
        LOSS,
        "Deleted mail whose record is damaged has no flags or dates and is not brought back.",
    ),
    "expunge-stale": (
        NOTE,
        "What the file names was deleted before an upgrade of the server: it is not restored.",
    ),
    "expunge-unreadable": (
        LOSS,
        "Which mail was deleted but kept is not known: its files have no record.",
    ),
    "file-unreadable": (
        LOSS,
        "The system refuses to read it: what it holds is not restored.",
    ),
    "flag-refused": (
        NOTE,
        "The server keeps no such flag: messages are restored without it.",
    ),
    "folder-missing": (
        NOTE_OR_LOSS,
        "The folder is not among what people see in this generation; the one before has it.",
    ),
    "folder-renamed": (
        NOTE,
        "What the folder lacks goes into it under the name that it has now.",
    ),
    "generation-may-go": (
        NOTE,
        "Should it be deleted meanwhile, the restore stops and says so; copied out, it stays.",
    ),
    "generation-running": (
        NOTE,
        "It is still being written: wait for its end, or take an older generation.",
    ),
    "generation-unreadable": (
        LOSS,
        "Nothing of it can be restored until the system lets it be read.",
    ),
    "guid-differs": (
        LOSS,
        "The octets are not those of the message that was delivered: it is not restored.",
    ),
    "guid-zero": (
        NOTE,
        "The messages are restored, but nothing tells whether their octets are still the same.",
    ),
    "header-file-crc-differs": (
        NOTE,
        "Keywords are restored by the names of a header of another moment.",
    ),
    "header-missing": (
        LOSS,
        "Messages and system flags are restored; names of keywords and rights are lost.",
    ),
    "header-unreadable": (
        LOSS,
        "Messages and system flags are restored; names of keywords and rights are lost.",
    ),
    "hsm-body-damaged": (
        LOSS,
        "The archived message cannot be read: its stub is restored as it is.",
    ),
    "hsm-body-may-be-cut": (
        LOSS,
        "The message is restored as far as the archive has it; its end may be missing.",
    ),
    "hsm-body-missing": (
        LOSS,
        "The archived message is not in the archive: its stub is restored as it is.",
    ),
    "hsm-body-unchecked": (
        NOTE,
        "Whether the archived messages can be read is not known: install the extra hsm.",
    ),
    "hsm-id-invalid": (
        LOSS,
        "Nothing tells which archived message the stub stands for: it is restored as it is.",
    ),
    "hsm-joined": (
        NOTE,
        "The stubs come back as the messages that they stand for, read from BlueMind's archive.",
    ),
    "hsm-store-missing": (
        NOTE_OR_LOSS,
        "Of messages that were archived, only the stubs can be restored.",
    ),
    "identity-not-compared": (
        NOTE,
        "The mail is restored; nothing tells whether the account is the same person's still.",
    ),
    "index-count-too-high": (
        NOTE,
        "All records are there and are restored; only their number in the header is wrong.",
    ),
    "index-cut": (
        BLOCKS,
        "What follows the cut is restored from its files, without flags, deleted mail too.",
    ),
    "index-header-crc-differs": (
        NOTE,
        "Records are restored, each checked by its own CRC; UIDVALIDITY may be wrong.",
    ),
    "index-longer-than-its-count": (
        NOTE,
        "The records that the header counts are restored; what follows them is left aside.",
    ),
    "index-missing": (
        BLOCKS,
        "The folder is restored from its files: no flags, dated by the files, deleted mail too.",
    ),
    "index-modseq-shifted": (
        NOTE,
        "Nothing is lost: a restored mailbox gets change numbers of its own.",
    ),
    "index-record-damaged": (
        LOSS,
        "The message is restored from its file, without flags.",
    ),
    "index-record-impossible-uid": (
        LOSS,
        "The record is left out: no server gives such a UID to a message.",
    ),
    "index-record-out-of-order": (
        LOSS,
        "The record is left out: another one of the same index has its place.",
    ),
    "index-unreadable": (
        BLOCKS,
        "The folder is restored from its files: no flags, dated by the files, deleted mail too.",
    ),
    "keyword-without-name": (
        LOSS,
        "The messages are restored without this keyword.",
    ),
    "leftover-directory": (
        NOTE,
        "A failed manual restore left a directory on the live server; its name is not used.",
    ),
    "leftover-doubled-id": (
        NOTE,
        "Two live mailboxes have one id since a failed manual restore; neither is touched.",
    ),
    "leftover-header-empty": (
        NOTE,
        "A live mailbox lost its cyrus.header in a failed manual restore; it is not touched.",
    ),
    "leftover-index-emptied": (
        NOTE,
        "A live mailbox has more files than records since a failed restore; it is not touched.",
    ),
    "leftover-record-without-id": (
        NOTE,
        "A failed manual restore left a mailbox that is only a record; its name is not used.",
    ),
    "leftovers-not-searched": (
        NOTE,
        "Whether a failed manual restore left something on the live server is not known.",
    ),
    "letter-differs": (
        NOTE,
        "It is restored like any other, to where a server looks for it.",
    ),
    "letters-missing": (
        LOSS,
        "Accounts and folders under these letters cannot be restored from this generation.",
    ),
    "line-ends-mended": (
        NOTE,
        "The message is restored with the line ends of IMAP, as was asked for.",
    ),
    "live-changing": (
        NOTE,
        "What is said of live mail may be off by what changed just then.",
    ),
    "live-folder-unread": (
        LOSS,
        "Whether the live account has a message cannot be told; what it lacks is not restored.",
    ),
    "live-list-damaged": (
        LOSS,
        "Folders may be there of which nobody knows: none that is not known is restored in place.",
    ),
    "mailbox-found-twice": (
        NOTE,
        "Both are restored, the second under another name.",
    ),
    "mailbox-not-in-database": (
        NOTE,
        "It is restored like any other; the server that was backed up did not know it any more.",
    ),
    "mailbox-without-directory": (
        LOSS,
        "The folder and all its messages are not in the backup, so they are not restored.",
    ),
    "mailbox-without-name": (
        BLOCKS,
        "It belongs to no account that can be named, so it is not restored.",
    ),
    "mailboxes-missing": (
        LOSS,
        "These folders cannot be restored from this generation; an older one may have them.",
    ),
    "manifest-damaged": (
        LOSS,
        "Flags, dates and names of this export may be wrong, and messages missing from its list.",
    ),
    "message-empty": (
        LOSS,
        "It is not restored: there is nothing in it, and a server would throw it away.",
    ),
    "message-file-missing": (
        LOSS,
        "The message is not restored: only its flags and dates are known.",
    ),
    "message-file-size-differs": (
        LOSS,
        "The message is not restored: its file is cut, overwritten or of another message.",
    ),
    "message-file-without-record": (
        LOSS,
        "Restored without flags if newer than the index; else left out: it may be deleted mail.",
    ),
    "message-files-not-compared": (
        NOTE,
        "Nothing: a restore compares them, and so does check; only these counts did not.",
    ),
    "message-not-in-mailbox": (
        LOSS,
        "The directory of the message is not in the backup: the message is not restored.",
    ),
    "message-refused": (
        LOSS,
        "The server does not take the message: it is not restored.",
    ),
    "messages-fewer": (
        NOTE_OR_LOSS,
        "Half of the messages or more went since the generation before, which has them.",
    ),
    "messages-not-searched": (
        NOTE,
        "Whether they are as asked is not known, so they are not restored.",
    ),
    "meta-missing": (
        LOSS,
        "Folders of this partition are restored without flags, dated by their files.",
    ),
    "name-not-decodable": (
        NOTE,
        "The folder is restored; a new name may be needed, since a server may refuse this one.",
    ),
    "no-mail-part": (
        LOSS,
        "Nothing can be restored from this generation.",
    ),
    "odd-message-file-name": (
        LOSS,
        "It is not restored: no server would take a file of that name for a message.",
    ),
    "other-person-said": (
        NOTE,
        "The mail goes to another person, as was asked for.",
    ),
    "part-empty": (
        LOSS,
        "Nothing can be restored from this part.",
    ),
    "part-missing": (
        LOSS,
        "Mail of this server cannot be restored from this generation.",
    ),
    "part-not-valid": (
        LOSS,
        "What is there is restored; something may be missing without a trace.",
    ),
    "part-running": (
        NOTE,
        "The backup is still being written: wait for its end, or take an older generation.",
    ),
    "part-without-description": (
        LOSS,
        "It can be restored as long as it lies there; the next backup deletes it.",
    ),
    "quota-root-unreadable": (
        LOSS,
        "The limits that it held are not known and not given back.",
    ),
    "records-from-files": (
        NOTE_OR_LOSS,
        "These messages are restored without flags, dated by their files.",
    ),
    "rights-not-given": (
        NOTE,
        "What others may do in a folder stays away, or is less than planned: the text says why.",
    ),
    "rights-of-nobody": (
        NOTE,
        "It is restored; give somebody rights on it after the restore.",
    ),
    "rights-unknown": (
        NOTE,
        "Who may read the folder is set anew: look at it after the restore.",
    ),
    "same-person-said": (
        NOTE,
        "The live account is taken for the same person's.",
    ),
    "seen-while-filled": (
        NOTE,
        "Mail programs may see folders of the restore before all is in them.",
    ),
    "server-at-work": (
        NOTE,
        "The restore goes on beside it, and may take longer.",
    ),
    "server-missing": (
        LOSS,
        "Accounts of this server cannot be restored from this generation.",
    ),
    "server-not-running": (
        NOTE,
        "Mail is restored all the same; people see it once the server runs.",
    ),
    "size-differs": (
        LOSS,
        "The message is not restored: its file is longer or shorter than its record says.",
    ),
    "tree-too-deep": (
        NOTE,
        "What lies deeper is not looked at, and not restored.",
    ),
    "uniqueid-doubled": (
        NOTE,
        "Both are restored, each with an id of its own; what readers had seen may be mixed up.",
    ),
    "unknown-to-bluemind": (
        LOSS,
        "It can be restored as long as it lies there; the next backup deletes it.",
    ),
    "unsafe-backup-entry": (
        LOSS,
        "It is not opened: the message is not restored.",
    ),
    "unsafe-entry": (
        NOTE_OR_LOSS,
        "It is not opened and not restored; the rest of the folder is.",
    ),
    "user-without-name": (
        LOSS,
        "What a user has seen or subscribed to is not restored: nothing says whose it is.",
    ),
    "without-metadata": (
        NOTE,
        "The folder is restored without flags and keywords, dated by its files.",
    ),
}

KINDS: Final[Mapping[str, FindingKind]] = MappingProxyType(
    {
        code: FindingKind(code=code, severities=frozenset(severities), means=means)
        for code, (severities, means) in _ROWS.items()
    }
)
