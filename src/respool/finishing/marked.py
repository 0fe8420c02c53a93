"""Messages marked as deleted, which BlueMind's forced replication would take along.

``replication.parentUid`` appends to each folder of a mailbox a message that is marked as
deleted, and then expunges the folder: whatever else is marked there is gone as well, live
mail and what was restored. Source: ReplicationParentUidRepair.java of 2020 to 2022.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from respool.errors import LoginRefused, ServerSaidNo
from respool.finishing.own_rights import folders_of
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.runs.actor import Note
from respool.system.borrowed_rights import borrowed_rights
from respool.system.cyrus_server import CyrusServer
from respool.system.imap import ImapSession
from respool.system.namespaces import name_for

FORCED_REPLICATION = "replication.parentUid"
_TO_LOOK = "lr"
_MOST_NAMED = 3


def marked_messages(
    server: CyrusServer, root: MailboxName, owner: str | None = None
) -> Mapping[str, int]:
    """How many messages are marked as deleted, by folder of the mailbox; none left out.

    ``owner`` looks into what he may read: the administrator would have to give himself rights,
    folder by folder.
    """
    found = {}
    with _eyes(server, root, owner) as eyes:
        for mailbox in folders_of(server, root):
            count = eyes.marked_in(mailbox)
            if count is None:
                count = _marked_as_administrator(server, mailbox)
            if count:
                found[mailbox] = count
    return found


def left_alone(marked: Mapping[str, int], command: str) -> Note:
    """What is noted where the repair is not asked for, and what is left to a person."""
    named = ", ".join([*marked][:_MOST_NAMED]) + (", …" if len(marked) > _MOST_NAMED else "")
    count = sum(marked.values())
    what = f"{count} message{'' if count == 1 else 's'} marked as deleted in {named}"
    return left_to_a_person(
        f"{command}, once they are purged or unmarked", f"BlueMind would expunge {what}"
    )


def left_to_a_person(what: str, why: str) -> Note:
    """What is noted where the repair is not asked for: ``what`` a person may do, and ``why``."""
    left = f"{what}: {why}"
    return {"operation": FORCED_REPLICATION, "skipped": why, "left_to_do": [left]}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Eyes:
    """A session of who may read most of a mailbox; None: there is nobody."""

    server: CyrusServer
    root: MailboxName
    userid: str = ""
    session: ImapSession | None = None

    def marked_in(self, mailbox: str) -> int | None:
        """How many are marked in a folder, as the administrator writes it; None: not for him."""
        if self.session is None:
            return None
        try:
            his = name_for(
                self.session,
                self.userid,
                self._name_of(mailbox),
                default_domain=self.server.default_domain,
            )
            return _marked_in(self.session, his)
        except ServerSaidNo:
            return None

    def _name_of(self, mailbox: str) -> MailboxName:
        parts = mailbox.partition("@")[0].split(self.server.separator)
        return MailboxName(domain=self.root.domain, parts=tuple(parts))


@contextmanager
def _eyes(server: CyrusServer, root: MailboxName, owner: str | None) -> Iterator[_Eyes]:
    nobody = _Eyes(server=server, root=root)
    if owner is None:
        yield nobody
        return
    try:
        session = server.enter(owner)
    except LoginRefused:
        yield nobody
        return
    try:
        yield _Eyes(server=server, root=root, userid=owner, session=session)
    finally:
        session.close()


def _marked_as_administrator(server: CyrusServer, mailbox: str) -> int:
    """One that is gone meanwhile has none."""
    try:
        with borrowed_rights(server, mailbox, _TO_LOOK), server.admin.lend() as session:
            return _marked_in(session, mailbox)
    except ServerSaidNo:
        if server.admin.exists(mailbox):
            raise
        return 0


def _marked_in(session: ImapSession, mailbox: str) -> int:
    try:
        if not session.open_to_read(mailbox):
            return 0
        return len(session.ask("SEARCH", "DELETED", response="SEARCH"))
    finally:
        with suppress(ServerSaidNo):
            session.leave_folder()
