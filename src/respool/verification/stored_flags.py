"""Reads back which flags messages have, each as who they are for, and compares with the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Final

from respool.errors import LoginRefused, RespoolError, ServerSaidNo
from respool.model.dataclasses import dataclass
from respool.model.state import UidSet
from respool.planning.flag_step import FlagChange, FlagStep
from respool.planning.proof import ProveFlags
from respool.runs.actor import Note, OnlyLooks, RunRecord
from respool.system.cyrus_server import CyrusServer
from respool.system.fetch_answer import FetchedMessage
from respool.system.flag_commands import flags_now
from respool.system.somebodys_folder import somebodys_folder, where_it_is_now
from respool.verification.actor import BY_ADMINISTRATOR, BY_OWNER, MOST_DIFFERENCES

BY_READERS: Final = "readers"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagProofActor(OnlyLooks):
    """Proves the flags that one run set and cleared."""

    server: CyrusServer
    record: RunRecord

    def observe(self, _step: ProveFlags) -> Note:
        """Nothing: it changes nothing."""
        return {}

    def perform(self, step: ProveFlags, _before: Note) -> Note:
        """Look and compare, in sessions of their own; every difference is a value."""
        tally = _Tally()
        for flags, stored in self._stored(step.lane):
            if stored.ranges:
                tally.by = self._by(flags, tally.by)
                self._look(flags, stored, tally)
        return tally.note()

    def prove_again(self, step: ProveFlags) -> Note:
        """As `perform`, at any later time."""
        return self.perform(step, {})

    def _stored(self, lane: str) -> Iterator[tuple[FlagStep, UidSet]]:
        """Each step, and the messages that it left as they are to be."""
        for number, step in self.record.steps_of_lane(lane):
            if isinstance(step, FlagStep):
                receipt = self.record.receipt(number) or {}
                yield step, UidSet.parse(receipt.get("stored", ""))

    def _by(self, step: FlagStep, former: str | None) -> str:
        if step.login is None:
            return BY_ADMINISTRATOR
        if step.login == self.record.head().owner:
            return BY_OWNER
        return former or BY_READERS

    def _look(self, step: FlagStep, stored: UidSet, tally: _Tally) -> None:
        try:
            there = where_it_is_now(self.server, step.mailbox, step.name, step.uniqueid)
            if there is None:
                tally.add_all(stored, "its folder is not there any more")
                return
            mailbox, name = there
            with somebodys_folder(
                self.server, mailbox, name, step.login, is_to_change=False
            ) as session:
                found = flags_now(session, stored)
        except (LoginRefused, ServerSaidNo) as error:
            tally.add_all(stored, _said(error))
            return
        wanted = set(stored.uids().tolist())
        for change in step.changes:
            for uid, guid in change.messages():
                if uid in wanted:
                    tally.add(change, uid, _same(found.get(uid), guid))


def _same(found: FetchedMessage | None, guid: str) -> FetchedMessage | None:
    """The message, where it is the one that was meant."""
    is_other = found is not None and found.guid is not None and found.guid != guid
    return None if is_other else found


@dataclass(slots=True)
class _Tally:
    """Counts and differences of a folder."""

    by: str | None = None
    expected: int = 0
    proven: int = 0
    differs: list[Mapping[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, change: FlagChange, uid: int, found: FetchedMessage | None) -> None:
        """One message more, as it was found."""
        self.expected += 1
        if found is None:
            self._differ(uid, "deleted", "there", "not there")
            return
        has = {flag.casefold() for flag in found.flags or ()}
        lacks = [f"no {flag}" for flag in change.add if flag.casefold() not in has]
        has_still = [flag for flag in change.remove if flag.casefold() in has]
        if lacks or has_still:
            wanted = [*change.add, *(f"no {flag}" for flag in change.remove)]
            self._differ(uid, "flags", " ".join(wanted), " ".join([*lacks, *has_still]))
        else:
            self.proven += 1

    def add_all(self, uids: UidSet, why: str) -> None:
        """Messages of a folder that cannot be opened."""
        self.expected += uids.count
        self.counts["folder"] += 1
        difference = {"uid": None, "aspect": "folder", "planned": "as stored", "found": why}
        self.differs.append(difference)

    def note(self) -> Note:
        """As a proof of messages is noted."""
        return {
            "by": self.by,
            "expected": self.expected,
            "proven": self.proven,
            "counts": dict(self.counts),
            "differs": self.differs,
            "messages_in_target": None,
        }

    def _differ(self, uid: int, aspect: str, planned: str, found: str) -> None:
        self.counts[aspect] += 1
        if len(self.differs) < MOST_DIFFERENCES:
            self.differs.append({"uid": uid, "aspect": aspect, "planned": planned, "found": found})


def _said(error: RespoolError) -> str:
    return error.what if error.why is None else f"{error.what}: {error.why}"
