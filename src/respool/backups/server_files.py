"""Where a server keeps its databases: the ``configdirectory`` that a part has, and its users.

Found by what lies there. Hash letters are those of any server: the right one is not asked for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import PurePosixPath
from typing import Any, Final

from respool.backups.source import tree_at
from respool.cyrus.annotations import ANNOTATIONS_FILE
from respool.cyrus.databases import Database, parse_database
from respool.cyrus.mailboxes_db import MAILBOXES_FILE
from respool.cyrus.seen import SEEN_ENDING
from respool.cyrus.spool_paths import DOMAIN, UUID, is_single_letter
from respool.cyrus.subscriptions import SUBSCRIPTIONS_ENDING
from respool.errors import BackupError, BackupFileMissing, FormatError, UnknownContainer
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.names import USER, MailboxName
from respool.system.live_tree import LiveTree
from respool.system.read_only import ReadOnlyTree

QUOTA: Final = "quota"
COPIES: Final = (PurePosixPath("db.backup1"), PurePosixPath("db.backup2"))  # the newer first
_IN_PART: Final = (
    PurePosixPath("var/lib/cyrus"),
    PurePosixPath("lib/cyrus"),
    PurePosixPath("var/lib/imap"),
    PurePosixPath("lib/imap"),
    PurePosixPath(),
)
_SPOOL_NAMES: Final = frozenset({"cyrus", "imap"})
_FILES: Final = (ANNOTATIONS_FILE, MAILBOXES_FILE, "quotas.db")
_ENDINGS: Final = (SEEN_ENDING, SUBSCRIPTIONS_ENDING)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_SIZE_LIMIT: Final = 1 << 30
_MANY_RECORDS: Final = 200_000
_OCTETS_OF_A_RECORD: Final = 64  # those of a mailbox or a mark take twice that, with their heads


@dataclass(frozen=True, slots=True)
class ConfigDirectory:
    """A server's ``configdirectory``: a tree, and the directory in it."""

    tree: ReadOnlyTree
    base: PurePosixPath


def _none() -> dict[str, Any]:
    return {ending: {} for ending in _ENDINGS}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFiles:
    """The files of users by what they end with (``.seen``), by userid or by uniqueid.

    ``by_id`` has those of servers that name a user's files by the uniqueid of his INBOX.
    """

    by_user: Mapping[str, Mapping[str, tuple[PurePosixPath, ...]]] = field(default_factory=_none)
    by_id: Mapping[str, Mapping[str, PurePosixPath]] = field(default_factory=_none)
    findings: tuple[Finding, ...] = ()


def loss(code: str, subject: str, text: str, file: PurePosixPath | None = None) -> Finding:
    """A finding of something that is lost; ``file`` is where, relative to the part."""
    return Finding(severity=Severity.LOSS, code=code, subject=subject, text=text, file=file)


def said(error: BackupError | FormatError) -> str:
    """What an error says, and why."""
    return f"{error.what}: {error.why}" if error.why else error.what


def find_configuration(tree: ReadOnlyTree) -> ConfigDirectory | None:
    """The ``configdirectory`` of a part; None where there is none in it, nor beside it.

    Beside it is ``lib/cyrus`` where the part is itself a ``spool/cyrus``. Of the live server
    it is the one that its configuration names.
    """
    if isinstance(tree, LiveTree):
        return None if tree.databases is None else ConfigDirectory(tree, tree.databases)
    for base in _IN_PART:
        if _is_configuration(tree, base):
            return ConfigDirectory(tree, base)
    spool = tree.root
    if spool.name in _SPOOL_NAMES and spool.parent.name == "spool":
        with suppress(BackupError):
            above = tree_at(spool.parent.parent)  # no link is followed below it
            base = PurePosixPath("lib", spool.name)
            if _is_configuration(above, base):
                return ConfigDirectory(above, base)
    return None


def entries_of(
    config: ConfigDirectory,
    file: PurePosixPath,
    take: Callable[[bytes, bytes], None],
    findings: list[Finding],
) -> bool:
    """Give each record of a database to ``take``; whether it is there and could be read.

    ``file`` is relative to the tree. What is odd goes to ``findings``. An empty file is
    a database without records, as for the server.
    """
    subject = file.name
    try:
        entry = config.tree.stat(file)
        if entry is None:
            return False
        if entry.size_bytes > _SIZE_LIMIT:
            findings.append(loss("database-unreadable", subject, "it is larger than 1 GiB", file))
            return False
        with config.tree.mapped(file) as octets:
            database = parse_database(octets)
            _check_room(len(database), len(octets))
            for key, value in database:
                take(key, value)
    except UnknownContainer as error:
        findings.append(loss("database-container-unknown", subject, error.what, file))
        return False
    except (BackupError, FormatError) as error:
        findings.append(loss("database-unreadable", subject, said(error), file))
        return False
    findings += _findings_of(database, file)
    return True


