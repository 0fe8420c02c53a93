"""What others have of a folder, what was written beside it, subscriptions: given, read back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from respool.errors import LoginRefused, RespoolError, ServerSaidNo
from respool.model.state import UidSet
from respool.planning.annotating import PlannedAnnotation
from respool.planning.placed import Places
from respool.runs.actor import Note
from respool.system.annotation_commands import (
    on_mailbox,
    on_messages,
    set_on_mailbox,
    set_on_messages,
)
from respool.system.imap import ImapSession
from respool.system.imap_listing import name_among_others
from respool.system.imap_server import ImapServer
from respool.system.mailbox_admin import Administration
from respool.system.read_marks import seen_among, set_seen
from respool.system.subscriptions import subscribe, subscribed_names, unsubscribe
from respool.targets.imap.steps import GiveReaderSeen, SetAcl, SetAnnotations, SetSubscription


def rights_before(server: ImapServer, step: SetAcl) -> Note:
    """Who has which rights now."""
    with server.session() as session:
        return {"rights": Administration.over(session).acl(step.mailbox)}


def set_acl(server: ImapServer, step: SetAcl) -> Note:
    """Give each his rights, as far as the server takes them; ``given`` was read back.

    ``not_given`` says of whom it took less than all, and why.
    """
    refused: dict[str, str] = {}
    with server.session() as session:
        admin = Administration.over(session)
        for who, may in step.rights.items():
            try:
                admin.set_rights(step.mailbox, who, may)
            except ServerSaidNo as error:
                refused[who] = why(error)
        now = admin.acl(step.mailbox)
    given = {who: now.get(who, "") for who in step.rights if who not in refused}
    fewer = {
        who: f"has {given[who] or 'no rights'} afterwards, and not {may}"
        for who, may in step.rights.items()
        if who in given and not set(may) <= set(given[who])
    }
    return {"given": given, "not_given": {**refused, **fewer}}


def subscribed_before(server: ImapServer, step: SetSubscription) -> Note:
    """Whether the user is subscribed already."""
    with server.session() as session:
        return {"was_subscribed": step.mailbox in subscribed_names(session)}


def set_subscription(server: ImapServer, step: SetSubscription) -> Note:
    """Subscribe the user; ``subscribed`` was read back, None: the server does not."""
    with server.session() as session:
        try:
            subscribe(session, step.mailbox)
        except ServerSaidNo as error:
            return {"userid": server.user, "subscribed": None, "why": why(error)}
        is_there = step.mailbox in subscribed_names(session)
    note: Note = {"userid": server.user, "subscribed": step.mailbox if is_there else None}
    return note if is_there else {**note, "why": "the server does not list it afterwards"}


def take_subscription_back(server: ImapServer, step: SetSubscription) -> None:
    """Unsubscribe the user again."""
    with server.session() as session:
        try:
            unsubscribe(session, step.mailbox)
        except ServerSaidNo:
            return  # some servers refuse it for a folder that is gone


def set_annotations(server: ImapServer, step: SetAnnotations, placed: Places) -> Note:
    """Write what the server takes, and read it back; ``refused`` says why not, by entry."""
    work = _Annotating(server.user, step, placed)
    with server.session() as session:
        work.carry_out(session)
    userid = "" if step.is_shared else server.user
    return {"userid": userid, "given": work.given, "refused": work.refused}


def annotations_before(server: ImapServer, step: SetAnnotations) -> Note:
    """What the folder has of the entries now, as text; nothing where none is there."""
    found: dict[str, str] = {}
    with server.session() as session:
        for each in step.annotations:
            if each.uid is None:
                value = _value(session, step, each)
                if value is not None:
                    found[each.entry] = value.decode("utf-8", "surrogateescape")
    return {"had": found}


def take_annotations_back(server: ImapServer, step: SetAnnotations, before: Note) -> None:
    """Give the folder what it had of each entry, where it still has what was set."""
    had: Mapping[str, str] = before.get("had", {})
    with server.session() as session:
        for each in step.annotations:
            if each.uid is None and _value(session, step, each) == each.octets:
                former = had.get(each.entry)
                value = None if former is None else former.encode("utf-8", "surrogateescape")
                with suppress(ServerSaidNo):
                    set_on_mailbox(
                        session, step.mailbox, each.entry, value, is_shared=step.is_shared
                    )


def _value(session: ImapSession, step: SetAnnotations, each: PlannedAnnotation) -> bytes | None:
    try:
        return on_mailbox(session, step.mailbox, each.entry, is_shared=step.is_shared)
    except ServerSaidNo:
        return None


class _Annotating:
    """Annotations of one folder under way."""

    def __init__(self, user: str, step: SetAnnotations, placed: Places) -> None:
        self.user = user
        self.step = step
        self.placed = placed
        self.given = 0
        self.refused: list[list[str | None]] = []

    def carry_out(self, session: ImapSession) -> None:
        for each in self.step.annotations:
            if each.uid is None:
                self._on_folder(session, each)
        of_messages = [each for each in self.step.annotations if each.uid is not None]
        if of_messages:
            session.open_to_change(self.step.mailbox)
        for each in of_messages:
            self._on_message(session, each)

    def _on_folder(self, session: ImapSession, each: PlannedAnnotation) -> None:
        mailbox, is_shared = self.step.mailbox, self.step.is_shared
        try:
            set_on_mailbox(session, mailbox, each.entry, each.octets, is_shared=is_shared)
            found = on_mailbox(session, mailbox, each.entry, is_shared=is_shared)
        except ServerSaidNo as error:
            self._refuse(each, why(error))
            return
        self._note(each, is_there=found == each.octets)

    def _on_message(self, session: ImapSession, each: PlannedAnnotation) -> None:
        target = self.placed.get(each.uid or 0)
        if target is None:
            return  # its message was lost, which is said elsewhere
        uids, is_shared = UidSet.of([target]), self.step.is_shared
        try:
            set_on_messages(session, uids, each.entry, each.octets, is_shared=is_shared)
            found = [
                one[2] for one in on_messages(session, uids, [each.entry], is_shared=is_shared)
            ]
        except ServerSaidNo as error:
            self._refuse(each, why(error))
            return
        self._note(each, is_there=each.octets in found)

    def _note(self, each: PlannedAnnotation, *, is_there: bool) -> None:
        if is_there:
            self.given += 1
        else:
            self._refuse(each, "it is another afterwards")

    def _refuse(self, each: PlannedAnnotation, reason: str) -> None:
        uid = None if each.uid is None else str(each.uid)
        self.refused.append([each.entry, uid, reason])


def give_reader_seen(server: ImapServer, step: GiveReaderSeen, placed: Places) -> Note:
    r"""``\Seen`` for each message that he had read; ``left`` says why he got nothing."""
    uids = UidSet.parse(step.uids)
    every = (placed.get(uid) for first, last in uids.ranges for uid in range(first, last + 1))
    theirs = UidSet.of(uid for uid in every if uid is not None)
    try:
        with server.as_user(step.reader) as reader:
            name = name_among_others(reader, server.user, step.parts[2:])
            reader.open_to_change(name)
            before = seen_among(reader, theirs)
            set_seen(reader, theirs)
            unread = theirs.minus(seen_among(reader, theirs))
    except (LoginRefused, ServerSaidNo) as error:
        return {"reader": step.reader, "left": why(error)}
    return {
        "reader": step.reader,
        "name": name,
        "marks": theirs.count - unread.count,
        "others": str(before.minus(theirs)),
    }


def why(error: RespoolError) -> str:
    """What an error says, on one line."""
    return error.what if error.why is None else f"{error.what}: {error.why}"
