"""Carries out the steps of a restore into files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import assert_never

from respool.exports.manifest_head import ExportForm
from respool.runs.actor import Note, RunRecord, Undoing, perform_alone
from respool.runs.hands import Hands
from respool.system.message_files import MessageCopier
from respool.targets.export import finishing, making, mbox_files, single_files, zip_members
from respool.targets.export.contents import Contents
from respool.targets.export.shown_fields import START_OCTETS
from respool.targets.export.steps import (
    ExportStep,
    FinishExport,
    MakeExport,
    PublishZip,
    WriteFolder,
    WriteMessages,
)
from respool.targets.export.taking_back import ExportTakings


def _new_copier() -> MessageCopier:
    return MessageCopier(has_sha256=True, start_octets=START_OCTETS)


@dataclass(slots=True, kw_only=True)
class ExportActor:
    """One export of one run. Writes only where that run has made a place.

    Groups of single files are written while former ones are flushed (``ahead``); what is
    appended to one file is not.
    """

    record: RunRecord
    takings: ExportTakings
    new_copier: Callable[[], MessageCopier] = _new_copier
    ahead: frozenset[str] = frozenset()
    _new: set[tuple[str, int]] = field(default_factory=set)  # lane, first UID: never begun before
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def observe(self, step: ExportStep) -> Note:
        """What the step is about to change, as it is now."""
        match step:
            case MakeExport():
                return making.what_was_there(step)
            case PublishZip():
                return {"was_there": finishing.is_there(step)}
            case WriteMessages() if step.form is ExportForm.MBOX:
                return {"start": mbox_files.mbox_size(step)}
            case WriteMessages() if step.form is not ExportForm.ZIP:
                with self._lock:
                    self._new.add(_key(step))
                return {"start": 0}
            case WriteFolder() | WriteMessages() | FinishExport():
                is_zip = step.form is ExportForm.ZIP
                return {"start": zip_members.zip_size(step.path) if is_zip else 0}
            case _:
                assert_never(step)

    def perform(self, step: ExportStep, before: Note) -> Note:
        """Do the step; done twice it is the same as once."""
        match step:
            case MakeExport():
                return making.make_export(step, before)
            case WriteFolder() if step.form is ExportForm.ZIP:
                return zip_members.write_zip_folder(step, before["start"])
            case WriteFolder():
                return making.write_folder(step)
            case WriteMessages():
                return self._write(step, before["start"])
            case FinishExport():
                contents = Contents(record=self.record, form=step.form)
                return finishing.finish(step, contents, before["start"])
            case PublishZip():
                return finishing.publish(step, was_there=before["was_there"])
            case _:
                assert_never(step)

    def perform_unflushed(
        self, step: WriteMessages, _before: Note, hands: Hands
    ) -> single_files.WrittenGroup:
        """Write a group while former ones are flushed."""
        write = partial(single_files.write, new_copier=self.new_copier)
        task = single_files.Task(step=step, may_be_there=self._may_be_there(step))
        return single_files.WrittenGroup.of(step, hands.do(write, task))

    def flush(self, done: Sequence[single_files.WrittenGroup]) -> None:
        """Make groups that were written last, all at once, under their names."""
        single_files.flush(done)

    def _may_be_there(self, step: WriteMessages) -> bool:
        """Whether a run that was cut off may have named some of its files: it had begun it."""
        with self._lock:
            return _key(step) not in self._new

    def take_back(self, step: ExportStep, undoing: Undoing) -> str | None:
        """Put back what the step changed, where nobody touched it since."""
        return self.takings.take_back(step, undoing)

    def _write(self, step: WriteMessages, start: int) -> Note:
        match step.form:
            case ExportForm.ZIP:
                return zip_members.write_zip(step, start)
            case ExportForm.MBOX:
                return mbox_files.write_mbox(step, start)
            case ExportForm.MAILDIR | ExportForm.EML:
                return perform_alone(self, step, {})
            case _:
                assert_never(step.form)


def _key(step: WriteMessages) -> tuple[str, int]:
    return step.lane, step.messages[0].uid


def export_actor(record: RunRecord) -> ExportActor:
    """The actor of one run."""
    form = (record.head().where or "").partition(":")[0]
    is_of_files = form in {ExportForm.MAILDIR, ExportForm.EML}
    return ExportActor(
        record=record,
        takings=ExportTakings(record=record),
        ahead=frozenset({WriteMessages.kind} if is_of_files else ()),
    )
