"""Carries out the steps that put flags back, and takes them back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from respool.errors import LoginRefused, RespoolError, ServerSaidNo
from respool.model.state import UidSet
from respool.planning.flag_step import FlagStep
from respool.runs.actor import Note, Undoing
from respool.system.cyrus_server import CyrusServer
from respool.system.imap import ImapSession
from respool.system.somebodys_folder import somebodys_folder, where_it_is_now
from respool.targets.state.storing import (
    ANOTHER,
    GONE,
    Aim,
    Aims,
    Flags,
    Storing,
    aims_of,
    cared,
    recognised,
)

FOLDER_GONE: Final = "its folder is not there any more"


@dataclass(frozen=True, slots=True)
class StateActor:
    """One live account, one run. Nothing but flags is changed."""

    server: CyrusServer

    def observe(self, step: FlagStep) -> Note:
        """Which of the flags that it is about each message has now; why none can be seen."""
        aims = aims_of(step)
        try:
            with self._opened(step, is_to_change=False) as session:
                found, _ = recognised(session, step, aims)
        except _NotOpened as error:
            return {"closed": str(error)}
        former: dict[Flags, list[int]] = {}
        for uid, message in found.items():
            former.setdefault(cared(message, aims[uid]), []).append(uid)
        return {
            "former": [[sorted(flags), str(UidSet.of(uids))] for flags, uids in former.items()]
        }

    def perform(self, step: FlagStep, before: Note) -> Note:
        """Set and clear; ``stored`` are so now, ``left`` says why others are not."""
        if "closed" in before:
            return {"stored": "", "left": {before["closed"]: str(step.uids)}}
        aims = aims_of(step)
        looked_at = _former(before)
        known = {uid: aim for uid, aim in aims.items() if uid in looked_at}
        left = dict.fromkeys(aims.keys() - known.keys(), GONE)
        try:
            with self._opened(step, is_to_change=True) as session:
                storing = Storing(session=session, step=step)
                stored = storing.bring_about(known)
        except _NotOpened as error:
            return {"stored": "", "left": {str(error): str(step.uids)}}
        return {"stored": str(stored), "left": _by_reason({**left, **storing.left})}

    def take_back(self, step: FlagStep, undoing: Undoing) -> str | None:
        """Each message's former flags again, where it has what the run left."""
        aims = _back(step, undoing)
        if not aims:
            return None
        try:
            with self._opened(step, is_to_change=True) as session:
                storing = Storing(session=session, step=step)
                storing.bring_about(aims)
        except _NotOpened as error:
            why = str(error)
            return None if why == FOLDER_GONE else why
        kept = {uid: why for uid, why in storing.left.items() if why not in {GONE, ANOTHER}}
        for why in kept.values():
            return f"flags of {len(kept)} messages stay as they are: {why}"
        return None

    @contextmanager
    def _opened(self, step: FlagStep, *, is_to_change: bool) -> Iterator[ImapSession]:
        try:
            there = where_it_is_now(self.server, step.mailbox, step.name, step.uniqueid)
            if there is None:
                raise _NotOpened(FOLDER_GONE)
            mailbox, name = there
            with somebodys_folder(
                self.server, mailbox, name, step.login, is_to_change=is_to_change
            ) as session:
                yield session
        except (LoginRefused, ServerSaidNo) as error:
            raise _NotOpened(_said(error)) from error


class _NotOpened(Exception):
    """Why the folder cannot be opened as who it is for."""


def _back(step: FlagStep, undoing: Undoing) -> Aims:
    """What each message was before, as far as the step was to change it."""
    former = _former(undoing.before)
    stored = undoing.done.get("stored")
    done = None if stored is None else UidSet.parse(stored)  # None: it did not end
    reached = former.keys() if done is None else former.keys() & set(done.uids().tolist())
    aims: dict[int, Aim] = {}
    for uid, aim in aims_of(step).items():
        if uid in reached:
            back = Aim(guid=aim.guid, add=aim.remove & former[uid], remove=aim.add - former[uid])
            if back.cares:
                aims[uid] = back
    return aims


def _former(before: Mapping[str, Any]) -> dict[int, Flags]:
    return {
        uid: frozenset(flags)
        for flags, uids in before.get("former", ())
        for uid in UidSet.parse(uids).uids().tolist()
    }


def _by_reason(left: Mapping[int, str]) -> dict[str, str]:
    reasons: dict[str, list[int]] = {}
    for uid, why in left.items():
        reasons.setdefault(why, []).append(uid)
    return {why: str(UidSet.of(uids)) for why, uids in reasons.items()}


def _said(error: RespoolError) -> str:
    return error.what if error.why is None else f"{error.what}: {error.why}"
