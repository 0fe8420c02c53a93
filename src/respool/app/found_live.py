"""What was found, held against the live account: does it have each still, and where?"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from respool.app.live_account import LiveNotLooked, look_at_live
from respool.app.settings import Settings
from respool.backups.counted import read_by_names
from respool.backups.live_copies import Asked, LiveCopies, LiveCopy, answering
from respool.catalogue.entries import Found, Standing
from respool.errors import ServerNotFound
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.inventory import COMPARED
from respool.model.json_text import as_utc_text

_WITHOUT_GUID: Final = "nobody knows its GUID"
_SHOWN: Final = 3
_MOST_KEPT: Final = 2_000_000  # live messages that are known at once: 60 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMessage:
    """A message as found. ``live`` is the live copy that answers it.

    ``copies`` are all that the live account has, those kept as deleted among them; None
    where it is not known, and ``not_known`` says why.
    """

    found: Found
    live: LiveCopy | None
    copies: tuple[LiveCopy, ...] | None
    not_known: str | None = None

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
            "cc": [each.as_json() for each in message.copied],
            "date": as_utc_text(message.sent),
            "message_id": message.message_id,
            "has_attachment": message.has_attachment,
            "live": None if self.copies is None else self._live_json(is_kept=False),
            "live_kept": None if self.copies is None else self._live_json(is_kept=True),
            "missing": None if self.copies is None else self.is_missing,
            "live_not_known": self.not_known,
        }

    def _live_json(self, *, is_kept: bool) -> list[dict[str, object]]:
        return [
            {"folder": each.folder, "uid": each.uid}
            for each in self.copies or ()
            if each.is_kept == is_kept
        ]


class Told:
    """What is to be said beside what is found, while it is looked for."""

    def __init__(self, notes: Sequence[str] = ()) -> None:
        self._notes = dict.fromkeys(notes)
        self._left_out: dict[str, int] = {}

    def say(self, note: str) -> None:
        """Once, however often."""
        self._notes[note] = None

    def leave_out(self, why: str) -> None:
        """Of one message it is not known whether it is missing."""
        self._left_out[why] = self._left_out.get(why, 0) + 1

    @property
    def notes(self) -> tuple[str, ...]:
        """All of it so far."""
        return (*self._notes, *(_left_out(*each) for each in self._left_out.items()))


def _left_out(why: str, count: int) -> str:
    messages = "1 message is" if count == 1 else f"{count:,} messages are"
    return f"{messages} not among these: {why}, so that nothing tells whether live has it"


class _Live:
    """One live account: its copies, and why not all of it is known; None: it is all."""

    def __init__(self, copies: LiveCopies, *, is_there: bool, not_known: str | None) -> None:
        self._copies = copies
        self._is_there = is_there
        self._not_known = not_known

    @property
    def size(self) -> int:
        """How many messages it has."""
        return self._copies.count

    def hold(self, found: Found) -> FoundMessage:
        """What answers one message, among all that ask for a copy of it."""
        guid = found.message.guid
        if guid is None:
            if not self._is_there:
                return FoundMessage(found=found, live=None, copies=())
            return FoundMessage(found=found, live=None, copies=None, not_known=_WITHOUT_GUID)
        copies = self._copies.of(guid)
        asking = [_asked(each) for each in found.beside]
        mine = asking.index(_asked(found.standing))
        copy = answering(asking, copies)[mine]
        if copy is None and self._not_known is not None:
            return FoundMessage(found=found, live=None, copies=None, not_known=self._not_known)
        return FoundMessage(found=found, live=copy, copies=copies)


class HeldAgainstLive:
    """Holds what was found against live accounts, each of which is read once.

    With ``is_needed`` only what is missing is wanted, and an account has to be looked at.
    """

    def __init__(self, settings: Settings, told: Told, *, is_needed: bool) -> None:
        self._settings = settings
        self._told = told
        self._is_needed = is_needed
        self._looked: OrderedDict[Account, _Live | str] = OrderedDict()

    def messages(self, found: Iterator[Found]) -> Iterator[FoundMessage]:
        """Each with the live copy that answers it; only those missing where these are wanted.

        Raises:
            ServerNotFound: those are, and the live account cannot be looked at.
        """
        for each in found:
            live = self._live_of(each.account)
            if isinstance(live, str):
                yield FoundMessage(found=each, live=None, copies=None, not_known=live)
                continue
            held = live.hold(each)
            if not self._is_needed or held.is_missing:
                yield held
            elif held.not_known is not None:
                self._told.leave_out(held.not_known)

    def _live_of(self, account: Account) -> _Live | str:
        """What is known of the account; of very many those asked last are kept in memory."""
        live = self._looked.pop(account, None)
        if live is None:
            live = self._look(account)
        self._looked[account] = live
        while len(self._looked) > 1 and sum(map(_size, self._looked.values())) > _MOST_KEPT:
            self._looked.popitem(last=False)
        return live

    def _look(self, account: Account) -> _Live | str:
        """The live account, or why nobody knows it."""
        live = look_at_live(self._settings, account, partial(read_by_names, columns=COMPARED))
        if isinstance(live, LiveNotLooked):
            if self._is_needed:
                raise ServerNotFound(
                    "what the live account lacks cannot be told",
                    why=live.why,
                    hint="--imapd-conf FILE names the configuration of the server on this machine",
                )
            self._told.say(f"the live server was not looked at: {live.why}")
            return live.why
        if not live.place.is_there and not live.unread:
            self._told.say(f"the live server has no account {account.address}")
        for each in live.findings:
            self._told.say(f"live account {account.address}: {each.subject}: {each.text}")
        return _Live(
            LiveCopies(live.pairs),
            is_there=live.place.is_there or bool(live.unread),
            not_known=_not_known(live.unread),
        )


def _asked(place: Standing) -> Asked:
    return Asked(place.folder.path, place.uid, place.folder.uniqueid)


def _size(live: _Live | str) -> int:
    return 0 if isinstance(live, str) else live.size


def _not_known(unread: Sequence[Finding]) -> str | None:
    if not unread:
        return None
    names = ", ".join(each.subject for each in unread[:_SHOWN])
    more = f" and {len(unread) - _SHOWN} more" if len(unread) > _SHOWN else ""
    return f"{names}{more} of the live account cannot be read"
