"""Take generations into the catalogue: all that were asked for, or what a search needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Final

from respool.app.catalogue import Catalogue
from respool.backups.contents import list_accounts, mailboxes_of
from respool.catalogue.bodies import lacking_bodies, take_in_bodies
from respool.catalogue.forgetting import forget_gone
from respool.catalogue.generations import (
    Known,
    known_generations,
    note_glances,
    note_unreadable,
    register,
)
from respool.catalogue.reading import index_file
from respool.catalogue.scan import Scanned, Scanner
from respool.catalogue.unread import all_unread
from respool.catalogue.unsearched import note_counts
from respool.errors import BackupError, Declined, Locked, NoConfirmation
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.generations import Generation

_RATE: Final = 8000  # messages a second, where none were measured here
_TIMES_FASTER: Final = 20  # a generation beside one that is known
_RECORD_OCTETS: Final = 110
_SAMPLED: Final = 8  # accounts
_BODIES_A_SECOND: Final = 500
_LONG_SECONDS: Final = 60.0
_MEASURED: Final = 20_000  # messages: fewer tell no rate
_PATIENCE: Final = timedelta(minutes=10)  # until a search tries again what could not be read

Asked = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """How far it is: the generation, which of how many, and its accounts."""

    label: str
    number: int
    count: int
    scanned: Scanned


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """What one generation cost."""

    label: str
    accounts: int
    folders: int
    unchanged: int
    messages: int
    seconds: float

    def as_json(self) -> dict[str, object]:
        """The shape in ``catalogue --json``."""
        return {
            "generation": self.label,
            "accounts": self.accounts,
            "folders": self.folders,
            "folders_unchanged": self.unchanged,
            "messages_new": self.messages,
            "seconds": round(self.seconds, 1),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexWish:
    """How generations are to be indexed; ``agree`` is asked where it takes long."""

    agree: Asked
    watcher: Callable[[Watched], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What is tried again of what could not be read: which accounts, None for all, and only
    what was tried at ``before`` at the latest, None for whenever.

    ``is_everything``: all indexes are looked at again, also those that were read.
    """

    accounts: AbstractSet[Account] | None = None
    before: datetime | None = None
    is_everything: bool = False

    def is_meant(self, account: Account, tried: datetime) -> bool:
        """Whether an account that was tried then is tried again."""
        return self.is_due(tried) and (self.accounts is None or account in self.accounts)

    def is_due(self, tried: datetime | None) -> bool:
        """Whether what was tried then, None for never, may be tried again."""
        return tried is None or self.before is None or tried <= self.before


ALL_AGAIN: Final = Again()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lacking:
    """One generation to be taken in; of one that was, the accounts that are tried again."""

    generation: Generation
    known: Known
    again: AbstractSet[Account] | None


def index(
    catalogue: Catalogue,
    wanted: Sequence[Generation],
    wish: IndexWish,
    again: Again = ALL_AGAIN,
) -> tuple[Indexed, ...]:
    """Take in those of ``wanted`` that the catalogue lacks, newest first; forget what is gone.

    What could not be read is tried ``again``. One that cannot be read does not keep the others
    from it. Where all is as it was, nothing is written.

    Raises:
        Locked: another process does so now.
        Declined: the person said no to what takes longer than a minute.
        NoConfirmation: nobody could be asked.
        CatalogueUnusable, CatalogueDamaged.
    """
    if not is_behind(catalogue, wanted, again):
        return ()
    with catalogue.held():
        register(catalogue.database, catalogue.by_identity)
        note_glances(catalogue.database, catalogue.glances)
        lacking = _lacking(catalogue, wanted, again)
        _ask(catalogue, [each.generation for each in lacking if not each.known.is_indexed], wish)
        done: list[Indexed] = []
        for number, each in enumerate(lacking, 1):
            try:
                done.append(_scanned(catalogue, each, wish, number, len(lacking)))
            except BackupError as error:
                note_unreadable(catalogue.database, each.known.ordinal, error.what)
        forget_gone(catalogue.database)
        note_counts(catalogue.database)
    return tuple(done)


def index_bodies(catalogue: Catalogue, wish: IndexWish) -> int:
    """Take in the bodies of all messages that lack theirs; how many.

    Raises:
        Locked, Declined, NoConfirmation, CatalogueUnusable, CatalogueDamaged: as `index`.
    """
    lacking = lacking_bodies(catalogue.database)
    if not lacking:
        return 0
    _agree(wish, f"the bodies of {lacking:,} messages", lacking / _BODIES_A_SECOND)

    def tell(done: int, count: int) -> None:
        if wish.watcher is not None:
            scanned = Scanned(accounts=done, account_count=count)
            wish.watcher(Watched(label="bodies", number=1, count=1, scanned=scanned))

    with catalogue.held():
        read = [(each, its) for each, its in reversed(catalogue.pairs()) if its.is_indexed]
        done = take_in_bodies(catalogue.database, read, tell)
        note_counts(catalogue.database)
    return done


