"""Directories of one account, as a person took them out of a backup by hand.

They do not say whose they are: the account is the one that the person names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import Final

from respool.backups.source import SourceMailbox, read_header, tree_at
from respool.backups.spool_layout import folders_below, letter_findings, newest_time
from respool.backups.undated import undated_generation
from respool.cyrus.header import MailboxHeader
from respool.cyrus.spool_paths import (
    HEADER_FILE,
    INDEX_FILE,
    is_like_message_file,
    is_single_letter,
    name_of_directory,
)
from respool.errors import BackupNotFound
from respool.model.accounts import Account, AccountKind, account_of
from respool.model.findings import Finding
from respool.model.generations import BackupRoot, Generation, Part, StagedDirectories
from respool.model.inventory import MailboxPlace
from respool.model.messages import PartitionName
from respool.model.names import USER, MailboxName, parse_internal_name
from respool.system.read_only import ReadOnlyTree

KIND: Final = "staged"
_PARTITION: Final = PartitionName("default")  # what a server calls the one that has no name
_SHOWN: Final = 1


def staged_root(directories: StagedDirectories) -> BackupRoot:
    """The deepest directory that holds all of them, which are absolute and without links."""
    together = os.path.commonpath([str(each) for each in directories.every])
    said = [
        f"{word} {_listed(each)}"
        for word, each in (
            ("data", directories.data),
            ("meta", directories.meta),
            ("archive", directories.archive),
        )
        if each
    ]
    return BackupRoot(
        kind=KIND,
        place=PurePosixPath(together),
        description=f"directories of one account: {', '.join(said)}",
    )


def staged_generation(directories: StagedDirectories) -> Generation:
    """The one generation that they are.

    Raises:
        BackupNotFound: there is neither a message file nor an index in any of them.
        BackupUnreadable: they may not be read.
    """
    part = Part(part_id=None, place=staged_root(directories).place, staged=directories)
    roots = _relative(part)
    taken_at = newest_time(
        tree_at(part.place), roots.meta or roots.data, (*roots.data, *roots.archive)
    )
    if taken_at is None:
        raise BackupNotFound(
            f"there is no mail in {_listed(directories.every)}",
            why="looked for message files such as 1. and for cyrus.index, there and below",
            hint="--data names the directory that has the message files of INBOX",
        )
    return undated_generation(part, taken_at)


def staged_mailboxes(part: Part, account: Account) -> Iterator[SourceMailbox]:
    """The mailboxes of a staged part, taken as those of ``account``, parents first.

    A folder with messages in two directories comes twice, in the order of typing.
    """
    tree = tree_at(part.place)
    for folder in folders_below(tree, _relative(part).every):
        yield from _mailboxes_at(part, account, folder)


def staged_root_mailboxes(part: Part, account: Account) -> Iterator[SourceMailbox]:
    """The root of the account alone; nothing below it is looked at."""
    yield from _mailboxes_at(part, account, PurePosixPath())


def staged_kind(part: Part, login: str, domain: str | None) -> AccountKind:
    """Whether a staged part is a user's or a mailshare's, called ``login`` (encoded).

    Directories of one name below single letters are a mailshare's, one called
    ``user/NAME`` is a user's. Else a header tells: by its name or quota root, and where
    it has none by its ACL, in which a user has rights of his own. Else it is a user's.
    """
    staged = _staged_in(part)
    if _is_by_letters(staged.data):
        return AccountKind.MAILSHARE
    if any(each.parent.name == USER for each in staged.every):
        return AccountKind.USER
    user = Account(kind=AccountKind.USER, login=login, domain=domain)
    for source in staged_mailboxes(part, user):
        header = read_header(source)
        kind = None if header is None else _kind_in(header, user)
        if kind is not None:
            return kind
    return AccountKind.USER


def _is_by_letters(data: Sequence[PurePosixPath]) -> bool:
    """Whether several directories have one name, each below a letter of its own."""
    letters = {each.parent.name for each in data}
    has_one_name = len({each.name for each in data}) == 1
    return len(letters) > 1 and has_one_name and all(is_single_letter(each) for each in letters)


def _kind_in(header: MailboxHeader, user: Account) -> AccountKind | None:
    for said in (header.internal_name, header.quota_root):
        if said is None:
            continue
        try:
            account = account_of(parse_internal_name(said))
        except ValueError:
            continue
        if account is not None:
            return account.kind
    if not header.acl:
        return None
    return AccountKind.USER if user.userid in header.acl else AccountKind.MAILSHARE


def _staged_in(part: Part) -> StagedDirectories:
    if part.staged is None:
        raise ValueError("a part that is a spool")
    return part.staged


def _relative(part: Part) -> StagedDirectories:
    """The directories of a part, relative to its place."""
    staged = _staged_in(part)
    return StagedDirectories(
        data=tuple(each.relative_to(part.place) for each in staged.data),
        meta=tuple(each.relative_to(part.place) for each in staged.meta),
        archive=tuple(each.relative_to(part.place) for each in staged.archive),
    )


def _mailboxes_at(part: Part, account: Account, folder: PurePosixPath) -> Iterator[SourceMailbox]:
    parts = tuple(each.replace("^", ".") for each in folder.parts)
    name = account.root.child(*parts)
    for place in _places(tree_at(part.place), _relative(part), folder):
        yield SourceMailbox(
            name=name,
            spool=part.place,
            place=place,
            findings=_letter_findings(part, account, name, place),
        )


def _places(
    tree: ReadOnlyTree, roots: StagedDirectories, folder: PurePosixPath
) -> Iterator[MailboxPlace]:
    """Where one folder lies: of each kind the directories that hold something of it.

    Without any cyrus.* file in meta, those beside the messages count: then ``meta`` is
    None, or the directory of data that has them instead.
    """
    there = [root / folder for root in roots.data if tree.is_directory(root / folder)]
    beside = [each for each in there if _has_metadata(tree, each)]
    meta = [each for root in roots.meta if _has_metadata(tree, each := root / folder)]
    archive = [each for root in roots.archive if _has_messages(tree, each := root / folder)]
    data = [each for each in there if _has_messages(tree, each)]
    if not (data or beside or meta or archive):
        return
    data = data or beside[:1] or there[:1]
    if not meta and not set(data) <= set(beside):
        meta = [each for each in beside if each not in data]
    for one, with_meta, archived in zip_longest(data, meta, archive):
        yield MailboxPlace(partition=_PARTITION, data=one, meta=with_meta, archive=archived)


def _has_metadata(tree: ReadOnlyTree, directory: PurePosixPath) -> bool:
    return tree.is_directory(directory) and any(
        tree.stat(directory / name) is not None for name in (HEADER_FILE, INDEX_FILE)
    )


def _has_messages(tree: ReadOnlyTree, directory: PurePosixPath) -> bool:
    return tree.is_directory(directory) and any(
        not is_directory and is_like_message_file(name)
        for name, is_directory in tree.names(directory)
    )


def _letter_findings(
    part: Part, account: Account, name: MailboxName, place: MailboxPlace
) -> tuple[Finding, ...]:
    """Of a mailshare's folder whose letter can be seen and cannot be right."""
    found = place.data or place.meta or place.archive
    if account.kind is not AccountKind.MAILSHARE or found is None:
        return ()
    path = (part.place / found).parts
    below = path[-len(name.parts) - 1 :]
    on_disk = tuple(each.replace(".", "^") for each in name.parts)
    if len(below) <= len(name.parts) or below[1:] != on_disk or not is_single_letter(below[0]):
        return ()
    return letter_findings(name_of_directory(below, is_hashed=True), found)


def _listed(directories: Sequence[PurePosixPath]) -> str:
    shown = " and ".join(str(each) for each in directories[:_SHOWN])
    more = len(directories) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
