"""Which messages are meant, in all generations, and whether the live account still has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from respool.app.access_log import Access, note_reading
from respool.app.catalogue import Catalogue, opened_catalogue, wanted_generations
from respool.app.found_live import FoundMessage, HeldAgainstLive, Told
from respool.app.indexing import IndexWish
from respool.app.searched_catalogue import searched
from respool.app.settings import Settings
from respool.catalogue.bodies import BodyReader
from respool.catalogue.entries import Standing
from respool.catalogue.ranking import best_first
from respool.catalogue.search import BodyOf, Search
from respool.catalogue.spans import Spans
from respool.catalogue.unsearched import Blind, Unsearched, unsearched
from respool.model.conditions import Conditions
from respool.model.dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FindWish:
    """What was typed. ``account`` may be a pattern; None: everybody. ``limit`` 0: all."""

    conditions: Conditions
    account: str | None = None
    generation: str | None = None
    only_missing: bool = False
    is_best: bool = False
    limit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FindReport:
    """What is found, as it is asked for; ``notes`` are complete when all of it was."""

    messages: Iterator[FoundMessage]
    told: Told
    not_searched: tuple[Unsearched, ...]

    @property
    def is_blind(self) -> bool:
        """Whether a generation that was wanted was not searched at all."""
        return any(each.what is Blind.NOT_INDEXED for each in self.not_searched)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said beside the messages, so far."""
        return self.told.notes


@contextmanager
def finding(settings: Settings, wish: FindWish, indexing: IndexWish) -> Iterator[FindReport]:
    """Look for messages; the catalogue is brought up to date before, and open meanwhile.

    Raises:
        BackupNotFound, GenerationNotFound, AccountNotInGeneration, AmbiguousName.
        Declined, NoConfirmation: what takes long was not agreed to.
        ServerNotFound: only what live lacks is wanted, and it cannot be looked at.
        CatalogueUnusable, CatalogueDamaged, CatalogueOfNewerVersion, NotPermitted.
    """
    with opened_catalogue(settings) as opened:
        note_reading(
            settings, Access(command="find", account=wish.account, generation=wish.generation)
        )
        wanted = wanted_generations(opened, wish.generation)
        with searched(opened, wanted, wish.account, indexing) as here:
            search = Search(
                opened.database,
                Spans(opened.database, here.indexed),
                here.accounts,
                _body_of(opened),
            )
            found = search.find(wish.conditions)
            if wish.is_best:
                found = best_first(found, wish.conditions)
            told = Told(here.notes)
            held = HeldAgainstLive(settings, told, is_needed=wish.only_missing)
            messages = held.messages(found)
            yield FindReport(
                messages=islice(messages, wish.limit or None),
                told=told,
                not_searched=unsearched(
                    opened.database, here.known, wish.conditions, here.accounts
                ),
            )


def _body_of(opened: Catalogue) -> BodyOf:
    """What reads the body of a message where it stands in a generation."""
    reader = BodyReader(opened.generations)

    def read(label: str, place: Standing) -> str | None:
        folder = place.folder
        body = reader.read(
            label, folder.account, folder.name, place.uid, is_archived=place.is_archived
        )
        return None if body is None else body.everything

    return read
