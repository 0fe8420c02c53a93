"""Find messages over all generations: what each is, where it last stood, who still has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Final

from respool.catalogue.candidates import Scope, candidates
from respool.catalogue.database import Database, Row
from respool.catalogue.deletions import Deletions, together
from respool.catalogue.entries import FolderEntry, Found, MessageEntry, Standing
from respool.catalogue.evidence import Evidence
from respool.catalogue.folders import accounts_by_number, read_name
from respool.catalogue.messages import GUID_SIZE, numbers_in, person_text
from respool.catalogue.spans import Spans
from respool.cyrus.message_headers import AddressField
from respool.errors import CatalogueDamaged
from respool.model.accounts import Account
from respool.model.conditions import (
    Conditions,
    MessageFacts,
    contains,
    is_in_folders,
    matches,
)
from respool.model.messages import at_utc

BodyOf = Callable[[str, "Standing"], str | None]  # generation, place → text

_LEAST: Final = 100_000  # rows of addresses that are remembered at most


_FOLDERS: Final = (
    "SELECT id, account, name, (SELECT uniqueid FROM folder_version"
    " WHERE folder = folder.id AND uniqueid IS NOT NULL ORDER BY version DESC LIMIT 1) FROM folder"
)


class Search:
    """Looks in one catalogue, over ``spans``; ``accounts`` None: everybody's."""

    def __init__(
        self,
        database: Database,
        spans: Spans,
        accounts: frozenset[Account] | None = None,
        body_of: BodyOf | None = None,
    ) -> None:
        """``body_of`` reads what stands in a message; without it only subjects have texts."""
        self._body_of = body_of
        self._database = database
        self._spans = spans
        self._accounts = accounts
        self._account_names = accounts_by_number(database)
        self._folders: dict[int, FolderEntry] = {}
        self._states = _states(database)
        self._people: dict[int, AddressField] = {}
        self.deletions = Deletions(spans=spans, evidence=Evidence(database, spans))

    def find(self, wanted: Conditions) -> Iterator[Found]:
        """What fulfils the conditions, the newest message first, lazily."""
        others = replace(wanted, text=None)
        for row in candidates(self._database, wanted, self._scope(wanted)):
            message = self._message(row)
            places = self.standings(message.number)
            if wanted.text is None or self._has_text(message, places, wanted.text):
                for _, own in groupby(places, _account_of):
                    yield from self._of_account(message, list(own), others)

    def _has_text(self, message: MessageEntry, places: Sequence[Standing], text: str) -> bool:
        """Whether a text stands in the subject, or in the body where its words are known."""
        if contains([message.subject], text):
            return True
        if self._body_of is None or not message.has_body_words:
            return False
        for each in places:
            if each.has_file:
                body = self._body_of(self._spans.newest(each.generations).label, each)
                if body is not None:
                    return contains([body], text)
        return False

    def standings(self, message: int) -> list[Standing]:
        """Where a message stood, in those generations and accounts, by account."""
        found = [
            self._standing(row)
            for row in self._database.rows(
                "SELECT folder, uid, first, last, state, date, changed FROM stand"
                " WHERE message = ?",
                (message,),
            )
        ]
        wanted = self._accounts
        here = [
            each
            for each in found
            if each.generations and (wanted is None or each.folder.account in wanted)
        ]
        return sorted(here, key=_order)

    def message_of(self, guid: str) -> MessageEntry | None:
        """The message of a GUID, if it is in the catalogue."""
        row = next(candidates(self._database, Conditions(guids=(guid,)), Scope()), None)
        return None if row is None else self._message(row)

    @cached_property
    def folders(self) -> tuple[FolderEntry, ...]:
        """All folders of the accounts that are searched."""
        wanted = {
            number
            for number, account in self._account_names.items()
            if self._accounts is None or account in self._accounts
        }
        rows = self._database.rows(_FOLDERS)
        return tuple(self._entry(*row) for row in rows if row[1] in wanted)

    def _folder(self, number: int) -> FolderEntry:
        found = self._folders.get(number)
        if found is None:
            row = self._database.one(f"{_FOLDERS} WHERE id = ?", (number,))
            if row is None:
                raise CatalogueDamaged(
                    f"the catalogue {self._database.file} is damaged",
                    why=f"folder {number} is not there",
                    hint="respool catalogue --forget removes it; it is then made anew",
                )
            found = self._folders[number] = self._entry(*row)
        return found

    def _entry(self, number: int, account: int, name: str, uniqueid: str | None) -> FolderEntry:
        owner = self._account_names[account]
        called = read_name(name, owner.domain)
        return FolderEntry(number=number, account=owner, name=called, uniqueid=uniqueid or None)

    def _of_account(
        self, message: MessageEntry, places: list[Standing], wanted: Conditions
    ) -> Iterator[Found]:
        if self._accounts is not None and places[0].folder.account not in self._accounts:
            return
        deleted_at = self.deletions.deleted_at(message, places)
        facts = _facts(message)
        meant = [each for each in places if matches(wanted, _placed(facts, each, deleted_at))]
        if not meant:
            return
        best = max(each.rank for each in meant)
        chosen = [each for each in meant if each.rank == best]
        newest = max(each.generations.bit_length() for each in chosen)
        has_it = together(each for each in places if each.rank >= best)
        last = [each for each in chosen if each.generations.bit_length() == newest]
        seen = [each for each in places if each.is_seen and each.generations >> (newest - 1) & 1]
        beside = tuple(seen if last[0].is_seen else last)
        for each in last:
            yield Found(
                message=message,
                standing=each,
                generations=self._spans.ranges(has_it),
                newest=self._spans.newest(each.generations),
                deleted_at=deleted_at,
                beside=beside,
            )

    def _scope(self, wanted: Conditions) -> Scope:
        if self._accounts is None and not wanted.folders:
            return Scope()
        return Scope(
            folders=tuple(
                each.number
                for each in self.folders
                if is_in_folders(wanted.folders, each.path, is_deleted=each.name.is_deleted)
            )
        )

    def _standing(self, row: Row) -> Standing:
        folder, uid, first, last, state, date, changed = row
        flags, is_expunged, is_archived, has_file = self._states[state]
        return Standing(
            folder=self._folder(folder),
            uid=uid,
            date=at_utc(date),
            flags=flags,
            is_expunged=is_expunged,
            is_archived=is_archived,
            has_file=has_file,
            changed=None if changed is None else at_utc(changed),
            generations=self._spans.of_stand(folder, first, last),
        )

    def _message(self, row: Row) -> MessageEntry:
        number, _, guid, sent, octets, senders, recipients, *rest = row
        subject, message_id, attachments, body, copied = rest
        return MessageEntry(
            number=number,
            guid=guid.hex() if len(guid) == GUID_SIZE else None,
            sent=None if sent is None else at_utc(sent),
            size_bytes=octets,
            senders=self._addresses(senders),
            recipients=self._addresses(recipients),
            copied=self._addresses(copied),
            subject=subject,
            message_id=message_id,
            has_attachment=None if attachments is None else bool(attachments),
            has_body_words=body in {1, 2},
        )

    def _addresses(self, column: object) -> tuple[AddressField, ...]:
        numbers = numbers_in(column)
        if len(self._people) > _LEAST:
            self._people.clear()
        lacking = [each for each in numbers if each not in self._people]
        if lacking:
            marks = ", ".join("?" * len(lacking))
            rows = self._database.rows(
                f"SELECT id, name, address FROM address WHERE id IN ({marks})", lacking
            )
            for number, name, address in rows:
                self._people[number] = AddressField(name=name or None, address=address or None)
        return tuple(self._people[each] for each in numbers if each in self._people)


