"""Reads what was written to files back from the finished export, and compares with the plan.

Octets are hashed as they stand there. Flags of a Maildir are those of its names; other forms
have them in ``manifest.json`` alone, of which every line about the folder must be as planned.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import field
from itertools import islice
from typing import Any, Final

from respool.errors import BackupError, FormatError
from respool.exports.manifest_head import ExportForm
from respool.exports.zip_records import Member
from respool.model.dataclasses import dataclass
from respool.planning.proof import ProveExport
from respool.planning.step import ACCOUNT_LANE, MessageStep
from respool.runs.actor import Note, OnlyLooks, RunRecord
from respool.runs.hands import ALONE, Hands
from respool.verification.exported_files import opened_folder
from respool.verification.exported_groups import (
    MOST_DIFFERENCES,
    GroupResult,
    GroupTask,
    compare_group,
    why_unreadable,
)
from respool.verification.exported_manifest import FolderRows, Manifest
from respool.verification.exported_zip import opened_zip

BY_FILES: Final = "files"


@dataclass(slots=True, kw_only=True)
class ExportProofActor(OnlyLooks):
    """Proves the folders of one export against the plan of its run, group by group."""

    record: RunRecord
    _manifest: Manifest | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def observe(self, _step: ProveExport) -> Note:
        """Nothing: it changes nothing."""
        return {}

    def perform(self, step: ProveExport, _before: Note) -> Note:
        """Read back and compare; every difference is a value, none is an error."""
        return self.prove_again(step)

    def perform_by(self, step: ProveExport, _before: Note, hands: Hands) -> Note:
        """The same, by several hands."""
        return self.prove_again(step, hands)

    def prove_again(self, step: ProveExport, hands: Hands = ALONE) -> Note:
        """As `perform`, at any later time: an export that is gone is a difference."""
        try:
            rows = hands.begin(self._manifest_of, step)
            tally = self._compared(step, hands, rows, is_listed=True)
            if not tally.is_listed and step.form is not ExportForm.MAILDIR:
                tally = self._compared(step, hands, rows, is_listed=False)
            return self._noted(step, tally)
        except (BackupError, FormatError, OSError) as error:
            return self._unreadable(step, why_unreadable(error))

    def _noted(self, step: ProveExport, tally: _Tally) -> Note:
        if tally.unreadable is not None:
            return self._unreadable(step, tally.unreadable)
        if not tally.is_listed:
            tally.note_manifest(step.folder)
        return tally.note(self._count(step))

    def _compared(
        self, step: ProveExport, hands: Hands, manifest: Future[Manifest], *, is_listed: bool
    ) -> _Tally:
        """All groups in order, a few of them at a time."""
        tally = _Tally()
        waiting: deque[Future[GroupResult]] = deque()
        try:
            for task in self._tasks(step, is_listed=is_listed):
                waiting.append(hands.begin(hands.do, compare_group, task))
                while len(waiting) > hands.count:
                    tally.add(waiting.popleft().result())
                if tally.unreadable is not None:
                    break
            while waiting:
                tally.add(waiting.popleft().result())
        finally:
            for each in waiting:
                each.cancel()
        tally.is_listed = manifest.result().rows_of(step.folder).is_like(tally.rows)
        return tally

    def _tasks(self, step: ProveExport, *, is_listed: bool) -> Iterator[GroupTask]:
        """Each group of messages as it was written, without what was lost."""
        with ExitStack() as stack:
            members: Iterator[Member] = iter(())
            if step.form is ExportForm.ZIP:
                zip_file = stack.enter_context(opened_zip(step.path))
                members = zip_file.members(*self._central(step))
            for number, group in self.record.steps_of_lane(step.lane):
                if isinstance(group, MessageStep):
                    receipt = self.record.receipt(number)
                    if receipt is not None:
                        yield GroupTask(
                            step=step,
                            messages=group.messages,
                            entries=receipt["entries"],
                            members=tuple(islice(members, receipt["written"])),
                            is_listed=is_listed,
                        )

    def _central(self, step: ProveExport) -> tuple[int, int]:
        """Where in a zip's directory the folder begins, and how many members it has."""
        offset, count = self._finished().get("central", {}).get(step.lane, (0, 0))
        return offset, count

    def _count(self, step: ProveExport) -> int:
        """How many messages are there."""
        if step.form is ExportForm.ZIP:
            return self._central(step)[1]
        with opened_folder(step) as reading:
            return reading.count()

    def _finished(self) -> Mapping[str, Any]:
        """The receipt of the step that finished the export: the one with pages."""
        for _, receipt in self.record.receipts_of_lane(ACCOUNT_LANE):
            if "pages" in receipt:
                return receipt
        return {}

    def _manifest_of(self, step: ProveExport) -> Manifest:
        """The manifest, read once in this process."""
        with self._lock:
            if self._manifest is None:
                self._manifest = Manifest.read(step.form, step.path, self._finished())
            return self._manifest

    def _unreadable(self, step: ProveExport, found: str) -> Note:
        difference = {"uid": None, "aspect": "folder", "planned": "as written", "found": found}
        return {
            "by": None,
            "expected": self._written(step.lane),
            "proven": 0,
            "counts": {"folder": 1},
            "differs": [difference],
            "messages_in_target": None,
        }

    def _written(self, lane: str) -> int:
        steps = self.record.steps_of_lane(lane)
        receipts = (self.record.receipt(number) for number, _ in steps)
        return sum(receipt.get("written", 0) for receipt in receipts if receipt)


class _Tally:
    """Counts and differences of a folder, and what its groups say that the manifest has."""

    def __init__(self) -> None:
        self.expected = self.proven = 0
        self.differs: list[Mapping[str, Any]] = []
        self.counts: Counter[str] = Counter()
        self.rows = FolderRows()
        self.is_listed = True
        self.unreadable: str | None = None

    def add(self, group: GroupResult) -> None:
        self.expected += group.expected
        self.proven += group.proven
        self.counts.update(group.counts)
        for differences in group.differs:
            if len(self.differs) < MOST_DIFFERENCES:
                self.differs.extend(differences)
        self.rows.add_block(group.rows)
        self.unreadable = self.unreadable or group.unreadable

    def note_manifest(self, folder: str) -> None:
        self.counts["manifest"] += 1
        found = f"manifest.json does not list {folder} as it was written"
        self.differs.append(
            {"uid": None, "aspect": "manifest", "planned": "as written", "found": found}
        )

    def note(self, there: int) -> Note:
        return {
            "by": BY_FILES,
            "expected": self.expected,
            "proven": self.proven,
            "counts": dict(self.counts),
            "differs": self.differs,
            "messages_in_target": there,
        }
