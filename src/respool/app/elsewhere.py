"""Which other generation has messages that one lacks, by their GUIDs."""

from __future__ import annotations

import shlex

from respool.app.account_lookup import shown
from respool.app.selection import Selection, Wanted, select_in
from respool.backups.choice import usable_generations
from respool.backups.contents import read_mailbox
from respool.backups.discovery import Backup
from respool.errors import (
    AccountNotInGeneration,
    AmbiguousName,
    FolderNotInGeneration,
    MessageNotInMailbox,
)


def said_where_else(
    error: MessageNotInMailbox,
    backup: Backup,
    wanted: Wanted,
    passed: Selection,
    guids: tuple[str, ...],
) -> MessageNotInMailbox:
    """The same error, naming the newest other generation whose indexes have all of ``guids``."""
    looked_in = 1
    for generation in usable_generations(backup.generations):
        if generation.label == passed.generation.label:
            continue
        try:
            selection = select_in(generation, wanted, backup.live)
        except (AccountNotInGeneration, FolderNotInGeneration, AmbiguousName):
            continue
        looked_in += 1
        if _has_all(selection, guids):
            typed = ["respool", wanted.command, wanted.account, *wanted.folders]
            asked = [word for guid in guids for word in ("--guid", guid)]
            command = shlex.join([*typed, *asked, "-g", generation.label])
            return MessageNotInMailbox(
                error.what, why=f"last in generation {shown(generation)}", hint=command
            )
    return MessageNotInMailbox(
        error.what, why=f"looked in {looked_in} generations", hint=error.hint
    )


def _has_all(selection: Selection, guids: tuple[str, ...]) -> bool:
    left = set(guids)
    for source in selection.mailboxes:
        mailbox = read_mailbox(source)
        left -= {each for each in left if mailbox.has_guid(bytes.fromhex(each)).any()}
        if not left:
            return True
    return False
