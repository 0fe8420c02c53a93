"""Reads what was written to files back from the finished export, and compares with the plan.

Octets are hashed as they stand there. Flags of a Maildir are those of its names; other forms
have them in ``manifest.json`` alone, of which every line about the folder must be as planned.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from respool.errors import BackupError, FormatError
from respool.exports.manifest_head import ExportForm
from respool.exports.written import WrittenMessage, unpack
from respool.model.messages import ReadBack
from respool.planning.proof import ProveExport
from respool.planning.step import ACCOUNT_LANE, MessageStep, PlannedMessage
from respool.runs.actor import Note, OnlyLooks, RunRecord
from respool.verification.compare import compare_message
from respool.verification.exported_files import FoundMessage, Reading, opened_folder
from respool.verification.exported_manifest import FolderRows, Manifest

MOST_DIFFERENCES: Final = 1000  # kept one by one; more are counted
BY_FILES: Final = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    message: PlannedMessage
    written: WrittenMessage


@dataclass(slots=True, kw_only=True)
class ExportProofActor(OnlyLooks):
    """Proves the folders of one export against the plan of its run."""

    record: RunRecord
    _manifest: Manifest | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def observe(self, _step: ProveExport) -> Note:
        """Nothing: it changes nothing."""
        return {}

    def perform(self, step: ProveExport, _before: Note) -> Note:
        """Read back and compare; every difference is a value, none is an error."""
        return self.prove_again(step)

    def prove_again(self, step: ProveExport) -> Note:
        """As `perform`, at any later time: an export that is gone is a difference."""
        try:
            rows = self._manifest_of(step).rows_of(step.folder)
            with opened_folder(step, self._finished()) as reading:
                return self._compared(step, reading, rows)
        except (BackupError, FormatError, OSError) as error:
            return self._unreadable(step, error)

    def _compared(self, step: ProveExport, reading: Reading, rows: FolderRows) -> Note:
        tally = _Tally()
        wanted = FolderRows()
        is_listed = rows.is_like(self._rows(step, wanted))
        for group in self._groups(step.lane):
            found = reading.read([(each.message, each.written) for each in group])
            for each, there in zip(group, found, strict=True):
                tally.add(
                    _as_kept(each.message, step), _as_read(each, there, step, is_listed=is_listed)
                )
        if not is_listed:
            tally.note_manifest(step.folder)
        return tally.note(reading.count())

    def _rows(self, step: ProveExport, rows: FolderRows) -> FolderRows:
        """What the manifest must have of the folder."""
        is_mbox = step.form is ExportForm.MBOX
        for group in self._groups(step.lane):
            for each in group:
                rows.add(each.message, each.written, has_place=is_mbox)
        return rows

    def _groups(self, lane: str) -> Iterator[list[_Expected]]:
        """Each group of messages as it was written, without what was lost."""
        for number, step in self.record.steps_of_lane(lane):
            if isinstance(step, MessageStep):
                receipt = self.record.receipt(number)
                written = unpack(receipt["entries"]) if receipt else ()
                planned = {message.uid: message for message in step.messages}
                yield [
                    _Expected(message=replace(planned[each.uid], guid=each.guid), written=each)
                    for each in written
                ]

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

    def _unreadable(self, step: ProveExport, error: Exception) -> Note:
        why = getattr(error, "why", None)
        found = str(error) if why is None else f"{error}: {why}"
        difference = {"uid": None, "aspect": "folder", "planned": "as written", "found": found}
        return {
            "by": None,
            "expected": sum(map(len, self._groups(step.lane))),
            "proven": 0,
            "counts": {"folder": 1},
            "differs": [difference],
            "messages_in_target": None,
        }


def _as_kept(message: PlannedMessage, step: ProveExport) -> PlannedMessage:
    """As the form can hold it: keywords of a Maildir that have no letter stand beside it."""
    if step.form is not ExportForm.MAILDIR:
        return message
    flags = tuple(each for each in message.flags if each[:1] == "\\" or each in step.keywords)
    return replace(message, flags=flags)


def _as_read(
    each: _Expected, there: FoundMessage | None, step: ProveExport, *, is_listed: bool
) -> ReadBack | None:
    r"""What was found, as messages of any target are compared; no ``\Recent`` is in files."""
    if there is None:
        return None
    message, flags = each.message, there.flags
    if flags is None:
        flags = frozenset(message.flags) if is_listed else frozenset()
    late = message.internaldate - int(there.internaldate.timestamp())
    is_near = not step.has_exact_times and late in {0, 1}
    found = ReadBack(
        uid=message.uid,
        flags=flags,
        internaldate=there.internaldate,
        size_bytes=there.size_bytes,
        guid=there.guid if there.sha256 == each.written.sha256 else f"{there.guid}, altered",
    )
    if is_near and late:
        found = replace(found, internaldate=there.later(late))
    return found


class _Tally:
    """Counts and differences of a folder."""

    def __init__(self) -> None:
        self.expected = self.proven = 0
        self.differs: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()

    def add(self, message: PlannedMessage, found: ReadBack | None) -> None:
        self.expected += 1
        differences = compare_message(message, found, is_seen_known=True)
        self.proven += not differences
        self.counts.update(each.aspect for each in differences)
        if len(self.differs) < MOST_DIFFERENCES:
            self.differs.extend(asdict(each) for each in differences)

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
