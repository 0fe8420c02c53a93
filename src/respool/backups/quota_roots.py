"""The quota roots of a part: files of their own, or records of ``quotas.db``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final

from respool.backups.server_files import QUOTA, ConfigDirectory, entries_of, loss, said
from respool.cyrus.mailbox_records import key_text, name_of_internal
from respool.cyrus.quota_root import QuotaNumbers, parse_quota, parse_quota_file
from respool.cyrus.spool_paths import DOMAIN, full_hash_letter, hash_letter, is_single_letter
from respool.errors import BackupError, FormatError
from respool.model.findings import Finding
from respool.model.names import MailboxName
from respool.model.state import QuotaRoot
from respool.system.read_only import EntryKind

QUOTAS_FILE: Final = "quotas.db"
_FILE_LIMIT: Final = 1 << 16


class QuotaRoots:
    """Asked for one by one; nothing is read before. ``findings`` are those of what was asked."""

    def __init__(self, config: ConfigDirectory) -> None:
        self._config = config
        self._database = config.base / QUOTAS_FILE
        self._known: dict[MailboxName, QuotaRoot | None] = {}
        self._findings: dict[Finding, None] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was odd about what was read so far."""
        return tuple(self._findings)

    def of(self, root: MailboxName) -> QuotaRoot | None:
        """The quota root of a name; None where there is none, or none that can be read."""
        if root not in self._known:
            numbers = self._from_file(root) or self._from_database(root)
            self._known[root] = (
                None
                if numbers is None
                else QuotaRoot(root=root, used=numbers.used, limits=numbers.limits)
            )
        return self._known[root]

    def _from_file(self, root: MailboxName) -> QuotaNumbers | None:
        name = ".".join(part.replace(".", "^") for part in root.parts)
        for file in self._places(root, name):
            try:
                entry = self._config.tree.stat(file)
                if entry is None or entry.kind is EntryKind.DIRECTORY:
                    continue
                octets = self._config.tree.read(file, _FILE_LIMIT)
                if octets:  # the server takes an empty one for none (imap/quota_db.c, quota_read)
                    return parse_quota_file(octets)
            except (BackupError, FormatError) as error:
                self._add("quota-root-unreadable", file, error)
        return None

    def _from_database(self, root: MailboxName) -> QuotaNumbers | None:
        value = self._records.get(root)
        try:
            return None if value is None else parse_quota(value)
        except FormatError as error:
            self._add("quota-root-unreadable", self._database, error)
            return None

    @cached_property
    def _records(self) -> Mapping[MailboxName, bytes]:
        records: dict[MailboxName, bytes] = {}
        findings: list[Finding] = []

        def take(key: bytes, value: bytes) -> None:
            try:
                records[name_of_internal(key_text(key))] = value
            except FormatError as error:
                self._add("quota-root-unreadable", self._database, error)

        entries_of(self._config, self._database, take, findings)
        self._findings.update(dict.fromkeys(findings))
        return records

    def _places(self, root: MailboxName, name: str) -> Iterator[PurePosixPath]:
        """Where the file could be: under the letter that it should have, any other, or none.

        The letter is that of what follows the first dot, as for a mailbox's directory.
        """
        hashed = name.partition(".")[2] or name
        for above in self._of_domain(root.domain):
            for directory in self._below(above / QUOTA, hashed):
                yield directory / name

    def _of_domain(self, domain: str | None) -> Iterator[PurePosixPath]:
        if domain is None:
            yield self._config.base
            return
        for directory in self._below(self._config.base / DOMAIN, domain):
            if domain in self._directories(directory):
                yield directory / domain

    def _below(self, directory: PurePosixPath, hashed: str) -> Iterator[PurePosixPath]:
        """The directories of letters in ``directory``, those of ``hashed`` first; then itself."""
        right = (hash_letter(hashed), full_hash_letter(hashed))
        letters = [each for each in self._directories(directory) if is_single_letter(each)]
        for letter in sorted(letters, key=lambda each: each not in right):
            yield directory / letter
        yield directory

    def _directories(self, directory: PurePosixPath) -> tuple[str, ...]:
        try:
            return self._config.tree.subdirectories(directory)
        except BackupError as error:
            self._add("file-unreadable", directory, error)
            return ()

    def _add(self, code: str, file: PurePosixPath, error: BackupError | FormatError) -> None:
        self._findings[loss(code, file.name, said(error), file)] = None
