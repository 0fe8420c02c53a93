"""One message of a backup, or a part of it, octet by octet as it is."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO, Final

from respool.app.access_log import note_reading, of_selection
from respool.app.archived import STUB, WHOLE, OpenedWhole, StubsOfMailbox
from respool.app.backups import backup_of
from respool.app.copies import Copy, copies_of_guid, copy_of_uid
from respool.app.selection import Selection, Wanted, get_mailbox, select, select_in
from respool.app.settings import Settings
from respool.backups.choice import usable_generations
from respool.backups.contents import read_mailbox
from respool.backups.discovery import Backup
from respool.backups.source import open_message
from respool.cyrus.message_parts import Section, header_block, section_of
from respool.errors import (
    AccountNotInGeneration,
    GenerationNotFound,
    MessageNotInMailbox,
    PartNotInMessage,
    UsageError,
)
from respool.model.accounts import folder_path
from respool.model.dataclasses import dataclass
from respool.model.inventory import StoredMailbox

_GUID: Final = re.compile(r"[0-9a-fA-F]{40}", re.ASCII)
_UID: Final = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_SHOWN: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMessage:
    """A message file, open to read; ``copies`` are all there are, None if asked for by UID.

    ``hsm`` is of a stub of BlueMind 3.5: whether ``file`` is the message that it stands for
    (and ``guid`` that message's); ``note`` says why it is not.
    """

    selection: Selection
    found: Copy
    copies: tuple[Copy, ...] | None
    file: BinaryIO
    guid: str | None
    hsm: str | None = None
    note: str | None = None

    def as_json(self, octets: bytes, *, part: str | None) -> dict[str, object]:
        """The shape of ``cat --json``; ``octets`` are those of ``part``, of all if None."""
        copies = self.copies
        return {
            "account": self.selection.account.address,
            "generation": self.selection.generation.label,
            "name": self.found.mailbox.name.display,
            "uid": self.found.uid,
            "guid": self.guid,
            "expunged": self.found.is_expunged,
            "hsm": self.hsm,
            "part": part,
            "size_bytes": len(octets),
            "octets_base64": b64encode(octets).decode("ascii"),
            "copies": None if copies is None else [copy.as_json() for copy in copies],
        }


def is_guid(text: str) -> bool:
    """Whether ``text`` names a message by its GUID, in whatever folder."""
    return _GUID.fullmatch(text) is not None


def get_message(settings: Settings, wanted: Wanted, message: str) -> OpenedMessage:
    """One message by its UID or GUID, expunged or without a record too.

    Without a folder in ``wanted``, ``message`` is a GUID, looked for in the whole account:
    of the generation that is named, else of the newest that has it. The caller closes
    the file.

    Raises:
        MessageNotInMailbox: no such message, or its file is not in the backup.
        UsageError: ``message`` is neither a UID nor a GUID.
        BackupNotFound, GenerationNotFound, AccountNotInGeneration, FolderNotInGeneration.
    """
    if not is_guid(message) and not (wanted.folders and _UID.fullmatch(message)):
        raise UsageError(
            f'"{message}" is no message',
            hint="write FOLDER and a UID as respool ls shows it, or a GUID of 40 digits",
        )
    opened = _found(backup_of(settings), wanted, message)
    found = of_selection("cat", replace(opened.selection, mailboxes=(opened.found.source,)))
    note_reading(settings, replace(found, message=str(opened.found.uid), messages=1))
    return opened


def _found(backup: Backup, wanted: Wanted, message: str) -> OpenedMessage:
    if not wanted.folders:
        return _with_guid(_selections(backup, wanted), message)
    selection = select(backup, wanted)
    source = get_mailbox(selection, wanted.folders[0])
    if is_guid(message):
        alone = Selection(
            generation=selection.generation,
            account=selection.account,
            mailboxes=(source,),
            root=selection.root,
        )
        return _with_guid((alone,), message)
    mailbox = read_mailbox(source)
    found = copy_of_uid(source, mailbox, int(message))
    if found is None:
        raise _not_there(selection, mailbox, int(message))
    return _opened(selection, found, None)


def excerpt(octets: bytes, *, headers: bool, part: str | None) -> bytes:
    """The header block of a message, one of its parts decoded, or all of it.

    Raises:
        UsageError: ``part`` cannot name one; PartNotInMessage: this message has none such.
    """
    if part is None:
        return header_block(octets) if headers else octets
    try:
        found = section_of(octets, Section.parse(part))
    except ValueError as error:
        raise UsageError(
            f'"{part}" is no part of a message',
            hint="parts are 1, 2.1 and so on; HEADER, TEXT; 2.MIME, 2.HEADER, 2.TEXT",
        ) from error
    if found is None:
        raise PartNotInMessage(
            f"the message has no part {part}", hint="--part TEXT shows what it is made of"
        )
    return found


def _selections(backup: Backup, wanted: Wanted) -> Iterator[Selection]:
    """The whole account: of the generation that is named, else of each one, newest first."""
    if wanted.generation is not None:
        yield select(backup, wanted)
        return
    first: AccountNotInGeneration | None = None
    found = False
    for generation in usable_generations(backup.generations):
        try:
            yield select_in(generation, wanted, backup.live)
            found = True
        except AccountNotInGeneration as error:
            first = first or error
    if first is not None and not found:
        raise first


def _with_guid(selections: Iterable[Selection], guid: str) -> OpenedMessage:
    looked_in: list[Selection] = []
    for selection in selections:
        copies = copies_of_guid(selection.mailboxes, guid)
        if copies:
            return _opened(selection, copies[0], copies)
        looked_in.append(selection)
    if not looked_in:
        raise GenerationNotFound("no generation can be used", hint="respool backups shows why")
    labels = ", ".join(each.generation.label for each in looked_in[:_SHOWN])
    raise MessageNotInMailbox(
        f"{looked_in[0].account.address} has no message with GUID {guid}",
        why=f"looked in {len(looked_in)} generations: {labels}",
        hint="respool ls --include-expunged --json shows the GUIDs of a folder",
    )


def _opened(selection: Selection, found: Copy, copies: tuple[Copy, ...] | None) -> OpenedMessage:
    stubs = StubsOfMailbox(selection=selection, source=found.source, mailbox=found.mailbox)
    whole = stubs.opened(found.uid, found.place)
    if isinstance(whole, OpenedWhole):
        return OpenedMessage(
            selection=selection,
            found=found,
            copies=copies,
            file=whole.file,
            guid=whole.whole.guid.hex(),
            hsm=WHOLE,
        )
    return OpenedMessage(
        selection=selection,
        found=found,
        copies=copies,
        file=open_message(found.source, found.uid, found.place),
        guid=found.guid,
        hsm=None if whole is None else STUB,
        note=whole,
    )


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
