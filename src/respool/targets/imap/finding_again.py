"""Which messages of a group a folder has already, since what was noted before the group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from respool.backups.planned_messages import PlannedMessages
from respool.errors import BackupError
from respool.model.dataclasses import dataclass
from respool.planning.appending import AppendMessages
from respool.planning.step import PlannedMessage
from respool.system.fetch_answer import FetchedMessage
from respool.system.imap import ImapSession
from respool.system.message_files import SourceDiffers
from respool.targets.imap.line_ends import mended_form
from respool.targets.imap.pairing import Copy, doubtful, paired


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAgain:
    """UID of a message of the group → the UID that it has in the folder, of those it has.

    Of ``doubtful`` ones (UIDs of the group) nothing tells that they are ours: somebody may
    have brought the same octets himself.
    """

    placed: Mapping[int, int] = field(default_factory=dict)
    doubtful: frozenset[int] = frozenset()


def found_again(
    session: ImapSession,
    step: AppendMessages,
    before: Mapping[str, Any],
    source: PlannedMessages,
    *,
    mailbox: str | None = None,
    was_emptied: bool = False,
) -> FoundAgain:
    """What the folder has of the group; ``was_emptied``: an undo has removed some of it.

    Only what came at or after the UIDNEXT of ``before`` is looked at. By the SHA-1 that the
    server tells, else by that of the octets it gives; what it stores with other line ends
    is known by them. ``mailbox`` is what the folder is called now, if not as in the step.

    Raises:
        ServerSaidNo, ServerUnreachable: the folder cannot be read.
    """
    session.open_to_read(mailbox or step.mailbox)
    first = int(before["uidnext"])
    if 0 < session.uidnext <= first:
        return FoundAgain()
    states = (each for each in session.states(f"{first}:*") if each.uid >= first)  # "*": any
    present = tuple(_copies(session, tuple(states)))
    if not present:
        return FoundAgain()
    wanted = list(_wanted(step.messages, source))
    found = paired(wanted, present)
    taken = set(found.values())
    rest = [each for each in present if each.uid not in taken]
    if rest:
        lacking = [each for each in step.messages if each.uid not in found]
        mended = list(_mended(lacking, source))
        again = paired(mended, rest)
        wanted = [each for each in wanted if each.uid not in again] + mended
        found = {**found, **again}
    return FoundAgain(
        placed=found, doubtful=doubtful(wanted, present, found, was_emptied=was_emptied)
    )


def _copies(session: ImapSession, found: Sequence[FetchedMessage]) -> Iterator[Copy]:
    """What is there, hashed where the server does not tell the hash."""
    untold = {each.uid: each.size_bytes or 0 for each in found if each.guid is None}
    hashed = {each.uid: each.guid for each in session.read_back(untold)}
    for each in found:
        guid = each.guid or hashed.get(each.uid)
        if guid is not None:
            date = 0 if each.internaldate is None else int(each.internaldate.timestamp())
            yield Copy(uid=each.uid, guid=guid, date=date, flags=each.flags or frozenset())


def _wanted(messages: Iterable[PlannedMessage], source: PlannedMessages) -> Iterator[Copy]:
    for message in messages:
        guid = message.guid or _guid(message, source)
        if guid is not None:
            yield _copy(message, guid)


def _mended(messages: Iterable[PlannedMessage], source: PlannedMessages) -> Iterator[Copy]:
    """As a server, or we, would have mended their line ends."""
    for message in messages:
        try:
            with source.reading(message) as read:
                guid = mended_form(read).guid
        except (BackupError, SourceDiffers):
            continue  # what cannot be read is not there; appending it says so
        yield _copy(message, guid)


def _guid(message: PlannedMessage, source: PlannedMessages) -> str | None:
    """Of a message whose index does not know it."""
    try:
        with source.checked(message) as checked:
            return checked.guid
    except (BackupError, SourceDiffers):
        return None


def _copy(message: PlannedMessage, guid: str) -> Copy:
    return Copy(
        uid=message.uid,
        guid=guid,
        date=message.internaldate,
        flags=frozenset(message.flags),
    )
