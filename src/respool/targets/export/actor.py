"""Carries out the steps of a restore into files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Final, assert_never

from respool.exports.manifest_head import ExportForm
from respool.model.dataclasses import dataclass
from respool.runs.actor import Note, RunRecord, Undoing, perform_alone
from respool.runs.hands import Hands
from respool.system.message_files import MessageCopier
from respool.targets.export import finishing, making, mbox_files, single_files, zip_members
from respool.targets.export.contents import Contents, shown_folders
from respool.targets.export.page_blocks import KeptBlocks, ShownFolder
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

_MOST_HELD: Final = 10_000  # messages of a folder with findings


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
    _folders: dict[str, ShownFolder] | None = None  # by lane, once they are asked for
    _kept: KeptBlocks = field(default_factory=KeptBlocks)
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
                contents = Contents(record=self.record, form=step.form, kept=self._kept)
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
        may_be_there, shown = self._may_be_there(step), self._shown(step)
        task = single_files.Task(step=step, may_be_there=may_be_there, shown=shown)
        waiting = hands.do(write, task)
        if waiting.block is not None:
            self._kept.keep(step, waiting.block)
        return single_files.WrittenGroup.of(step, waiting)

    def flush(self, done: Sequence[single_files.WrittenGroup]) -> None:
        """Make groups that were written last, all at once, under their names."""
        single_files.flush(done)

    def _may_be_there(self, step: WriteMessages) -> bool:
        """Whether a run that was cut off may have named some of its files: it had begun it."""
        with self._lock:
            return _key(step) not in self._new

    def _shown(self, step: WriteMessages) -> ShownFolder | None:
        """How the pages name the folder of a group, with the findings of its messages.

        None where the folder's are too many to be held until all is written.
        """
        with self._lock:
            if self._folders is None:
                every = shown_folders(self.record.head())
                few = (lane for lane, each in every.items() if len(each.findings) <= _MOST_HELD)
                self._folders = {lane: every[lane] for lane in few}
        shown = self._folders.get(step.lane)
        if shown is None or not shown.findings:
            return shown
        uids = {message.uid for message in step.messages}
        of_group = {uid: found for uid, found in shown.findings.items() if uid in uids}
        return replace(shown, findings=of_group)

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