def _states(database: Database) -> Mapping[int, tuple[tuple[str, ...], bool, bool, bool]]:
    return {
        number: (tuple(flags.split()), bool(is_expunged), bool(is_archived), bool(has_file))
        for number, flags, is_expunged, is_archived, has_file in database.rows(
            "SELECT id, flags, is_expunged, is_archived, has_file FROM state"
        )
    }


def _account_of(standing: Standing) -> Account:
    return standing.folder.account


def _order(standing: Standing) -> tuple[str, str, str, int, int]:
    account = standing.folder.account
    name = (account.domain or "", account.kind.value, account.login)
    return (*name, standing.folder.number, standing.uid)


def _facts(message: MessageEntry) -> MessageFacts:
    return MessageFacts(
        folder="",
        uid=0,
        guid=message.guid,
        internaldate=at_utc(0),
        size_bytes=message.size_bytes,
        senders=tuple(person_text(each) for each in message.senders),
        recipients=tuple(person_text(each) for each in (*message.recipients, *message.copied)),
        subject=message.subject,
        message_id=message.message_id,
        has_attachment=message.has_attachment,
    )


def _placed(facts: MessageFacts, standing: Standing, deleted_at: datetime | None) -> MessageFacts:
    return replace(
        facts,
        folder=standing.folder.path,
        uid=standing.uid,
        internaldate=standing.date,
        flags=standing.flags,
        deleted_at=deleted_at,
    )
