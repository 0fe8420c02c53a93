"""Carries out the steps that put flags back, and takes them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from typing import Any, Final

from respool.errors import LoginRefused, RespoolError, ServerSaidNo
from respool.model.dataclasses import dataclass
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
from respool.targets.state.whose import by_others

FOLDER_GONE: Final = "its folder is not there any more"


@dataclass(frozen=True, slots=True)
class StateActor:
    """One live account, one run. Nothing but flags is changed.

    ``_fresh`` are steps that were looked at and not begun: what changes before they are is
    somebody else's doing.
    """

    server: CyrusServer
    _fresh: set[FlagStep] = field(default_factory=set)

    def observe(self, step: FlagStep) -> Note:
        """Which of the flags that it is about each message has now; why none can be seen."""
        aims = aims_of(step)
        try:
            with self._opened(step, is_to_change=False) as session:
                found, _ = recognised(session, step, aims)
        except _NotOpened as error:
            return {"closed": str(error)}
        self._fresh.add(step)
        modseqs = [each.modseq for each in found.values() if each.modseq is not None]
        return {
            "former": _by_flags({uid: cared(each, aims[uid]) for uid, each in found.items()}),
            "modseq": max(modseqs) if modseqs and len(modseqs) == len(found) else None,
        }

    def perform(self, step: FlagStep, before: Note) -> Note:
        """Set and clear; ``stored`` are so now, ``left`` says why others are not.

        ``former`` are the flags of those that somebody else changed since they were looked at,
        before us; ``partly`` what those that are left have now, where something was tried.
        """
        if "closed" in before:
            return {"stored": "", "left": {before["closed"]: str(step.uids)}}
        aims = aims_of(step)
        was_begun = step not in self._fresh
        self._fresh.discard(step)
        looked_at = _flags(before.get("former", ()))
        known = {uid: aim for uid, aim in aims.items() if uid in looked_at}
        left = dict.fromkeys(aims.keys() - known.keys(), GONE)
        try:
            with self._opened(step, is_to_change=True) as session:
                storing = Storing(session=session, step=step)
                found, _ = recognised(session, step, known)
                noted = before.get("modseq")
                others = by_others(known, looked_at, noted, found, was_begun=was_begun)
                stored = storing.bring_about(known)
                partly = storing.reached(known)
        except _NotOpened as error:
            return {"stored": "", "left": {str(error): str(step.uids)}}
        note: dict[str, Any] = {
            "stored": str(stored),
            "left": _by_reason({**left, **storing.left}),
        }
        if others:
            note["former"] = _by_flags(others)
        if partly:
            note["partly"] = _by_flags(partly)
        return note

    def take_back(self, step: FlagStep, undoing: Undoing) -> str | None:
        """Each message's former flags again, where it has what the run left."""
        aims = _back(step, undoing)
        if not aims:
            return None
        try:
            with self._opened(step, is_to_change=True) as session:
                storing = Storing(session=session, step=step)
                if "stored" not in undoing.done:
                    aims = _ours(session, step, undoing.before, aims)
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
    """What each message was before, as far as the step was to change it, and did."""
    done = undoing.done
    former = {**_flags(undoing.before.get("former", ())), **_flags(done.get("former", ()))}
    partly = _flags(done.get("partly", ()))
    stored = done.get("stored")  # None: it did not end
    reached = former.keys() if stored is None else {*UidSet.parse(stored).uids().tolist(), *partly}
    aims: dict[int, Aim] = {}
    for uid, aim in aims_of(step).items():
        if uid in reached and uid in former:
            now = partly.get(uid, aim.add)
            back = Aim(
                guid=aim.guid,
                add=aim.remove & former[uid] - now,
                remove=aim.add & now - former[uid],
            )
            if back.cares:
                aims[uid] = back
    return aims


def _ours(session: ImapSession, step: FlagStep, before: Note, aims: Aims) -> Aims:
    """Those of ``aims`` that the step, which was cut off, changed itself."""
    every, former = aims_of(step), _flags(before.get("former", ()))
    known = {uid: aim for uid, aim in every.items() if uid in former}
    found, _ = recognised(session, step, known)
    others = by_others(known, former, before.get("modseq"), found, was_begun=True)
    return {uid: aim for uid, aim in aims.items() if uid not in others}


def _by_flags(messages: Mapping[int, Flags]) -> list[list[Any]]:
    """For a note: flags, and the UIDs that have them."""
    found: dict[Flags, list[int]] = {}
    for uid, flags in messages.items():
        found.setdefault(flags, []).append(uid)
    return [[sorted(flags), str(UidSet.of(uids))] for flags, uids in found.items()]


def _flags(noted: Iterable[Sequence[Any]]) -> dict[int, Flags]:
    """The same, read again, by UID."""
    return {
        uid: frozenset(flags)
        for flags, uids in noted
        for uid in UidSet.parse(uids).uids().tolist()
    }


def _by_reason(left: Mapping[int, str]) -> dict[str, str]:
    reasons: dict[str, list[int]] = {}
    for uid, why in left.items():
        reasons.setdefault(why, []).append(uid)
    return {why: str(UidSet.of(uids)) for why, uids in reasons.items()}


def _said(error: RespoolError) -> str:
    return error.what if error.why is None else f"{error.what}: {error.why}"
