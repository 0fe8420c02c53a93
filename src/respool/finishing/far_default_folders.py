"""Default folders that another BlueMind makes after a restore over IMAP in place, and their going.

As `respool.finishing.default_folders` has it on this machine, seen by their owner. Of a
mailshare nothing is looked at: who restores into one may be anybody who may write there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from respool.errors import ServerSaidNo
from respool.finishing.default_folders import LACKING, MADE, NAMES, that_stay
from respool.runs.actor import Note, Undoing
from respool.system import imap_listing as listing
from respool.system.imap import ImapSession, quoted
from respool.system.namespaces import personal_prefix


def lacking_now(session: ImapSession) -> Note:
    """Which of them an account does not have, before BlueMind is asked for them."""
    prefix = personal_prefix(session)[0] if session.can("NAMESPACE") else ""
    names = (f"{prefix}{each}" for each in NAMES)
    return {LACKING: [each for each in names if not listing.exists(session, each)]}


def made_since(session: ImapSession, before: Note) -> Note:
    """The id of each that has come since, by name."""
    come = [each for each in before.get(LACKING, ()) if listing.exists(session, each)]
    return {MADE: {each: listing.folder_id(session, each) for each in come}}


def take_back(session: ImapSession, undoing: Undoing) -> str | None:
    """Remove those that came with the run and never held a message; those that stay, and why."""
    made: Mapping[str, str] = undoing.done.get(MADE, {})
    if not undoing.done:  # cut off: whatever has come since was not looked at then
        made = made_since(session, undoing.before)[MADE]
    return that_stay(list(_left(session, made)))


def _left(session: ImapSession, made: Mapping[str, str]) -> Iterator[str]:
    for name, folder_id in made.items():
        if listing.exists(session, name):
            why = _why_held(session, name, folder_id) or _deleted(session, name)
            if why is not None:
                yield f"{name} {why}"


def _why_held(session: ImapSession, name: str, folder_id: str) -> str | None:
    if listing.folder_id(session, name) != folder_id:
        return "is another one by now"
    if listing.names_below(session, name, listing.separator(session)):
        return "has folders below it"
    status = listing.status(session, name)
    if status.messages:
        return "holds mail"
    return None if status.uidnext == 1 else "has held mail"


def _deleted(session: ImapSession, name: str) -> str | None:
    session.leave_folder()
    try:
        session.ask("DELETE", quoted(name))
    except ServerSaidNo as error:
        return f"is not deleted by the server: {error.why}"
    return None
