"""What became of a message or a folder, generation by generation."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import groupby
from unicodedata import normalize

from respool.app.access_log import Access, note_reading
from respool.app.catalogue import Catalogue, opened_catalogue
from respool.app.indexing import IndexWish
from respool.app.searched_catalogue import searched
from respool.app.settings import Settings
from respool.catalogue.deletions import together
from respool.catalogue.entries import FolderEntry, MessageEntry, Standing
from respool.catalogue.folder_history import (
    FolderEvent,
    FolderVersion,
    folder_events,
    folder_versions,
)
from respool.catalogue.generations import Known
from respool.catalogue.message_history import MessageEvent, message_events
from respool.catalogue.search import Search
from respool.catalogue.spans import Spans
from respool.catalogue.unsearched import Unsearched, unsearched
from respool.errors import AmbiguousName, FolderNotInGeneration, MessageNotInMailbox, UsageError
from respool.model.accounts import INBOX, Account
from respool.model.conditions import Conditions
from respool.model.dataclasses import dataclass
from respool.model.json_text import as_utc_text


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHistory:
    """The life of one account's message. ``passed_over`` are generations that lack what may
    have been there.

    ``last`` is the newest of ``generations``, in which people see it; None and none where it
    is only kept as deleted. ``kept`` is the newest in which it is kept so.
    """

    account: Account
    message: MessageEntry
    events: tuple[MessageEvent, ...]
    generations: tuple[tuple[str, str], ...]
    last: Known | None
    kept: Known | None
    is_there: bool
    passed_over: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """One of ``histories`` of ``history --json``."""
        return {
            "account": self.account.address,
            "kind": self.account.kind.value,
            "guid": self.message.guid,
            "subject": self.message.subject,
            "from": [each.as_json() for each in self.message.senders],
            "date": as_utc_text(self.message.sent),
            "message_id": self.message.message_id,
            "size_bytes": self.message.size_bytes,
            "generations": _ranges_json(self.generations),
            "last": None if self.last is None else self.last.label,
            "kept": None if self.kept is None else self.kept.label,
            "is_in_newest": self.is_there,
            "passed_over": list(self.passed_over),
            "events": [_message_event_json(each) for each in self.events],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderHistory:
    """The life of one folder; ``last`` is the newest generation that has it under this name."""

    account: Account
    folder: FolderEntry
    events: tuple[FolderEvent, ...]
    generations: tuple[tuple[str, str], ...]
    last: Known
    is_there: bool
    passed_over: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """One of ``histories`` of ``history --json``."""
        return {
            "account": self.account.address,
            "kind": self.account.kind.value,
            "folder": self.folder.path,
            "mailbox": self.folder.name.display,
            "generations": _ranges_json(self.generations),
            "last": self.last.label,
            "is_in_newest": self.is_there,
            "passed_over": list(self.passed_over),
            "events": [_folder_event_json(each) for each in self.events],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryReport:
    """Histories of a message in each account that has it, or of one folder."""

    histories: tuple[MessageHistory | FolderHistory, ...]
    notes: tuple[str, ...]
    not_searched: tuple[Unsearched, ...]

    def as_json(self) -> dict[str, object]:
        """The shape of ``history --json``."""
        return {
            "histories": [each.as_json() for each in self.histories],
            "notes": list(self.notes),
            "not_searched": [each.as_json() for each in self.not_searched],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryWish:
    """What was typed: a folder of an account, or a message by its GUID."""

    account: str | None
    folder: str | None
    guid: str | None


def history(settings: Settings, wish: HistoryWish, indexing: IndexWish) -> HistoryReport:
    """What became of it; generations that the catalogue lacks are taken in before.

    Raises:
        UsageError: neither a folder of an account nor a message was named.
        AccountNotInGeneration, FolderNotInGeneration, MessageNotInMailbox, AmbiguousName.
        Declined, NoConfirmation, CatalogueUnusable and the others of `opened_catalogue`.
    """
    if (wish.guid is None) == (wish.folder is None) or (wish.folder and not wish.account):
        raise UsageError(
            "history is that of a folder or of a message",
            hint="respool history jdoe@example.org Projects/2017, or respool history --guid GUID",
        )
    with opened_catalogue(settings) as opened:
        folders = () if wish.folder is None else (wish.folder,)
        note_reading(
            settings,
            Access(command="history", account=wish.account, folders=folders, message=wish.guid),
        )
        with searched(opened, opened.generations, wish.account, indexing) as here:
            spans = Spans(opened.database, here.indexed)
            search = Search(opened.database, spans, here.accounts)
            return HistoryReport(
                histories=tuple(_histories(opened, spans, search, wish)),
                notes=here.notes,
                not_searched=unsearched(opened.database, here.known, Conditions(), here.accounts),
            )


def _histories(
    opened: Catalogue, spans: Spans, search: Search, wish: HistoryWish
) -> Iterator[MessageHistory | FolderHistory]:
    if wish.guid is not None:
        yield from _of_message(spans, search, wish.guid)
        return
    folder = _folder(spans, search, wish.folder or "", wish.account or "")
    every = search.folders
    versions = folder_versions(opened.database, spans, every, folder)
    yield _of_folder(spans, search, folder, versions)


def _of_message(spans: Spans, search: Search, guid: str) -> Iterator[MessageHistory]:
    message = search.message_of(guid)
    standings = [] if message is None else search.standings(message.number)
    if message is None or not standings:
        raise MessageNotInMailbox(
            f"no generation has a message {guid}",
            hint="respool find looks for it by sender, subject or date",
        )
    for account, group in groupby(standings, _account_of):
        places = list(group)
        there = together(each for each in places if each.is_seen)
        kept = together(each for each in places if not each.is_seen)
        telling = search.deletions.telling(places)
        yield MessageHistory(
            account=account,
            message=message,
            events=tuple(message_events(spans, places, search.deletions.evidence)),
            generations=spans.ranges(there),
            last=spans.newest(there) if there else None,
            kept=spans.newest(kept) if kept else None,
            is_there=bool(there) and not telling >> there.bit_length(),
            passed_over=search.deletions.evidence.passed_over(there | kept, telling),
        )


def _of_folder(
    spans: Spans, search: Search, folder: FolderEntry, versions: tuple[FolderVersion, ...]
) -> FolderHistory:
    there = spans.of_folder(folder.number)
    telling = search.deletions.evidence.of_folders(folder.account, (folder.number,))
    return FolderHistory(
        account=folder.account,
        folder=folder,
        events=tuple(folder_events(spans, versions, folder, search.deletions.evidence)),
        generations=spans.ranges(there),
        last=spans.newest(there),
        is_there=not telling >> there.bit_length(),
        passed_over=search.deletions.evidence.passed_over(there, telling),
    )


def _folder(spans: Spans, search: Search, typed: str, account: str) -> FolderEntry:
    wanted = normalize("NFC", typed.removeprefix("=").rstrip("/"))
    if wanted.casefold() == INBOX.casefold():
        wanted = INBOX
    every = [each for each in search.folders if spans.of_folder(each.number)]
    found = [each for each in every if normalize("NFC", each.path) == wanted]
    if len(found) > 1:
        names = " and ".join(each.name.display for each in found)
        raise AmbiguousName(
            f'"{typed}" of {account} is {names}', hint="write user/… or share/… before the account"
        )
    if found:
        return found[0]
    paths = [each.path for each in every]
    close = get_close_matches(wanted, paths, n=3) or paths[:3]
    raise FolderNotInGeneration(
        f'"{typed}" of {account} is in no generation',
        why=f"there are {', '.join(close)}" if close else None,
    )


def _account_of(standing: Standing) -> Account:
    return standing.folder.account


def _ranges_json(ranges: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"first": first, "last": last} for first, last in ranges]


def _message_event_json(event: MessageEvent) -> dict[str, object]:
    before, now = event.before, event.now
    return {
        "event": event.what.value,
        "generation": event.generation.label,
        "taken_at": as_utc_text(event.generation.taken_at),
        "at": as_utc_text(event.at),
        "from_folder": None if before is None else before.folder.path,
        "from_uid": None if before is None else before.uid,
        "folder": None if now is None else now.folder.path,
        "uid": None if now is None else now.uid,
        "flags": None if now is None else list(now.flags),
        "gained": list(event.gained),
        "lost": list(event.lost),
    }


def _folder_event_json(event: FolderEvent) -> dict[str, object]:
    now = event.now
    return {
        "event": event.what.value,
        "generation": event.generation.label,
        "taken_at": as_utc_text(event.generation.taken_at),
        "at": as_utc_text(event.at),
        "from_folder": None if event.before is None else event.before.folder.path,
        "folder": None if now is None else now.folder.path,
        "uniqueid": None if now is None else now.uniqueid,
        "messages": None if now is None else now.messages,
        "unseen": None if now is None else now.unseen,
        "expunged": None if now is None else now.expunged,
        "size_bytes": None if now is None else now.size_octets,
    }
