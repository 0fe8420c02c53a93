"""What stands in messages, for searches: taken in from the message files, each message once.

Mail is hostile, so all of it is bounded: how much of a message is read, how many of its words
are kept, and what a part may do to whoever parses it (`respool.cyrus.message_text`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from respool.backups.contents import mailboxes_of
from respool.backups.source import SourceMailbox, open_message
from respool.catalogue.database import Database
from respool.catalogue.folders import accounts_by_number, read_name
from respool.catalogue.generations import Known
from respool.catalogue.words import BODY, words_of
from respool.cyrus.message_text import message_text
from respool.errors import BackupError
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.generations import Generation
from respool.model.inventory import IN_ARCHIVE, IN_DATA
from respool.model.names import MailboxName

MOST_OCTETS: Final = 8 << 20  # of a message: what lies behind is not searched
_MOST_WORDS: Final = 20_000
_AT_ONCE: Final = 500
WHOLE, IN_PART, UNREADABLE = 1, 2, 3  # the column ``body``

Told = Callable[[int, int], None]  # how many of how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The text of a message, the names of its attachments, and whether that is all."""

    text: str
    attachments: tuple[str, ...]
    is_whole: bool

    @property
    def everything(self) -> str:
        """The text, and the names after it."""
        return "\n".join((self.text, *self.attachments))


class BodyReader:
    """Reads bodies in the generations of a backup, by folder and UID."""

    def __init__(self, generations: Sequence[Generation]) -> None:
        self._generations = {each.label: each for each in generations}
        self._sources = lru_cache(maxsize=64)(self._find_sources)

    def read(
        self, label: str, account: Account, name: MailboxName, uid: int, *, is_archived: bool
    ) -> Body | None:
        """What stands in a message of a generation; None where its file cannot be read."""
        try:
            source = self._sources(label, account).get(name)
            return None if source is None else body_at(source, uid, is_archived=is_archived)
        except BackupError:
            return None

    def _find_sources(self, label: str, account: Account) -> dict[MailboxName, SourceMailbox]:
        found = mailboxes_of(self._generations[label], account)
        return {each.name: each for each in found}


def body_at(source: SourceMailbox, uid: int, *, is_archived: bool) -> Body | None:
    """The body of a message file; None where it cannot be read."""
    for place in (IN_ARCHIVE, IN_DATA) if is_archived else (IN_DATA, IN_ARCHIVE):
        try:
            with open_message(source, uid, place) as file:
                octets = file.read(MOST_OCTETS + 1)
        except (BackupError, OSError):
            continue
        found = message_text(octets[:MOST_OCTETS])
        return Body(
            text=found.text,
            attachments=found.attachments,
            is_whole=len(octets) <= MOST_OCTETS,
        )
    return None


def take_in_bodies(
    database: Database, generations: Sequence[tuple[Generation, Known]], tell: Told
) -> int:
    """Take in what is lacking, from the newest generation that has it; how many messages.

    Killed at any place, what was committed stays, and the next call goes on. What could not
    be read before is tried again.
    """
    reader = BodyReader([each for each, _ in generations])
    lacking, done = lacking_bodies(database), 0
    for generation, known in generations:
        for folder in _folders(database, known):
            for chunk in _chunks(database, folder):
                with database.transaction():
                    done += _take_in(database, reader, generation.label, folder, chunk)
                tell(done, lacking)
    with database.transaction():
        database.write("UPDATE message SET body = ? WHERE body IS NULL", (UNREADABLE,))
    return done


def lacking_bodies(database: Database) -> int:
    """How many messages have no bodies here, but those whose files no generation has."""
    row = database.one(
        "SELECT count(*) FROM message WHERE body IS NULL OR (body = ? AND EXISTS"
        " (SELECT 1 FROM stand JOIN state ON state.id = state WHERE message = message.id"
        " AND has_file))",
        (UNREADABLE,),
    )
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folder:
    number: int
    version: int
    account: Account
    name: MailboxName


def _folders(database: Database, known: Known) -> Iterator[_Folder]:
    accounts = accounts_by_number(database)
    rows = database.rows(
        "SELECT folder.id, version, account, name FROM folder_stand"
        " JOIN folder ON folder.id = folder WHERE first <= ?1 AND last >= ?1",
        (known.ordinal,),
    )
    for number, version, account, name in rows:
        owner = accounts[account]
        yield _Folder(
            number=number, version=version, account=owner, name=read_name(name, owner.domain)
        )


def _chunks(database: Database, folder: _Folder) -> Iterator[list[tuple[int, ...]]]:
    """Messages of a folder whose bodies are not known: number, key, UID, whether archived."""
    rows = database.rows(
        "SELECT message.id, key, uid, is_archived FROM stand JOIN message ON message.id = message"
        " JOIN state ON state.id = state WHERE folder = ?1 AND first <= ?2"
        " AND (last = 0 OR last >= ?2) AND (body IS NULL OR body = ?3) AND has_file ORDER BY key",
        (folder.number, folder.version, UNREADABLE),
    )
    unique = list({row[0]: row for row in rows}.values())
    for at in range(0, len(unique), _AT_ONCE):
        yield unique[at : at + _AT_ONCE]


def _take_in(
    database: Database,
    reader: BodyReader,
    label: str,
    folder: _Folder,
    chunk: Sequence[tuple[int, ...]],
) -> int:
    words: list[tuple[int, str]] = []
    vocabulary: set[str] = set()
    bodies: list[tuple[int, int | None, int]] = []
    for number, key, uid, is_archived in chunk:
        body = reader.read(label, folder.account, folder.name, uid, is_archived=bool(is_archived))
        if body is None:
            continue
        kept, pairs, is_all = _words(body)
        every = kept + pairs
        is_whole = body.is_whole and is_all
        vocabulary.update(kept)
        words.append((key, " ".join(BODY + each for each in every)))
        bodies.append((WHOLE if is_whole else IN_PART, int(bool(body.attachments)), number))
    database.write_many(
        "INSERT OR IGNORE INTO body_word VALUES (?)", ((each,) for each in sorted(vocabulary))
    )
    database.write_many("INSERT INTO body_words (rowid, text) VALUES (?, ?)", words)
    database.write_many("UPDATE message SET body = ?, attachments = ? WHERE id = ?", bodies)
    return len(bodies)


def _words(body: Body) -> tuple[list[str], list[str], bool]:
    """The words and pairs that are kept of a body, and whether that is all of them.

    Of very many those of attachments' names are kept first.
    """
    kept: list[list[str]] = []
    is_all = True
    names = words_of("\n".join(body.attachments))
    for first, rest in zip(names, words_of(body.text), strict=True):
        every = [*sorted(first), *sorted(rest - first)]
        kept.append(every[:_MOST_WORDS])
        is_all = is_all and len(every) <= _MOST_WORDS
    return kept[0], kept[1], is_all
