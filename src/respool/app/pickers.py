"""The ways to say which messages are taken: by conditions, one by one, or as decided before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from respool.app.picked import Picked
from respool.app.selection import Selection, Wanted
from respool.app.wish import Wish
from respool.backups.source import SourceMailbox
from respool.errors import FolderNotInGeneration, MessageNotInMailbox, UsageError
from respool.model.condition_text import conditions_text
from respool.model.conditions import Conditions
from respool.model.dataclasses import dataclass
from respool.model.inventory import RESTORED, SEARCHED, Columns, StoredMailbox
from respool.model.state import UidSet
from respool.planning.chosen_lines import ChosenGroup, ChosenMessage


class Picker(Protocol):
    """Says of each mailbox which of its messages are taken."""

    @property
    def is_exact(self) -> bool:
        """Whether messages are named one by one, and nothing is searched for."""

    @property
    def guids(self) -> tuple[str, ...]:
        """Those that must be found."""

    @property
    def text(self) -> str:
        """What is asked for, for people."""

    @property
    def columns(self) -> Columns:
        """What of a record is needed to tell, and to restore it."""

    def is_looked_at(self, source: SourceMailbox) -> bool | None:
        """Whether a mailbox may have some; None: as without any picker."""

    def pick(self, source: SourceMailbox, mailbox: StoredMailbox) -> Picked:
        """The messages of one mailbox.

        Raises:
            MessageNotInMailbox: one that is named is not there, or is another one.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ByConditions:
    """All messages that fulfil conditions. Deleted folders only where deletion is asked for."""

    selection: Selection
    conditions: Conditions
    has_expunged: bool

    @property
    def is_exact(self) -> bool:
        """Whether they name UIDs and GUIDs alone."""
        return self.conditions.is_exact

    @property
    def guids(self) -> tuple[str, ...]:
        """Those of the conditions."""
        return self.conditions.guids

    @property
    def text(self) -> str:
        """The conditions."""
        return conditions_text(self.conditions)

    @property
    def columns(self) -> Columns:
        """Where its cache record is, or when it was deleted, is needed for some."""
        wanted = self.conditions
        is_about_more = wanted.is_about_fields or wanted.deleted_since is not None
        return SEARCHED if is_about_more else RESTORED

    def is_looked_at(self, source: SourceMailbox) -> bool | None:
        """A folder that was deleted since then is asked for as its messages are."""
        since, deleted_at = self.conditions.deleted_since, source.name.deleted_at
        return True if since and deleted_at and deleted_at >= since else None

    def pick(self, source: SourceMailbox, mailbox: StoredMailbox) -> Picked:
        """See `respool.app.picking`."""
        from respool.app.picking import pick  # noqa: PLC0415 - reads headers, and bodies

        wanted, has_expunged = self.conditions, self.has_expunged
        return pick(self.selection, source, mailbox, wanted, has_expunged=has_expunged)


class _ByUid:
    """What is the same of all messages that are known by mailbox and UID."""

    __slots__ = ()

    @property
    def guids(self) -> tuple[str, ...]:
        """They are with their UIDs."""
        return ()

    @property
    def text(self) -> str:
        """There are no conditions."""
        return "messages that were chosen"

    @property
    def columns(self) -> Columns:
        """Those of a restore."""
        return RESTORED


