"""Setting and clearing flags: only where a message is the one that was meant.

What somebody changes at the same moment is never overwritten, where the server keeps modseqs
(RFC 7162): his messages are looked at once more.

Source: RFC 7162, section 3.1.3: a message that was changed after UNCHANGEDSINCE is left. A
folder's modseqs only grow, so the highest of those just looked at is one for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final, TypeAlias

from respool.errors import ServerSaidNo
from respool.model.dataclasses import dataclass
from respool.model.state import UidSet
from respool.planning.flag_step import FlagStep
from respool.system.fetch_answer import FetchedMessage
from respool.system.flag_commands import flags_now, store_flags
from respool.system.imap import ImapSession

GONE: Final = "not there any more"
ANOTHER: Final = "another message has its UID"
BUSY: Final = "the server does not keep it, or somebody changes it all the while"
_TRIES: Final = 5

Flags: TypeAlias = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What one message is to be: ``add`` are flags that it shall have, ``remove`` shall not.

    ``guid`` is its SHA-1 in hex.
    """

    guid: str
    add: Flags
    remove: Flags

    @property
    def cares(self) -> Flags:
        """The flags that it is about."""
        return self.add | self.remove


Aims: TypeAlias = Mapping[int, Aim]


def aims_of(step: FlagStep) -> Aims:
    """What each message of a step is to be, by UID."""
    return {
        uid: Aim(guid=guid, add=frozenset(change.add), remove=frozenset(change.remove))
        for change in step.changes
        for uid, guid in change.messages()
    }


def cared(found: FetchedMessage, aim: Aim) -> Flags:
    """Those of the flags that ``aim`` is about which the message has, spelled as there.

    Flags are the same in any case (RFC 9051, 2.3.2).
    """
    has = {flag.casefold() for flag in found.flags or ()}
    return frozenset(flag for flag in aim.cares if flag.casefold() in has)


def first_command(has: Flags, aim: Aim) -> tuple[bool, Flags]:
    """What is sent first to bring ``aim`` about: whether flags are set, and which.

    What a message lacks comes before what it is not to have.
    """
    lacks = aim.add - has
    return bool(lacks), lacks or aim.remove & has


def recognised(
    session: ImapSession, step: FlagStep, aims: Aims
) -> tuple[dict[int, FetchedMessage], dict[int, str]]:
    """The messages of ``aims`` that are there and are those that were meant; why others are not.

    Where the server tells no GUID, the folder's UIDVALIDITY has to be the same.
    """
    there = flags_now(session, UidSet.of(aims))
    is_same_folder = session.uidvalidity == step.uidvalidity
    found: dict[int, FetchedMessage] = {}
    left: dict[int, str] = {}
    for uid, aim in aims.items():
        message = there.get(uid)
        if message is None:
            left[uid] = GONE
        elif message.guid != aim.guid if message.guid is not None else not is_same_folder:
            left[uid] = ANOTHER
        else:
            found[uid] = message
    return found, left


@dataclass(slots=True, kw_only=True)
class Storing:
    """The flags of some messages under way; ``left`` says of a message why it stays as it is.

    ``tried`` are those that a command was sent for, whatever became of it.
    """

    session: ImapSession
    step: FlagStep
    left: dict[int, str] = field(default_factory=dict)
    tried: set[int] = field(default_factory=set)

    def bring_about(self, aims: Aims) -> UidSet:
        """Make every message what it is to be; those that are so now, as they read back."""
        waiting = dict(aims)
        for attempt in range(_TRIES + 1):
            found, unknown = recognised(self.session, self.step, waiting)
            self.left |= unknown
            waiting = {
                uid: waiting[uid]
                for uid, message in found.items()
                if cared(message, waiting[uid]) != waiting[uid].add
            }
            if not waiting or attempt == _TRIES:
                break
            self._store(found, waiting)
            waiting = {uid: aim for uid, aim in waiting.items() if uid not in self.left}
        self.left |= dict.fromkeys(waiting, BUSY)
        return UidSet.of(uid for uid in aims if uid not in self.left)

    def reached(self, aims: Aims) -> dict[int, Flags]:
        """Of messages that are left though something was tried: their flags now.

        A server may take a part of what it was asked for, and refuse the rest.
        """
        some = {uid: aims[uid] for uid in self.tried.intersection(self.left)}
        if not some:
            return {}
        found, _ = recognised(self.session, self.step, some)
        return {uid: cared(message, some[uid]) for uid, message in found.items()}

    def _store(self, found: Mapping[int, FetchedMessage], aims: Aims) -> None:
        """One command for each message: what it lacks first; what it is not to have, next time."""
        commands: dict[tuple[bool, Flags], list[int]] = {}
        for uid, aim in aims.items():
            commands.setdefault(first_command(cared(found[uid], aim), aim), []).append(uid)
        for (is_set, flags), uids in commands.items():
            self.tried.update(uids)
            modseqs = [found[uid].modseq for uid in uids]
            known = [each for each in modseqs if each is not None]
            try:
                store_flags(
                    self.session,
                    UidSet.of(uids),
                    sorted(flags),
                    is_set=is_set,
                    unchanged_since=max(known) if len(known) == len(uids) else None,
                )
            except ServerSaidNo as error:
                why = error.what if error.why is None else f"{error.what}: {error.why}"
                self.left |= dict.fromkeys(uids, why)
