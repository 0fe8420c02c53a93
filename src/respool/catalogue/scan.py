"""Take a generation into the catalogue: account by account, only what differs from its neighbours.

Killed at any place, what was committed stays and is right; the same scan goes on from there,
since a folder that it had read is as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.backups.contents import list_accounts, mailboxes_of
from respool.backups.shelves import Shelves, shelves_in
from respool.backups.source import SourceMailbox
from respool.catalogue import stands
from respool.catalogue.database import Database
from respool.catalogue.folder_rows import State
from respool.catalogue.folders import (
    FolderHistory,
    IndexFile,
    Place,
    account_number,
    accounts_by_number,
    folder_number,
)
from respool.catalogue.generations import Known, neighbours, note_indexed
from respool.catalogue.messages import MessageWriter, NewMessage
from respool.catalogue.reading import (
    ReadFolder,
    guid_octets,
    index_file,
    may_be_same,
    read_folder,
)
from respool.catalogue.shelf_rows import note_account_shelves, note_shelves
from respool.catalogue.unread import note_unread
from respool.errors import BackupError
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.generations import Generation

_MESSAGES_AT_ONCE: Final = 2000
_COMMITTED_AT_ONCE: Final = 40_000
_HEADERS: Final = "messages of it cannot be read"


@dataclass(slots=True)
class Scanned:
    """What a scan has done so far."""

    accounts: int = 0
    account_count: int = 0
    folders: int = 0
    unchanged: int = 0
    messages: int = 0
    new_messages: int = 0


Watcher = Callable[[Scanned], None]


class Scanner:
    """Reads generations into one catalogue, which nobody else writes meanwhile."""

    def __init__(self, database: Database, watcher: Watcher | None = None) -> None:
        self._database = database
        self._watcher = watcher
        self._messages = MessageWriter(database)
        self._states: dict[State, int] = {}
        self._failed: dict[Account, str] = {}
        self._is_again = False
        self._unread = 0
        self._shelves = Shelves(by_place={})
        self.done = Scanned()
        stands.prepare(database)

    def scan(
        self, generation: Generation, known: Known, again: AbstractSet[Account] | None = None
    ) -> None:
        """Take in all accounts of a generation; of one that was read, those of ``again``.

        None is all of them: of one that was read, what differs by now is taken in.

        Raises:
            BackupFileMissing, BackupUnreadable: a part cannot be opened.
            CatalogueUnusable, CatalogueDamaged.
        """
        self._shelves = shelves_in(generation)
        below, above = neighbours(self._database, known.ordinal)
        place = Place(ordinal=known.ordinal, below=below, above=above)
        self._is_again = known.is_indexed
        accounts = [
            each.account
            for each in list_accounts(generation)
            if again is None or each.account in again
        ]
        self.done = Scanned(account_count=len(accounts))
        self._failed = {}
        seen: set[int] = set()
        for account in accounts:
            try:
                for numbers in self._account(generation, account, place):
                    seen |= numbers
            except BackupError as error:
                self._failed[account] = error.what
                self._states.clear()  # what was written of them is not there
            self.done.accounts += 1
            self._tell()
        with self._database.transaction():
            self._cut_absent(place, seen, again)
            note_shelves(self._database, known.ordinal, self._shelves.names)
            note_unread(self._database, known.ordinal, self._failed, again)
            note_indexed(self._database, known.ordinal)

    def _account(
        self, generation: Generation, account: Account, place: Place
    ) -> Iterator[set[int]]:
        """The numbers of the account's folders, some of them each time that they are there."""
        sources = list(mailboxes_of(generation, account))
        shelves = {self._shelves.of(each) for each in sources}
        while sources:
            numbers: set[int] = set()
            with self._unit():
                number = account_number(self._database, account)
                note_account_shelves(self._database, number, filter(None, shelves))
                while sources and self._messages.waiting < _COMMITTED_AT_ONCE:
                    numbers.add(self._folder(sources.pop(0), account, number, place))
            yield numbers

    def _unit(self) -> _Unit:
        return _Unit(self._database, self._messages)

    def _folder(self, source: SourceMailbox, account: Account, number: int, place: Place) -> int:
        folder = folder_number(self._database, number, source.name)
        history = FolderHistory(self._database, folder, place)
        file = index_file(source)
        self.done.folders += 1
        if history.is_as_before(file):
            self.done.unchanged += 1
            return folder
        read = read_folder(source, account)
        if read.unreadable is not None:
            self._failed.setdefault(account, read.unreadable)
        if read.unreadable is not None or not may_be_same(read.mailbox):
            file = IndexFile(inode=0, octets=file.octets, mtime=file.mtime)
        if self._take_in(folder, read, history, file):
            self._failed.setdefault(account, f"{source.name.display}: {_HEADERS}")
            history.read_again()
        return folder

    def _take_in(
        self, folder: int, read: ReadFolder, history: FolderHistory, file: IndexFile
    ) -> int:
        """How many of its messages could not be read."""
        numbers = np.array([self._state(each) for each in read.states], dtype=np.int32)
        if len(read.stood):
            read.stood["state"] = numbers[read.stood["state"]]
        version = history.add(file, read.counts)
        found = stands.compared(self._database, folder, version.version, read.stood)
        stands.cut(self._database, folder, version, found.gone)
        before = self._unread
        if self._is_again:
            bare = stands.undescribed(self._database, folder, version.version)
            self._numbers(read, np.flatnonzero(np.isin(read.stood["uid"], bare)))
        for at in range(0, len(found.new), _MESSAGES_AT_ONCE):
            chunk = found.new[at : at + _MESSAGES_AT_ONCE]
            rows = read.stood[chunk]
            stands.add(self._database, folder, version, rows, self._numbers(read, chunk))
            self._tell()
        self.done.messages += len(read.stood)
        return self._unread - before

    def _numbers(self, read: ReadFolder, wanted: NDArray[np.intp]) -> list[int]:
        """The numbers of messages, those that are new written first."""
        guids = [guid_octets(each) for each in read.stood["guid"][wanted].tolist()]
        numbers, bare = self._messages.known(guids)
        first = {guid: at for at, guid in reversed(list(enumerate(guids))) if guid not in numbers}
        if first:
            at = wanted[np.array(sorted(first.values()), dtype=np.intp)]
            new: list[NewMessage] = list(read.described(at))
            numbers.update(self._messages.add(new))
            self._unread += sum(each.is_unread for each in new)
            self.done.new_messages += len(new)
        if bare:
            at = wanted[np.array([guid in bare for guid in guids], dtype=np.bool_)]
            self._describe(read.described(at), numbers)
        found = [numbers[guid] for guid in guids]
        dates = read.stood["date"][wanted].tolist()
        self._messages.note_dates((*each, date) for each, date in zip(found, dates, strict=True))
        return [number for number, _ in found]

    def _describe(
        self, messages: Iterable[NewMessage], numbers: Mapping[bytes, tuple[int, int]]
    ) -> None:
        """Messages that nothing was known of, each once, where that may be known here."""
        known: dict[bytes, NewMessage] = {}
        for each in messages:
            self._unread += each.is_unread
            if each.fields is not None:
                known[each.guid] = each
        for guid, each in known.items():
            self._messages.describe(*numbers[guid], each)

    def _state(self, state: State) -> int:
        number = self._states.get(state)
        if number is None:
            values = (
                "".join(f"{flag} " for flag in state.flags),
                state.is_expunged,
                state.is_archived,
                state.has_file,
            )
            columns = "(flags, is_expunged, is_archived, has_file)"
            self._database.write(
                f"INSERT OR IGNORE INTO state {columns} VALUES (?, ?, ?, ?)", values
            )
            row = self._database.one(
                f"SELECT id FROM state WHERE {columns} = (?, ?, ?, ?)", values
            )
            number = int(row[0]) if row else 0
            self._states[state] = number
        return number

    def _cut_absent(
        self, place: Place, seen: set[int], again: AbstractSet[Account] | None
    ) -> None:
        """Of folders that this generation does not have, nothing says that it does.

        Of one that was read before, those of accounts that could be read now.
        """
        rows = self._database.rows(
            "SELECT folder, account FROM folder_stand JOIN folder ON folder.id = folder"
            " WHERE first <= ?1 AND last >= ?1",
            (place.ordinal,),
        )
        accounts = accounts_by_number(self._database)
        for folder, number in rows:
            account = accounts[number]
            is_tried = again is None or account in again
            is_kept = self._is_again and account in self._failed
            if is_tried and not is_kept and folder not in seen:
                FolderHistory(self._database, folder, place).cut_out()

    def _tell(self) -> None:
        if self._watcher is not None:
            self._watcher(self.done)


class _Unit:
    """A transaction with the words of its messages."""

    def __init__(self, database: Database, messages: MessageWriter) -> None:
        self._transaction = database.transaction()
        self._messages = messages

    def __enter__(self) -> None:
        self._transaction.__enter__()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            self._messages.finish()
        else:
            self._messages.forget_unwritten()
        self._transaction.__exit__(None if error is None else type(error), error, None)
