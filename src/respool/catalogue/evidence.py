"""Which generations tell by what they lack: that a message was gone, an account, a folder.

One that is not complete, in which an account could not be read, or the index of a folder was
damaged, lacks what may well have been there: it is passed over, and only says what it has.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from respool.catalogue.database import Database
from respool.catalogue.folders import accounts_by_number
from respool.catalogue.spans import Spans
from respool.model.accounts import Account
from respool.model.generations import GenerationState

_WHOLE: Final = frozenset({GenerationState.COMPLETE, GenerationState.UNDATED})


class Evidence:
    """What may be concluded from the generations of ``spans``, as sets of them."""

    def __init__(self, database: Database, spans: Spans) -> None:
        self._database = database
        self._spans = spans
        self._complete = sum(
            1 << at for at, each in enumerate(spans.generations) if each.state in _WHOLE
        )
        self._unread = self._read_unread()
        self.damaged_in = lru_cache(maxsize=4096)(self._damaged_in)

    def _read_unread(self) -> dict[Account, int]:
        accounts = accounts_by_number(self._database)
        found: dict[Account, int] = {}
        for ordinal, number in self._database.rows("SELECT ordinal, account FROM unread"):
            account = accounts[number]
            found[account] = found.get(account, 0) | self._spans.between(ordinal, ordinal)
        return found

    def of_account(self, account: Account) -> int:
        """Those that have all of an account: what they lack of it, it did not have."""
        return self._complete & ~self._unread.get(account, 0)

    def of_folders(self, account: Account, folders: Iterable[int]) -> int:
        """Those, without generations in which an index of ``folders`` is damaged."""
        found = self.of_account(account)
        for each in folders:
            found &= ~self.damaged_in(each)
        return found

    def _damaged_in(self, folder: int) -> int:
        """Those that have a folder, by its number, with an index that may lack records."""
        rows = self._database.rows(
            "SELECT first, last FROM folder_stand JOIN folder_version USING (folder, version)"
            " WHERE folder = ? AND (problem NOT NULL OR is_damaged)",
            (folder,),
        )
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