def is_behind(
    catalogue: Catalogue, wanted: Sequence[Generation], again: Again = ALL_AGAIN
) -> bool:
    """Whether the catalogue lacks any of ``wanted``, or has what the backup has no more."""
    database = catalogue.database
    row = database.one("SELECT count(*) FROM generation WHERE is_gone")
    known = [(each.identity, each.label) for each in known_generations(database)]
    here = [(identity, each.label) for identity, each in catalogue.by_identity.items()]
    noted = {each.identity: each.glance for each in known_generations(database)}
    if any(noted.get(identity) != each for identity, each in catalogue.glances.items()):
        return True
    return row != (0,) or known != here or bool(_lacking(catalogue, wanted, again))


def _lacking(catalogue: Catalogue, wanted: Sequence[Generation], again: Again) -> list[_Lacking]:
    labels = {each.label for each in wanted}
    meant: dict[int, set[Account]] = {}
    for unread in all_unread(catalogue.database):
        if again.is_meant(unread.account, unread.tried):
            meant.setdefault(unread.ordinal, set()).add(unread.account)
    return [
        _Lacking(
            generation=each,
            known=its,
            again=None if again.is_everything or not its.is_indexed else meant[its.ordinal],
        )
        for each, its in reversed(catalogue.pairs())
        if each.label in labels
        and (
            again.is_everything
            or (its.ordinal in meant if its.is_indexed else again.is_due(its.tried))
        )
    ]


def _scanned(
    catalogue: Catalogue, lacking: _Lacking, wish: IndexWish, number: int, count: int
) -> Indexed:
    generation = lacking.generation

    def tell(scanned: Scanned) -> None:
        if wish.watcher is not None:
            wish.watcher(
                Watched(label=generation.label, number=number, count=count, scanned=scanned)
            )

    begun = time.monotonic()
    scanner = Scanner(catalogue.database, tell)
    scanner.scan(generation, lacking.known, lacking.again)
    seconds, done = time.monotonic() - begun, scanner.done
    if done.new_messages >= _MEASURED:
        catalogue.database.write(
            "INSERT OR REPLACE INTO fact VALUES ('rate', ?)",
            (str(int(done.new_messages / max(seconds, 0.1))),),
        )
    return Indexed(
        label=generation.label,
        accounts=done.accounts,
        folders=done.folders,
        unchanged=done.unchanged,
        messages=done.new_messages,
        seconds=seconds,
    )


def _ask(catalogue: Catalogue, lacking: Sequence[Generation], wish: IndexWish) -> None:
    seconds = estimated_seconds(catalogue, lacking)
    _agree(wish, "1 generation" if len(lacking) == 1 else f"{len(lacking)} generations", seconds)


def _agree(wish: IndexWish, what: str, seconds: float) -> None:
    """Ask where something takes longer than a minute; errors as `index`."""
    if seconds <= _LONG_SECONDS:
        return
    minutes = f"about {seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.0f} h"
    try:
        agreed = wish.agree(f"Take {what} into the catalogue first? It takes {minutes}.")
    except NoConfirmation as error:
        raise NoConfirmation(
            f"{what} must be taken into the catalogue first, which takes {minutes}",
            why="nobody can be asked: there is no terminal",
            hint="respool catalogue --yes does it, or --yes here",
        ) from error
    if not agreed:
        raise Declined("nothing was taken into the catalogue")


def estimated_seconds(catalogue: Catalogue, lacking: Sequence[Generation]) -> float:
    """How long it will take to take these in, by the sizes of some accounts' indexes."""
    if not lacking:
        return 0.0
    database = catalogue.database
    rate = database.one("SELECT value FROM fact WHERE name = 'rate'")
    a_second = int(rate[0]) if rate else _RATE
    full = _messages_about(lacking[0]) / a_second
    is_first = not any(each.is_indexed for each in catalogue.known())
    return full * (len(lacking) - is_first) / _TIMES_FASTER + full * is_first


def _messages_about(generation: Generation) -> float:
    try:
        accounts = list_accounts(generation)
        sampled = accounts[:: max(len(accounts) // _SAMPLED, 1)]
        octets = sum(
            index_file(source).octets
            for each in sampled
            for source in mailboxes_of(generation, each.account)
        )
    except BackupError:
        return 0.0
    return octets / _RECORD_OCTETS * len(accounts) / max(len(sampled), 1)


def index_for_search(
    catalogue: Catalogue,
    wanted: Sequence[Generation],
    wish: IndexWish,
    accounts: AbstractSet[Account] | None,
) -> str | None:
    """As `index`, for who only wants to look; why not all of it is there, if so.

    Of what could not be read only these ``accounts`` are tried again, None for all, and not
    those that were tried a moment ago.

    Raises:
        Declined: where nothing is indexed that could be searched.
        NoConfirmation: as `index`.
    """
    again = Again(accounts=accounts, before=datetime.now(UTC) - _PATIENCE)
    try:
        index(catalogue, wanted, wish, again)
    except Declined:
        if not any(each.is_indexed for each in catalogue.known()):
            raise
    except Locked as error:
        return f"the catalogue is being written now: {error.why}"
    return None
