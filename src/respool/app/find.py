"""Which messages are meant, in all generations, and whether the live account still has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice

from respool.app.access_log import Access, note_reading
from respool.app.catalogue import Catalogue, opened_catalogue, wanted_generations
from respool.app.catalogue_accounts import accounts_called
from respool.app.indexing import IndexWish, index_for_search
from respool.app.live_account import LiveNotLooked, look_at_live
from respool.app.settings import Settings
from respool.backups.live_copies import LiveCopies, LiveCopy, answering
from respool.catalogue.bodies import BodyReader
from respool.catalogue.entries import Found, Standing
from respool.catalogue.ranking import best_first
from respool.catalogue.search import BodyOf, Search
from respool.catalogue.spans import Spans
from respool.catalogue.unsearched import Unsearched, unsearched
from respool.errors import ServerNotFound
from respool.model.accounts import Account
from respool.model.conditions import Conditions
from respool.model.json_text import as_utc_text


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
class FoundMessage:
    """A message as found. ``live`` is the live copy that answers it.

    ``copies`` are all that the live account has, those kept as deleted among them; None
    where it was not looked at, or nobody knows the message's GUID.
    """

    found: Found
    live: LiveCopy | None
    copies: tuple[LiveCopy, ...] | None

    @property
    def is_missing(self) -> bool:
        """Whether the live account lacks it, as far as is known."""
        return self.copies is not None and self.live is None

    def as_json(self) -> dict[str, object]:
        """One line of ``find --json``."""
        message, standing = self.found.message, self.found.standing
        return {
            "account": self.found.account.address,
            "kind": self.found.account.kind.value,
            "folder": standing.folder.path,
            "mailbox": standing.folder.name.display,
            "uid": standing.uid,
            "guid": message.guid,
            "generation": self.found.newest.label,
            "generations": [
                {"first": first, "last": last} for first, last in self.found.generations
            ],
            "internaldate": as_utc_text(standing.date),
            "size_bytes": message.size_bytes,
            "flags": list(standing.flags),
            "expunged": standing.is_expunged,
            "archived": standing.is_archived,
            "has_file": standing.has_file,
            "deleted_at": as_utc_text(self.found.deleted_at),
            "subject": message.subject,
            "from": [each.as_json() for each in message.senders],
            "to": [each.as_json() for each in message.recipients],
            "date": as_utc_text(message.sent),
            "message_id": message.message_id,
            "has_attachment": message.has_attachment,
            "live": None if self.copies is None else self._live_json(is_kept=False),
            "live_kept": None if self.copies is None else self._live_json(is_kept=True),
            "missing": None if self.copies is None else self.is_missing,
        }

    def _live_json(self, *, is_kept: bool) -> list[dict[str, object]]:
        return [
            {"folder": each.folder, "uid": each.uid}
            for each in self.copies or ()
            if each.is_kept == is_kept
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindReport:
    """What is found, as it is asked for; ``notes`` are complete when all of it was."""

    messages: Iterator[FoundMessage]
    notes: dict[str, None]
    not_searched: tuple[Unsearched, ...]


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
        behind = index_for_search(opened, wanted, indexing)
        labels = {each.label for each in wanted}
        known = [each for each in opened.known() if each.label in labels]
        accounts = None if wish.account is None else accounts_called(opened, wish.account)
        search = Search(
            opened.database,
            Spans(opened.database, [each for each in known if each.is_indexed]),
            accounts,
            _body_of(opened),
        )
        found = search.find(wish.conditions)
        if wish.is_best:
            found = best_first(found, wish.conditions)
        notes: dict[str, None] = {} if behind is None else {behind: None}
        messages = _with_live(settings, found, notes, only_missing=wish.only_missing)
        yield FindReport(
            messages=islice(messages, wish.limit or None),
            notes=notes,
            not_searched=unsearched(opened.database, known, wish.conditions),
        )


def _body_of(opened: Catalogue) -> BodyOf:
    """What reads the body of a message where it stands in a generation."""
    reader = BodyReader(opened.generations)

    def read(label: str, place: Standing) -> str | None:
        folder = place.folder
        body = reader.read(
            label, folder.account, folder.name, place.uid, is_archived=place.is_archived
        )
        return None if body is None else body.text

    return read


def _with_live(
    settings: Settings, found: Iterator[Found], notes: dict[str, None], *, only_missing: bool
) -> Iterator[FoundMessage]:
    """Each with the live copy that answers it; copies of one message are looked at together."""
    looked: dict[Account, LiveCopies | None] = {}
    for (account, _), group in groupby(found, _message_and_account):
        if account not in looked:
            looked[account] = _live_of(settings, account, notes, is_needed=only_missing)
        every = list(group)
        guid = every[0].message.guid
        live = looked[account]
        if live is None or guid is None:
            answered = [FoundMessage(found=each, live=None, copies=None) for each in every]
        else:
            copies = live.of(guid)
            places = [(each.standing.folder.path, each.standing.uid) for each in every]
            answered = [
                FoundMessage(found=each, live=copy, copies=copies)
                for each, copy in zip(every, answering(places, copies), strict=True)
            ]
        yield from (each for each in answered if not only_missing or each.is_missing)


def _message_and_account(found: Found) -> tuple[Account, int]:
    return found.account, found.message.number


def _live_of(
    settings: Settings, account: Account, notes: dict[str, None], *, is_needed: bool
) -> LiveCopies | None:
    live = look_at_live(settings, account, is_for_counts=True)
    if not isinstance(live, LiveNotLooked):
        if not live.place.is_there:
            notes[f"the live server has no account {account.address}"] = None
        return LiveCopies(live.pairs)
    if is_needed:
        raise ServerNotFound(
            "what the live account lacks cannot be told",
            why=live.why,
            hint="--imapd-conf FILE names the configuration of the server on this machine",
        )
    notes[f"the live server was not looked at: {live.why}"] = None
    return None
