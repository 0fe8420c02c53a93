"""Records of a part's server about mailboxes: who has seen what, annotations, their names.

Each database is read in one go and held as the server wrote it; what is in a record is
parsed when its mailbox is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import PurePosixPath

from respool.backups.server_files import COPIES, ConfigDirectory, UserFiles, entries_of, loss
from respool.cyrus.annotations import ANNOTATIONS_FILE, VERSION_KEY_START
from respool.cyrus.mailbox_records import key_text
from respool.cyrus.mailboxes_db import MAILBOXES_FILE, MailboxTable
from respool.cyrus.seen import SEEN_ENDING, last_change
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTable:
    """Of each mailbox, by uniqueid, what each reader's record of it says, by userid."""

    by_id: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationTable:
    """Records of ``annotations.db`` by what they are on, as keys begin."""

    by_mailbox: Mapping[bytes, Mapping[bytes, bytes]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxesTable:
    """``mailboxes.db``."""

    mailboxes: MailboxTable = field(default_factory=MailboxTable)
    findings: tuple[Finding, ...] = ()


def read_seen_table(
    config: ConfigDirectory, files: UserFiles, userid_of_id: Callable[[str], str | None]
) -> SeenTable:
    """All readers' records. Where a reader has two, the one written last counts.

    ``userid_of_id`` tells whose INBOX has a uniqueid.
    """
    by_id: dict[str, dict[str, bytes]] = defaultdict(dict)
    findings: list[Finding] = []
    for userid, file in _seen_files(files, userid_of_id, findings):

        def take(key: bytes, value: bytes, userid: str = userid) -> None:
            readers = by_id[key_text(key)]
            known = readers.get(userid)
            if known is None or last_change(value) >= last_change(known):
                readers[userid] = value

        entries_of(config, file, take, findings)
    return SeenTable(by_id=by_id, findings=tuple(findings))


def read_annotation_table(config: ConfigDirectory) -> AnnotationTable:
    """The records of ``annotations.db``, or of its newest copy that can be read."""
    by_mailbox: dict[bytes, dict[bytes, bytes]] = defaultdict(dict)
    findings: list[Finding] = []

    def take(key: bytes, value: bytes) -> None:
        if not key.startswith(VERSION_KEY_START):
            by_mailbox[key.partition(b"\0")[0]][key] = value

    _entries_or_copy(config, ANNOTATIONS_FILE, take, findings)
    return AnnotationTable(by_mailbox=by_mailbox, findings=tuple(findings))


def read_mailboxes_table(config: ConfigDirectory) -> MailboxesTable:
    """``mailboxes.db``, or its newest copy that can be read."""
    entries: dict[bytes, bytes] = {}
    findings: list[Finding] = []
    if (
        not _entries_or_copy(config, MAILBOXES_FILE, entries.__setitem__, findings)
        and not findings
    ):
        text = "it is not there: names come from directories and headers"
        findings.append(
            Finding(
                severity=Severity.NOTE, code="database-missing", subject=MAILBOXES_FILE, text=text
            )
        )
    return MailboxesTable(mailboxes=MailboxTable(entries), findings=tuple(findings))


def _entries_or_copy(
    config: ConfigDirectory,
    name: str,
    take: Callable[[bytes, bytes], None],
    findings: list[Finding],
) -> bool:
    """Read a database; where it is missing or unreadable, the newest copy that can be read."""
    if entries_of(config, config.base / name, take, findings):
        return True
    for directory in COPIES:
        of_copy: list[Finding] = []
        if entries_of(config, config.base / directory / name, take, of_copy):
            text = f"its copy in {directory} is used, which may be older"
            copied = loss("database-copy-used", name, text, config.base / directory / name)
            findings += [copied, *of_copy]
            return True
    return False


def _seen_files(
    files: UserFiles, userid_of_id: Callable[[str], str | None], findings: list[Finding]
) -> Iterator[tuple[str, PurePosixPath]]:
    for userid, places in files.by_user[SEEN_ENDING].items():
        for place in places:
            yield userid, place
    for uniqueid, place in files.by_id[SEEN_ENDING].items():
        named = userid_of_id(uniqueid)
        if named is not None:
            yield named, place
            continue
        text = "nothing says whose it is: no mailbox has its uniqueid"
        findings.append(loss("user-without-name", uniqueid, text, place))
