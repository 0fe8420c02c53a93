"""Giving annotations back: each as who it is for, those of all by the administrator."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import field

from respool.errors import LoginRefused, RespoolError, ServerSaidNo
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.model.state import UidSet
from respool.planning.annotating import PlannedAnnotation
from respool.runs.actor import Note
from respool.system.administrator_access import opened_by_administrator
from respool.system.annotation_commands import (
    ON_MESSAGES,
    on_mailbox,
    set_on_mailbox,
    set_on_messages,
)
from respool.system.cyrus_server import CyrusServer
from respool.system.imap import ImapSession
from respool.system.namespaces import name_for
from respool.targets.spool import annotation_database
from respool.targets.spool.steps import Annotate

_NO_ANNOTATIONS = "the server keeps no annotations of messages"
_LIVE_HAS_OTHER = "the live folder has another value, which stays"
_MAY_DIE = "this version of Cyrus may end its process by it"


def annotate(server: CyrusServer, step: Annotate, *, is_live: bool) -> Note:
    """Write all of the step; what the server refuses is noted, with the reason.

    ``is_live``: the mailbox was there before the run; what it says otherwise is kept.
    An entry of ``refused`` is an entry's name, its UIDs (null: the mailbox's own), and why.
    """
    done = _Writing(server=server, step=step, is_live=is_live)
    done.of_mailbox()
    done.of_messages()
    refused = [[entry, uids, why] for entry, uids, why in done.refused]
    return {"userid": step.userid, "refused": refused}


def present_before(server: CyrusServer, step: Annotate) -> list[str]:
    """The entries of the step that the mailbox itself has already, whatever their value."""
    writing = _Writing(server=server, step=step, is_live=True)
    own = [each for each in step.annotations if each.uid is None]
    return [each.entry for each in own if writing.is_present(each)]


def remove(server: CyrusServer, step: Annotate, had: Collection[str]) -> None:
    """Take the mailbox's own annotations of the step away again, but those that it ``had``.

    One that says something else by now stays.
    """
    writing = _Writing(server=server, step=step, is_live=True)
    for each in step.annotations:
        if each.uid is None and each.entry not in had:
            writing.remove(each)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writing:
    server: CyrusServer
    step: Annotate
    is_live: bool
    refused: list[tuple[str, str | None, str]] = field(default_factory=list)

    def of_mailbox(self) -> None:
        own = [each for each in self.step.annotations if each.uid is None]
        if self.is_live and own:
            own = self._without_others(own)
        if not own:
            return
        if annotation_database.is_deadly(self.server, self.step):
            self._by_program(own)
            return
        try:
            with self._session() as (session, name):
                for each in own:
                    self._set(session, name, each)
        except (LoginRefused, ServerSaidNo) as error:
            self.refused.extend((each.entry, None, _why(error)) for each in own)

    def _without_others(self, own: list[PlannedAnnotation]) -> list[PlannedAnnotation]:
        """Those of which the live mailbox has no other value."""
        try:
            with self._session() as (session, name):
                return [each for each in own if self._is_free(session, name, each)]
        except (LoginRefused, ServerSaidNo) as error:
            self.refused.extend((each.entry, None, _why(error)) for each in own)
            return []

    def _is_free(self, session: ImapSession, name: str, each: PlannedAnnotation) -> bool:
        try:
            there = on_mailbox(session, name, each.entry, is_shared=not self.step.userid)
        except ServerSaidNo as error:
            self.refused.append((each.entry, None, _why(error)))
            return False
        if there and there != each.octets:
            self.refused.append((each.entry, None, _LIVE_HAS_OTHER))
            return False
        return True

    def is_present(self, each: PlannedAnnotation) -> bool:
        """Whether the mailbox has that entry; not where nobody can tell."""
        is_shared = not self.step.userid
        try:
            with self._session() as (session, name):
                return bool(on_mailbox(session, name, each.entry, is_shared=is_shared))
        except (LoginRefused, ServerSaidNo):
            return False

    def remove(self, each: PlannedAnnotation) -> None:
        """Take the entry away where it has the step's value."""
        is_shared = not self.step.userid
        try:
            with self._session() as (session, name):
                there = on_mailbox(session, name, each.entry, is_shared=is_shared)
                if there == each.octets:
                    self._remove(session, name, each)
        except (LoginRefused, ServerSaidNo):
            return

    def _remove(self, session: ImapSession, name: str, each: PlannedAnnotation) -> None:
        if annotation_database.is_deadly(self.server, self.step):
            if annotation_database.is_known(self.server):
                annotation_database.remove(self.server, self.step, [each])
            return
        is_shared = not self.step.userid
        set_on_mailbox(session, name, each.entry, None, is_shared=is_shared)

    def _by_program(self, own: list[PlannedAnnotation]) -> None:
        if annotation_database.is_known(self.server):
            annotation_database.store(self.server, self.step, own)
        else:
            self.refused.extend((each.entry, None, _MAY_DIE) for each in own)

    def _set(self, session: ImapSession, name: str, each: PlannedAnnotation) -> None:
        is_shared = not self.step.userid
        try:
            set_on_mailbox(session, name, each.entry, each.octets, is_shared=is_shared)
        except ServerSaidNo as error:
            self.refused.append((each.entry, None, _why(error)))

    def of_messages(self) -> None:
        alike = self._alike()
        if not alike:
            return
        try:
            with self._opened() as session:
                for (entry, value), uids in alike.items():
                    self._store(session, entry, value, uids)
        except (LoginRefused, ServerSaidNo) as error:
            self.refused.extend(
                (entry, str(uids), _why(error)) for (entry, _), uids in alike.items()
            )

    def _alike(self) -> dict[tuple[str, bytes], UidSet]:
        """Entry and value → the messages that have both."""
        found: dict[tuple[str, bytes], list[int]] = {}
        for each in self.step.annotations:
            if each.uid is not None:
                found.setdefault((each.entry, each.octets), []).append(each.uid)
        return {key: UidSet.of(uids) for key, uids in found.items()}

    def _store(self, session: ImapSession, entry: str, value: bytes, uids: UidSet) -> None:
        is_shared = not self.step.userid
        if not session.can(ON_MESSAGES):
            self.refused.append((entry, str(uids), _NO_ANNOTATIONS))
            return
        try:
            set_on_messages(session, uids, entry, value, is_shared=is_shared)
        except ServerSaidNo as error:
            self.refused.append((entry, str(uids), _why(error)))

    @contextmanager
    def _opened(self) -> Iterator[ImapSession]:
        if not self.step.userid:
            with opened_by_administrator(
                self.server, self.step.lane, is_to_change=True
            ) as session:
                yield session
            return
        with self._session() as (session, name):
            session.open_to_change(name)
            yield session

    @contextmanager
    def _session(self) -> Iterator[tuple[ImapSession, str]]:
        """A session of who it is for, and what he calls the mailbox."""
        server, step = self.server, self.step
        mailbox = MailboxName(domain=step.domain, parts=step.parts)
        with server.as_user(step.userid or server.admin_name) as session:
            domain = server.default_domain
            yield (
                session,
                name_for(session, step.userid, mailbox, default_domain=domain)
                if step.userid
                else step.lane,
            )


def _why(error: RespoolError) -> str:
    return error.what if error.why is None else f"{error.what}: {error.why}"