def _check_room(count: int, size: int) -> None:
    """Refuse very many records in so few octets that no server wrote them.

    Each that is held takes some 200 octets besides its own.

    Raises:
        FormatError.
    """
    if count > _MANY_RECORDS and size < count * _OCTETS_OF_A_RECORD:
        raise FormatError(f"{count:,} records in {size:,} octets, which no server writes")


def user_files(config: ConfigDirectory) -> UserFiles:
    """All users' files of a ``configdirectory``, in both layouts."""
    walk = _Walk(config.tree)
    walk.domain(config.base, None)
    domains = config.base / DOMAIN
    for directory in walk.below(domains):
        for domain in walk.directories(directory):
            if directory != domains or not is_single_letter(domain):
                walk.domain(directory / domain, domain)
    return UserFiles(
        by_user={
            ending: {userid: tuple(sorted(files)) for userid, files in found.items()}
            for ending, found in walk.by_user.items()
        },
        by_id=walk.by_id,
        findings=tuple(walk.findings),
    )


def userid_of(inbox: MailboxName) -> str | None:
    """Whose INBOX it is (``jdoe@b.loc``); None for one that is nobody's."""
    if not inbox.is_user:
        return None
    return inbox.parts[1] if inbox.domain is None else f"{inbox.parts[1]}@{inbox.domain}"


def inbox_of(userid: str) -> MailboxName:
    """The INBOX of a user. Raises ValueError for what can be no userid."""
    login, at, domain = userid.rpartition("@")
    return MailboxName(domain=domain if at else None, parts=(USER, login if at else domain))


def _is_configuration(tree: ReadOnlyTree, base: PurePosixPath) -> bool:
    names = dict(tree.names(base))
    if any(names.get(file) is False for file in _FILES):
        return True
    if any(names.get(str(directory)) for directory in (PurePosixPath(QUOTA), *COPIES)):
        return True
    if base.parts or not names.get(DOMAIN):
        return bool(base.parts) and bool(names.get(DOMAIN) or names.get(USER))
    above = [DOMAIN, *(f"{DOMAIN}/{name}" for name in tree.subdirectories(base / DOMAIN))]
    return any(
        tree.is_directory(base / each / name / QUOTA)
        for each in above
        for name in tree.subdirectories(base / each)
    )


class _Walk:
    """What is found on the way; each directory that cannot be read is a finding."""

    def __init__(self, tree: ReadOnlyTree) -> None:
        self._tree = tree
        self.by_user: dict[str, dict[str, list[PurePosixPath]]] = {
            ending: defaultdict(list) for ending in _ENDINGS
        }
        self.by_id: dict[str, dict[str, PurePosixPath]] = {ending: {} for ending in _ENDINGS}
        self.findings: list[Finding] = []

    def domain(self, above: PurePosixPath, domain: str | None) -> None:
        """The users of one domain, or of none."""
        for directory in self.below(above / USER):
            for name, is_directory in self._names(directory):
                if not is_directory:
                    self._file(directory / name, domain)
        for first in self.directories(above / USER / UUID):
            for second in self.directories(above / USER / UUID / first):
                self._under_uuid(above / USER / UUID / first / second)

    def below(self, directory: PurePosixPath) -> list[PurePosixPath]:
        """A directory and those of letters in it."""
        letters = [name for name in self.directories(directory) if is_single_letter(name)]
        return [*(directory / letter for letter in letters), directory]

    def directories(self, directory: PurePosixPath) -> list[str]:
        """Names of the directories in a directory."""
        return sorted(name for name, is_directory in self._names(directory) if is_directory)

    def _file(self, file: PurePosixPath, domain: str | None) -> None:
        if _CONTROL.search(file.name) or (domain is not None and _CONTROL.search(domain)):
            text = "nobody can have a name with control characters"
            self.findings.append(loss("user-without-name", repr(str(file)), text))
        elif file.suffix in _ENDINGS and file.stem:
            login = file.stem.replace("^", ".")
            userid = login if domain is None else f"{login}@{domain}"
            self.by_user[file.suffix][userid].append(file)

    def _under_uuid(self, above: PurePosixPath) -> None:
        for uniqueid in self.directories(above):
            for name, is_directory in self._names(above / uniqueid):
                ending = f".{name.removesuffix('.db')}"
                if not is_directory and ending in _ENDINGS:
                    self.by_id[ending][uniqueid] = above / uniqueid / name

    def _names(self, directory: PurePosixPath) -> Iterator[tuple[str, bool]]:
        try:
            yield from self._tree.names(directory)
        except BackupFileMissing:
            return
        except BackupError as error:
            self.findings.append(loss("file-unreadable", directory.name, said(error), directory))


def _findings_of(database: Database, file: PurePosixPath) -> Iterator[Finding]:
    for text in database.located.losses:
        yield loss("database-damaged", file.name, text, file)
    for text in database.located.notes:
        yield Finding(
            severity=Severity.NOTE,
            code="database-damaged",
            subject=file.name,
            text=text,
            file=file,
        )
