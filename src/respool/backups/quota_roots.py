"""What an account's mailboxes were allowed to use, by the quota files of a backup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from respool.backups.source import tree_at
from respool.cyrus.quota_root import parse_quota_limits
from respool.cyrus.spool_paths import DOMAIN, full_hash_letter, hash_letter, is_single_letter
from respool.model.names import MailboxName
from respool.system.read_only import EntryKind, ReadOnlyTree

_QUOTA: Final = "quota"
_CONFIG_DIRECTORIES: Final = (
    PurePosixPath("var/lib/cyrus"),
    PurePosixPath("lib/cyrus"),
    PurePosixPath("var/lib/imap"),
    PurePosixPath(),
)
_FILE_LIMIT: Final = 1 << 16


def quota_limits(place: PurePosixPath, root: MailboxName) -> Mapping[str, int] | None:
    """The limits of a quota root, by resource; None where the backup has no file of it.

    ``place`` is that of a part. STORAGE is in KiB. Empty where nothing is limited. No link
    is followed.

    Raises:
        FormatError: the file is damaged.
        UnsafeBackupEntry, BackupUnreadable: it is a link, say, or may not be read.
    """
    tree = tree_at(place)
    name = ".".join(part.replace(".", "^") for part in root.parts)
    for file in _places(tree, root, name):
        entry = tree.stat(file)
        if entry is not None and entry.kind is not EntryKind.DIRECTORY:
            octets = tree.read(file, _FILE_LIMIT)
            if octets:  # the server takes an empty one for none (imap/quota_db.c, quota_read)
                return parse_quota_limits(octets)
    return None


def _places(tree: ReadOnlyTree, root: MailboxName, name: str) -> Iterator[PurePosixPath]:
    """Where the file could be: under the letter that it should have, any other, or none.

    The letter is that of what follows the first dot, as for a mailbox's directory.
    """
    hashed = name.partition(".")[2] or name
    for config_directory in _CONFIG_DIRECTORIES:
        for above in _of_domain(tree, config_directory, root.domain):
            for directory in _below(tree, above / _QUOTA, hashed):
                yield directory / name


def _of_domain(
    tree: ReadOnlyTree, config_directory: PurePosixPath, domain: str | None
) -> Iterator[PurePosixPath]:
    if domain is None:
        yield config_directory
        return
    for directory in _below(tree, config_directory / DOMAIN, domain):
        if domain in tree.subdirectories(directory):
            yield directory / domain


def _below(tree: ReadOnlyTree, directory: PurePosixPath, hashed: str) -> Iterator[PurePosixPath]:
    """The directories of letters in ``directory``, those of ``hashed`` first; then itself."""
    right = (hash_letter(hashed), full_hash_letter(hashed))
    letters = [each for each in tree.subdirectories(directory) if is_single_letter(each)]
    for letter in sorted(letters, key=lambda each: each not in right):
        yield directory / letter
    yield directory