@dataclass(frozen=True, slots=True, kw_only=True)
class AsDecided(_ByUid):
    """What a plan took, by the names of its source mailboxes: nothing is searched again."""

    picked: Mapping[str, UidSet]
    conditions: Conditions

    @property
    def is_exact(self) -> bool:
        """As it was then."""
        return self.conditions.is_exact

    def is_looked_at(self, source: SourceMailbox) -> bool | None:
        """Those alone that it took something of."""
        return source.name.admin in self.picked

    def pick(self, source: SourceMailbox, mailbox: StoredMailbox) -> Picked:
        """The same UIDs; those that are gone are left out, and so the plans differ."""
        wanted = self.picked[source.name.admin]
        uids = mailbox.records["uid"]
        return Picked(
            uids=UidSet.of_array(uids[wanted.mask(uids)]),
            looked_at=int(mailbox.visible().sum()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OneByOne(_ByUid):
    """Messages that were found before, each of which must still be the same one."""

    group: ChosenGroup

    @property
    def is_exact(self) -> bool:
        """They are named."""
        return True

    def is_looked_at(self, source: SourceMailbox) -> bool | None:
        """Those alone that have one."""
        return self._of(source) is not None

    def pick(self, source: SourceMailbox, mailbox: StoredMailbox) -> Picked:
        """The UIDs, with the GUIDs that were found for them."""
        messages = self._of(source) or {}
        uids = UidSet.of(messages)
        rows = mailbox.records[uids.mask(mailbox.records["uid"])]
        there = {int(row["uid"]): row for row in rows}
        for uid, message in messages.items():
            why = _why_another(source, message, there.get(uid))
            if why is not None:
                raise _not_the_one(source, message, why)
        return Picked(uids=uids, looked_at=int(mailbox.visible().sum()))

    def _of(self, source: SourceMailbox) -> Mapping[int, ChosenMessage] | None:
        boxes = self.group.mailboxes
        return boxes.get(source.name.admin) or boxes.get(source.name.display)


def picker_of(wish: Wish, selection: Selection) -> Picker | None:
    """What decides which messages of a selection a wish takes; None where it takes all.

    Raises:
        FolderNotInGeneration: a mailbox that is named is not there.
    """
    known = {n for each in selection.mailboxes for n in (each.name.admin, each.name.display)}
    if wish.picked is not None:
        for name in wish.picked:
            if name not in known:
                raise FolderNotInGeneration(f'"{name}" is not in the backup any more')
        return AsDecided(picked=wish.picked, conditions=wish.conditions)
    if wish.chosen is not None:
        for name, messages in wish.chosen.mailboxes.items():
            if name not in known:
                first = min(message.number for message in messages.values())
                raise FolderNotInGeneration(
                    f'"{name}" of {selection.account.address} is not in generation'
                    f" {selection.generation.label}",
                    why=f"line {first} of the selection names it",
                )
        return OneByOne(group=wish.chosen)
    if wish.conditions.is_empty:
        return None
    return ByConditions(
        selection=selection, conditions=wish.conditions, has_expunged=wish.is_taking_expunged
    )


def _why_another(source: SourceMailbox, message: ChosenMessage, row: Any) -> str | None:  # noqa: ANN401 - of numpy
    """Why a record, None for none, is not that of the message that was chosen."""
    if row is None:
        return "no message has that UID"
    told = row["guid"].tobytes()
    guid = told.hex() if any(told) else None
    if message.guid is None and guid is None:
        is_same = (int(row["size"]), int(row["internaldate"])) == message.identity[1:]
        return None if is_same else "it has no GUID, and another size or date"
    if guid is None:
        from respool.app.picking import hash_of  # noqa: PLC0415 - reads bodies

        guid = hash_of(source, message.uid, int(row["place"]))
    return None if guid == message.guid else f"its GUID is {guid}, not {message.guid}"


def _not_the_one(source: SourceMailbox, message: ChosenMessage, why: str) -> MessageNotInMailbox:
    return MessageNotInMailbox(
        f"message {message.uid} of {source.name.display} is not the one that was chosen",
        why=f"{why} (line {message.number} of the selection, generation {message.generation})",
        hint="look for it again: respool find",
    )


def in_one_folder(wanted: Wanted, conditions: Conditions) -> Wanted:
    """``wanted``, where UIDs are asked for, as one folder alone: they mean nothing without.

    Raises:
        UsageError: not exactly one folder was named.
    """
    if conditions.uids is None:
        return wanted
    if len(wanted.folders) != 1:
        raise UsageError(
            f"{conditions_text(Conditions(uids=conditions.uids))} is of which folder?",
            why="every folder counts its own",
            hint=f"respool {wanted.command} {wanted.account} FOLDER --uid {conditions.uids}",
        )
    return replace(wanted, folders=(f"={wanted.folders[0].removeprefix('=')}",))
