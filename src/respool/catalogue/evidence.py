"""Which generations tell by what they lack: that a message was gone, an account, a folder.

One in which an account could not be read, or the index of a folder was damaged, lacks what
may well have been there: it is passed over, and only says what it has. So is one that is not
complete, for the accounts of which it lacks folders, or that lacks the whole partition or
letter where an account was: BlueMind calls a part UNKNOWN where
rsync warned of anything, and at some places that is each night.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from respool.catalogue.database import Database, Row
from respool.catalogue.folders import accounts_by_number
from respool.catalogue.shelf_rows import with_shelves_of
from respool.catalogue.spans import Spans
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.generations import GenerationState
from respool.model.names import DELETED

_WHOLE: Final = frozenset({GenerationState.COMPLETE, GenerationState.UNDATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folder:
    """A folder of one name and id, in a set of generations."""

    number: int
    uniqueid: str | None
    is_deleted: bool
    generations: int


class Evidence:
    """What may be concluded from the generations of ``spans``, as sets of them."""

    def __init__(self, database: Database, spans: Spans) -> None:
        self._database = database
        self._spans = spans
        self._complete = sum(
            1 << at for at, each in enumerate(spans.generations) if each.state in _WHOLE
        )
        self._numbers = {each: number for number, each in accounts_by_number(database).items()}
        self._unread = self._read_unread()
        self.damaged_in = lru_cache(maxsize=4096)(self._damaged_in)
        self.of_messages = lru_cache(maxsize=4096)(self._of_messages)
        self.of_account = lru_cache(maxsize=4096)(self._of_account)

    def _read_unread(self) -> dict[Account, int]:
        accounts = {number: each for each, number in self._numbers.items()}
        found: dict[Account, int] = {}
        for ordinal, number in self._database.rows("SELECT ordinal, account FROM unread"):
            account = accounts[number]
            found[account] = found.get(account, 0) | self._spans.between(ordinal, ordinal)
        return found

    def _of_account(self, account: Account) -> int:
        """Those that have all of an account: what they lack of it, it did not have."""
        unread = self._unread.get(account, 0) | self._shelved_away(account)
        everything = (1 << len(self._spans.generations)) - 1
        if self._complete == everything:
            return everything & ~unread
        found = 0
        folders = self._folders(account)
        before: list[_Folder] = []
        for at in range(len(self._spans.generations)):
            here = [each for each in folders if each.generations >> at & 1]
            is_whole = bool(self._complete >> at & 1) or (bool(here) and not _lacks(here, before))
            if is_whole and not unread >> at & 1:
                found |= 1 << at
                before = [each for each in here if not each.is_deleted]
        return found

    def _shelved_away(self, account: Account) -> int:
        """Those that have nothing of an account, and not all of the shelves where it stood.

        Deleted folders are on a shelf of another letter: that they are there says nothing.
        """
        number = self._numbers.get(account, 0)
        found = with_shelves_of(self._database, self._spans, number)
        if found == (1 << len(self._spans.generations)) - 1:
            return 0
        for each in self._folders(account):
            if not each.is_deleted:
                found |= each.generations
        return (1 << len(self._spans.generations)) - 1 & ~found

    def _folders(self, account: Account) -> list[_Folder]:
        rows = self._database.rows(
            "SELECT folder, uniqueid, name, first, last FROM folder"
            " JOIN folder_stand ON folder_stand.folder = folder.id"
            " JOIN folder_version USING (folder, version) WHERE account = ?",
            (self._numbers.get(account, 0),),
        )
        return [
            _Folder(
                number=number,
                uniqueid=uniqueid,
                is_deleted=name.startswith(f"{DELETED}/"),
                generations=self._spans.between(first, last),
            )
            for number, uniqueid, name, first, last in rows
        ]

    def of_folders(self, account: Account, folders: Iterable[int]) -> int:
        """Those, without generations in which an index of ``folders`` is damaged."""
        found = self.of_account(account)
        for each in folders:
            found &= ~self.damaged_in(each)
        return found

    def _of_messages(self, account: Account) -> int:
        """Those that tell of a message of an account, in whatever folder it may be by now.

        None of the account's indexes is damaged in them: the message may stand there.
        """
        rows = self._database.rows(
            "SELECT first, last FROM folder_stand JOIN folder_version USING (folder, version)"
            " JOIN folder ON folder.id = folder_stand.folder"
            " WHERE account = ? AND (problem NOT NULL OR is_damaged)",
            (self._numbers.get(account, 0),),
        )
        return self.of_account(account) & ~self._together(rows)

    def _damaged_in(self, folder: int) -> int:
        """Those that have a folder, by its number, with an index that may lack records."""
        rows = self._database.rows(
            "SELECT first, last FROM folder_stand JOIN folder_version USING (folder, version)"
            " WHERE folder = ? AND (problem NOT NULL OR is_damaged)",
            (folder,),
        )
        return self._together(rows)

    def _together(self, rows: Iterable[Row]) -> int:
        found = 0
        for first, last in rows:
            found |= self._spans.between(first, last)
        return found

    def passed_over(self, since: int, told: int) -> tuple[str, ...]:
        """The labels of those that tell nothing, from the oldest of ``since`` on."""
        if not since:
            return ()
        oldest = (since & -since).bit_length() - 1
        return tuple(
            each.label
            for at, each in enumerate(self._spans.generations)
            if at >= oldest and not told >> at & 1
        )


def _lacks(here: Sequence[_Folder], before: Iterable[_Folder]) -> bool:
    """Whether any folder of before is not here: neither by its name, nor by its id."""
    names = {each.number for each in here}
    ids = {each.uniqueid for each in here if each.uniqueid}
    return any(each.number not in names and each.uniqueid not in ids for each in before)
