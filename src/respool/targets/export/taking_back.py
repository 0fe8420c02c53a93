"""Taking an export back: what the run wrote and nobody changed since, and nothing else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from respool.errors import StepFailed
from respool.exports.manifest_head import ExportForm
from respool.model.dataclasses import dataclass
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import RunRecord, Undoing
from respool.system.durable import TEMPORARY_PREFIX, flush_directory
from respool.targets.export.contents import Contents
from respool.targets.export.finishing import HashedPage
from respool.targets.export.making import files_of_folder
from respool.targets.export.pages import pages
from respool.targets.export.steps import (
    ExportStep,
    FinishExport,
    MakeExport,
    PublishZip,
    WriteFolder,
    WriteMessages,
)
from respool.targets.export.surveyor import part_of_zip
from respool.targets.export.taking_files import take_files

_CHANGED: Final = "was changed since"


@dataclass(slots=True, kw_only=True)
class ExportTakings:
    """Takes back the steps of one run; whatever is one file goes, or stays, as a whole."""

    record: RunRecord
    _kept: dict[Path, str] = field(default_factory=dict)

    def take_back(self, step: ExportStep, undoing: Undoing) -> str | None:
        """Put back what the step changed; why it is left, where somebody touched it.

        Raises:
            StepFailed: something cannot be removed.
        """
        try:
            if step.form is ExportForm.ZIP:
                return self._zip(Path(step.path), undoing)
            return self._of_directory(step, undoing)
        except OSError as error:
            raise StepFailed(
                f"{step.path} cannot be cleared",
                why=str(error),
                hint="mend the disk, and undo again",
            ) from error

    def _of_directory(self, step: ExportStep, undoing: Undoing) -> str | None:
        path = Path(step.path)
        match step:
            case MakeExport():
                return _made(path, undoing)
            case WriteFolder():
                return self._folder(step, undoing)
            case WriteMessages() if step.form is ExportForm.MBOX:
                return self._mbox(path, step.lane, undoing)
            case WriteMessages():
                return take_files(step, undoing)
            case FinishExport():
                return self._pages(step, undoing)
            case PublishZip():
                return None

    def _folder(self, step: WriteFolder, undoing: Undoing) -> str | None:
        """The folder goes with all that was made for it, or stays as it is."""
        path = Path(step.path)
        files = files_of_folder(step)
        if step.form is ExportForm.MBOX and (kept := self._mbox(path, step.mailbox, undoing)):
            return kept
        own = {path / each for each in (*step.directories, *files, *map(_temporary, files))}
        strangers = sum(_strangers(path / each, own) for each in step.directories)
        if strangers:
            return (
                f"{path / step.mailbox} holds {strangers} things that are not the run's,"
                " or were changed since"
            )
        for name, octets in files.items():
            _remove_if(path / name, octets, undoing)
            _remove(path / _temporary(name))
        kept = None
        for each in reversed(step.directories):
            kept = kept or _emptied(path / each)
        return kept

    def _mbox(self, path: Path, lane: str, undoing: Undoing) -> str | None:
        """The whole file, where it ends as the last receipt says.

        One that a group was being written to is longer than that, and has another time.
        """
        file = path / lane
        if file in self._kept and not undoing.is_forced:
            return self._kept[file]
        if not os.path.lexists(file):
            return None
        status = file.lstat()
        receipts = [
            receipt
            for kind, receipt in self.record.receipts_of_lane(lane)
            if kind == WriteMessages.kind
        ]
        last: Mapping[str, Any] = receipts[-1] if receipts else {"end": 0}
        is_as_left = status.st_size == last["end"] and status.st_mtime_ns == last.get(
            "mtime_ns", status.st_mtime_ns
        )
        is_longer = status.st_size >= last["end"] and self._is_under_way(lane)
        if is_as_left or is_longer or undoing.is_forced:
            _remove(file)
            return None
        self._kept[file] = f"{file} {_CHANGED}"
        return self._kept[file]

    def _is_under_way(self, lane: str) -> bool:
        """Whether a group of the lane was begun and did not come to its end."""
        return any(
            isinstance(step, WriteMessages)
            and self.record.before(number)
            and self.record.receipt(number) is None
            for number, step in self.record.steps_of_lane(lane)
        )

    def _pages(self, step: FinishExport, undoing: Undoing) -> str | None:
        """Each page that is as it was written; where no receipt says how, it is made again."""
        path = Path(step.path)
        known: Mapping[str, Any] = undoing.done.get("pages", {})
        kept = []
        for name, pieces in pages(Contents(record=self.record, form=step.form)):
            file = path / name
            _remove(file.with_name(f"{TEMPORARY_PREFIX}{name}"))
            if not os.path.lexists(file):
                continue
            note = known.get(name) or _note_of(HashedPage(pieces))
            if undoing.is_forced or _is_page(file, note):
                _remove(file)
            else:
                kept.append(f"{file} {_CHANGED}")
        return "; ".join(kept) or None

    def _zip(self, path: Path, undoing: Undoing) -> str | None:
        """The whole zip, finished or not, whichever of its steps is taken back first."""
        steps = dict(self.record.steps_of_lane(ACCOUNT_LANE))
        before = {type(step): self.record.before(number) for number, step in steps.items()}
        if before[MakeExport].get("is_free"):
            _remove(part_of_zip(path))
        is_published = before[PublishZip].get("was_there") is False
        if not is_published or not os.path.lexists(path):
            return None
        status = path.lstat()
        finished = self._receipt_of(FinishExport)
        is_as_left = (status.st_size, status.st_mtime_ns) == (
            finished.get("size_bytes"),
            finished.get("mtime_ns"),
        )
        if not is_as_left and not undoing.is_forced:
            return f"{path} {_CHANGED}"
        _remove(path)
        return None

    def _receipt_of(self, kind: type[FinishExport]) -> Mapping[str, Any]:
        for number, step in self.record.steps_of_lane(ACCOUNT_LANE):
            if isinstance(step, kind):
                return self.record.receipt(number) or {}
        return {}


def _made(path: Path, undoing: Undoing) -> str | None:
    if undoing.before.get("was_there") is not False:
        return None
    return _emptied(path)


def _temporary(name: str) -> str:
    """What a file is called while it is written."""
    return str(Path(name).with_name(f"{TEMPORARY_PREFIX}{Path(name).name}"))


def _strangers(directory: Path, own: set[Path]) -> int:
    """How many things stand there that are not ``own``."""
    try:
        with os.scandir(directory) as entries:
            return sum(Path(entry.path) not in own for entry in entries)
    except FileNotFoundError:
        return 0


def _emptied(directory: Path) -> str | None:
    """Remove a directory that is empty; what else is in it stays, and it too."""
    try:
        with os.scandir(directory) as entries:
            count = sum(1 for _ in entries)
    except FileNotFoundError:
        return None
    if count:
        return f"{directory} holds {count} things that are not the run's, or were changed since"
    directory.rmdir()
    flush_directory(directory.parent)
    return None


def _remove(file: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        file.unlink()
        flush_directory(file.parent)


def _remove_if(file: Path, octets: bytes, undoing: Undoing) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        is_ours = file.lstat().st_size == len(octets) and file.read_bytes() == octets
        if undoing.is_forced or is_ours:
            _remove(file)


def _note_of(page: HashedPage) -> Mapping[str, Any]:
    for _ in page:
        pass
    return page.note()


def _is_page(file: Path, note: Mapping[str, Any]) -> bool:
    if file.is_symlink() or file.lstat().st_size != note["size_bytes"]:
        return False
    with file.open("rb") as stream:
        found = HashedPage(iter(lambda: stream.read(1 << 20), b""))
        return _note_of(found) == {key: note[key] for key in ("sha256", "size_bytes")}
