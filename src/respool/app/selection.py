"""What a person means by an account, folders and a generation, found in a backup."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from unicodedata import normalize

from respool.app.account_lookup import find_account, shown
from respool.backups.addresses import AddressSource
from respool.backups.choice import choose_generation, usable_generations
from respool.backups.contents import mailboxes_of
from respool.backups.discovery import Backup
from respool.backups.source import SourceMailbox
from respool.errors import (
    AccountNotInGeneration,
    AmbiguousName,
    BackupError,
    FolderNotInGeneration,
    GenerationNotFound,
)
from respool.model.accounts import Account, folder_path
from respool.model.dataclasses import dataclass
from respool.model.folder_patterns import is_meant
from respool.model.generations import Generation

_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was typed. ``command`` is the verb that hints repeat: ``restore``.

    ``may_be_running``: a generation that is still being written may be looked at, by whoever
    then looks which of its parts are.
    """

    account: str
    folders: tuple[str, ...] = ()
    generation: str | None = None
    command: str = "show"
    may_be_running: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was meant: ``mailboxes`` are those of the folders named, all without any.

    ``root`` is the account's own INBOX or root, named or not; None where it is not there.
    ``is_older`` says that newer generations were passed over for lacking the folders.
    """

    generation: Generation
    account: Account
    mailboxes: tuple[SourceMailbox, ...]
    root: SourceMailbox | None = None
    is_older: bool = False


def select(backup: Backup, wanted: Wanted) -> Selection:
    """The mailboxes that are wanted.

    Without a generation: the latest for a whole account; for named folders the newest
    that has all of them.

    Raises:
        GenerationNotFound, AccountNotInGeneration, FolderNotInGeneration, AmbiguousName.
    """
    if wanted.generation is None and wanted.folders:
        return _newest_with(backup, wanted)
    generation = choose_generation(
        backup.generations, wanted.generation, may_be_running=wanted.may_be_running
    )
    try:
        return select_in(generation, wanted, backup.live)
    except (AccountNotInGeneration, FolderNotInGeneration) as error:
        raise _with_other_generation(error, backup, wanted, generation) from error


def matching(mailboxes: Iterable[SourceMailbox], folder: str) -> tuple[SourceMailbox, ...]:
    """The mailboxes that one FOLDER means, as `is_meant` says."""
    return tuple(
        each
        for each in mailboxes
        if is_meant(folder, folder_path(each.name), is_deleted=each.name.is_deleted)
    )


def get_mailbox(selection: Selection, folder: str) -> SourceMailbox:
    """The one mailbox of a folder, not those below it.

    Raises:
        FolderNotInGeneration: only folders below it are mailboxes.
    """
    found = matching(selection.mailboxes, f"={folder.removeprefix('=')}")
    if len(found) == 1:
        return found[0]
    if found:
        paths = ", ".join(_path(each) for each in found[:_SHOWN])
        raise AmbiguousName(f'"{folder}" means {len(found)} folders', why=paths)
    below = ", ".join(_path(each) for each in selection.mailboxes[:_SHOWN])
    raise FolderNotInGeneration(
        f'"{folder}" of {selection.account.address} holds no messages of its own',
        why=f"below it are {below}",
    )


def select_in(
    generation: Generation, wanted: Wanted, live: AddressSource | None = None
) -> Selection:
    """The mailboxes that are wanted, of this generation; errors as `select`.

    ``live`` is asked for an address that the generation does not tell.
    """
    account = find_account(generation, wanted.account, live)
    mailboxes = mailboxes_of(generation, account)
    root = next((each for each in mailboxes if each.name == account.root), None)
    if wanted.folders:
        chosen = {
            each.name: each
            for folder in wanted.folders
            for each in _matching_or_raise(mailboxes, folder, generation, account)
        }
        mailboxes = tuple(each for each in mailboxes if each.name in chosen)
    return Selection(generation=generation, account=account, mailboxes=mailboxes, root=root)


def _matching_or_raise(
    mailboxes: Sequence[SourceMailbox], folder: str, generation: Generation, account: Account
) -> tuple[SourceMailbox, ...]:
    found = matching(mailboxes, folder)
    if found:
        return found
    paths = [_path(each) for each in mailboxes]
    close = get_close_matches(folder, paths, n=3) or paths[:_SHOWN]
    raise FolderNotInGeneration(
        f'"{folder}" of {account.address} is not in generation {shown(generation)}',
        why=f"there are {len(paths)} folders, such as {', '.join(close)}" if paths else None,
    )


def _newest_with(backup: Backup, wanted: Wanted) -> Selection:
    first: BackupError | None = None
    for generation in usable_generations(backup.generations):
        try:
            found = select_in(generation, wanted, backup.live)
        except (AccountNotInGeneration, FolderNotInGeneration) as error:
            first = first or error
            continue
        return replace(found, is_older=first is not None)
    raise first or GenerationNotFound(
        f'no generation of "{backup.root.place}" can be used', hint="respool backups shows why"
    )


def _with_other_generation(
    error: BackupError, backup: Backup, wanted: Wanted, passed: Generation
) -> BackupError:
    """The same error, naming the newest other generation that has what is wanted."""
    for generation in usable_generations(backup.generations):
        if generation is passed:
            continue
        try:
            select_in(generation, wanted, backup.live)
        except (AccountNotInGeneration, FolderNotInGeneration, AmbiguousName):
            continue
        typed = ["respool", wanted.command, wanted.account, *wanted.folders]
        command = shlex.join([*typed, "-g", generation.label])
        return type(error)(error.what, why=f"last in generation {shown(generation)}", hint=command)
    return error


def _path(source: SourceMailbox) -> str:
    return normalize("NFC", folder_path(source.name))
