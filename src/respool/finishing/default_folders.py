"""Default folders that BlueMind makes when it is told of a restore in place, and their going.

Its repair ``mailboxDefaultFolders`` makes those of a mailbox that are missing. An undo takes
back the ones that came with the run, as long as they are as they were made and have never
held a message; else they stay, and are named. Source: reference of BlueMind (Sent, Trash,
Drafts, Junk, Outbox and Templates of a user, Sent and Trash of a mailshare).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from respool.model.names import MailboxName
from respool.runs.actor import Note, Undoing
from respool.system.below import folders_below
from respool.system.borrowed_rights import borrowed_rights, rights_to_delete
from respool.system.cyrus_server import CyrusServer
from respool.system.mailbox_admin import delete_mailbox

NAMES: Final = ("Drafts", "Junk", "Outbox", "Sent", "Templates", "Trash")
_MAY_LOOK: Final = "lr"
_MAY_DELETE: Final = "lrswipkxtecda"
LACKING: Final = "lacking"
MADE: Final = "made"


def lacking_now(server: CyrusServer, root: MailboxName) -> Note:
    """Which of them a mailbox does not have, before BlueMind is asked for them."""
    names = _names(server, root)
    return {LACKING: [each for each in names if not server.admin.exists(each)]}


def made_since(server: CyrusServer, before: Note) -> Note:
    """Unique id and rights of those that have come since, by name."""
    come = [each for each in before.get(LACKING, ()) if server.admin.exists(each)]
    return {MADE: {each: [server.uniqueid(each), server.admin.acl(each)] for each in come}}


def take_back(server: CyrusServer, root: MailboxName, undoing: Undoing) -> str | None:
    """Remove those that came with the run; those that stay, and why.

    One that holds, or held, a message stays, even where a person insists; before it is looked
    at for the last time nobody may bring any more.
    """
    made: Mapping[str, tuple[object, Mapping[str, str]]] = undoing.done.get(MADE, {})
    if not undoing.done:  # cut off: whatever has come since was not looked at then
        made = made_since(server, undoing.before)[MADE]
    left = []
    for name, (uniqueid, acl) in made.items():
        if not server.admin.exists(name):
            continue
        why = _why_held(server, name, uniqueid)
        rights: Mapping[str, str] = server.admin.acl(name)
        is_shut = undoing.was_cut_off and set(rights) <= {server.admin_name}
        if is_shut:
            rights = acl
        elif why is None and not undoing.is_forced and not _has_rights(server, name, root, acl):
            why = "has other rights than it was made with"
        if why is None:
            why = _removed(server, name, uniqueid, rights)
        elif is_shut:
            _set_rights(server, name, rights)
        if why is not None:
            left.append(f"{name} {why}")
    return that_stay(left)


def that_stay(left: Sequence[str]) -> str | None:
    """What an undo says of those that it leaves, each with the reason."""
    return f"default folders that BlueMind made stay: {'; '.join(left)}" if left else None


def _removed(
    server: CyrusServer, name: str, uniqueid: object, rights: Mapping[str, str]
) -> str | None:
    """Shut it to all but the administrator, and delete it if nothing came; else open it again.

    Not each server keeps a copy of what is deleted, and nobody looks for his mail there.
    """
    _set_rights(server, name, dict.fromkeys(rights, ""))
    why = _why_held(server, name, uniqueid)
    if why is not None:
        _set_rights(server, name, rights)
        return why
    with rights_to_delete(server, name, _MAY_DELETE):
        delete_mailbox(server.admin, name)
    return None


def _set_rights(server: CyrusServer, name: str, rights: Mapping[str, str]) -> None:
    for who, letters in rights.items():
        if who != server.admin_name:
            server.admin.set_rights(name, who, letters)


def _why_held(server: CyrusServer, name: str, uniqueid: object) -> str | None:
    if server.uniqueid(name) != uniqueid:
        return "is another one by now"
    if folders_below(server, name):
        return "has folders below it"
    with borrowed_rights(server, name, _MAY_LOOK):
        status = server.admin.status(name)
    if status.messages:
        return "holds mail"
    return None if status.uidnext == 1 else "has held mail"


def _has_rights(server: CyrusServer, name: str, root: MailboxName, made: object) -> bool:
    """Whether its rights are those that it was made with, or by now its mailbox's."""
    return server.admin.acl(name) in (made, server.admin.acl(_called(server, root)))


def _names(server: CyrusServer, root: MailboxName) -> Iterator[str]:
    for each in NAMES:
        yield _called(server, MailboxName(domain=root.domain, parts=(*root.parts, each)))


def _called(server: CyrusServer, name: MailboxName) -> str:
    """As the administrator writes it."""
    called = name.admin_with(server.separator)
    default = server.default_domain
    return called.removesuffix(f"@{default}") if default and name.domain == default else called
