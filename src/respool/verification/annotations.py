"""Reads annotations back, each as who it is for, and compares them with the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from respool.errors import LoginRefused, ServerSaidNo, StepFailed
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.model.state import SPECIAL_USE, UidSet
from respool.planning.annotating import AnnotationStep, PlannedAnnotation
from respool.planning.proof import ProveAnnotations
from respool.runs.actor import Note, OnlyLooks, RunRecord
from respool.runs.placed_steps import as_placed
from respool.system.administrator_access import opened_by_administrator
from respool.system.annotation_commands import on_mailbox, on_messages
from respool.system.cyrus_server import CyrusServer
from respool.system.imap import ImapSession
from respool.system.namespaces import name_for
from respool.verification.actor import CreatedByRun

_MOST_NAMED = 100  # differences that are named; all are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationProofActor(OnlyLooks):
    """Proves what was annotated in one run."""

    server: CyrusServer
    record: RunRecord
    created: CreatedByRun

    def observe(self, _step: ProveAnnotations) -> Note:
        """Nothing is about to change."""
        return {}

    def perform(self, step: ProveAnnotations, _before: Note) -> Note:
        """Read back what was not refused, and compare it octet by octet."""
        self.created.check(step.lane)
        planned = proven = 0
        differs: list[dict[str, Any]] = []
        for number, each in self.record.steps_of_lane(step.lane):
            if not isinstance(each, AnnotationStep):
                continue
            placed = as_placed(self.record, each)
            wanted = list(_given(placed, self.record.receipt(number) or {}))
            planned += len(wanted)
            found = self._read(each, wanted)
            for annotation in wanted:
                value = found.get((annotation.entry, annotation.uid))
                if _is_equal(annotation, value):
                    proven += 1
                else:
                    differs.append(_difference(each.userid, annotation, value))
        return {"planned": planned, "proven": proven, "differs": differs[:_MOST_NAMED]}

    def prove_again(self, step: ProveAnnotations) -> Note:
        """As `perform`, at any later time; of a folder that is gone nothing is there."""
        try:
            return self.perform(step, {})
        except (ServerSaidNo, StepFailed) as error:
            return {"planned": 0, "proven": 0, "differs": [], "why": error.what}

    def _read(
        self, step: AnnotationStep, wanted: list[PlannedAnnotation]
    ) -> Mapping[tuple[str, int | None], bytes]:
        """What is there, by entry and UID; nothing where he may not look."""
        found: dict[tuple[str, int | None], bytes] = {}
        is_shared = not step.userid
        uids = UidSet.of({each.uid for each in wanted if each.uid is not None})
        try:
            with self._opened(step) as (session, name):
                for entry in {each.entry for each in wanted if each.uid is None}:
                    value = on_mailbox(session, name, entry, is_shared=is_shared)
                    if value is not None:
                        found[entry, None] = value
                if uids.ranges:
                    entries = sorted({each.entry for each in wanted if each.uid is not None})
                    for uid, entry, value in on_messages(
                        session, uids, entries, is_shared=is_shared
                    ):
                        found[entry, uid] = value
        except (LoginRefused, ServerSaidNo):
            return found
        return found

    @contextmanager
    def _opened(self, step: AnnotationStep) -> Iterator[tuple[ImapSession, str]]:
        server, lane = self.server, step.lane
        if not step.userid:
            with opened_by_administrator(server, lane, is_to_change=False) as session:
                yield session, lane
            return
        mailbox = MailboxName(domain=step.domain, parts=step.parts)
        with server.as_user(step.userid) as session:
            domain = server.default_domain
            name = name_for(session, step.userid, mailbox, default_domain=domain)
            session.open_to_read(name)
            yield session, name


def _given(step: AnnotationStep, receipt: Mapping[str, Any]) -> Iterator[PlannedAnnotation]:
    """Those that the server did not refuse."""
    refused = [
        (entry, None if uids is None else UidSet.parse(uids))
        for entry, uids, _ in receipt.get("refused", [])
    ]
    own = {entry for entry, uids in refused if uids is None}
    on = {
        (entry, uid) for entry, uids in refused if uids is not None for uid in uids.uids().tolist()
    }
    for each in step.annotations:
        if (each.uid is None and each.entry in own) or (each.entry, each.uid) in on:
            continue
        yield each


def _is_equal(planned: PlannedAnnotation, found: bytes | None) -> bool:
    if found is not None and planned.entry == SPECIAL_USE and planned.uid is None:
        return set(found.split()) == set(planned.octets.split())
    return found == planned.octets


def _difference(userid: str, planned: PlannedAnnotation, found: bytes | None) -> dict[str, Any]:
    return {
        "entry": planned.entry,
        "userid": userid or None,
        "uid": planned.uid,
        "planned": planned.value,
        "found": None if found is None else found.decode("utf-8", "surrogateescape"),
    }
