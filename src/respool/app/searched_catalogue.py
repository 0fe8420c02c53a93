"""The catalogue as a search wants it: brought up to date, and whose mail is searched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager

from respool.app.catalogue import Catalogue
from respool.app.catalogue_accounts import accounts_called
from respool.app.indexing import IndexWish, index_for_search
from respool.catalogue.generations import Known
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.generations import Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What the catalogue has of the generations that are wanted, oldest first, and of whom;
    ``accounts`` None: everybody's. ``notes`` say what is not as it should be.
    """

    known: tuple[Known, ...]
    accounts: frozenset[Account] | None
    notes: tuple[str, ...]

    @property
    def indexed(self) -> tuple[Known, ...]:
        """Those that can be searched."""
        return tuple(each for each in self.known if each.is_indexed)


@contextmanager
def searched(
    opened: Catalogue, wanted: Sequence[Generation], account: str | None, wish: IndexWish
) -> Iterator[Searched]:
    """Take in what the catalogue lacks of ``wanted``; then who ``account`` is, None: everybody.

    What is read of it inside is of one moment.

    Raises:
        AccountNotInGeneration, AmbiguousName, UsageError: as `accounts_called`.
        Declined, NoConfirmation, CatalogueUnusable, CatalogueDamaged: as `index_for_search`.
    """
    nobody: AbstractSet[Account] = frozenset()
    notes = [index_for_search(opened, wanted, wish, None if account is None else nobody)]
    accounts = None if account is None else accounts_called(opened, account)
    if accounts:
        notes.append(index_for_search(opened, wanted, wish, accounts))
    labels = {each.label for each in wanted}
    with opened.database.snapshot():
        known = tuple(each for each in opened.known() if each.label in labels)
        yield Searched(
            known=known,
            accounts=accounts,
            notes=(
                *dict.fromkeys(each for each in notes if each is not None),
                *_doubts(opened, known),
            ),
        )


def _doubts(opened: Catalogue, known: Sequence[Known]) -> tuple[str, ...]:
    """Of generations that cannot be read as a whole now what was read before is searched."""
    return tuple(
        f"generation {each.label} cannot be read as a whole now:"
        " what was taken in of it before is searched"
        for each in known
        if each.is_indexed and each.label in opened.doubtful
    )
