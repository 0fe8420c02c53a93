"""An export of a golden spool as a world of the target suite."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from respool.exports.manifest_head import ExportForm
from respool.planning.step import Step
from respool.runs.states import StepState
from respool.targets.export.steps import FinishExport, WriteFolder, WriteMessages
from respool.targets.export.surveyor import part_of_zip
from tests.support.exporting import ExportWorld, tree_at
from tests.support.judged_exports import judged
from tests.support.power import Power


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPlace:
    """One export and a directory of its own around it; see `World` for each call."""

    form: ExportForm
    world: ExportWorld
    wanted: object

    def carry_out(self, power: Power) -> bool:
        """Begin the run or go on with it; a step that was cut has half written its file."""
        is_done = self.world.carry_out(power)
        if not is_done:
            self._tear()
        return is_done

    def _tear(self) -> None:
        rows = self.world.run.rows()
        for row in (each for each in rows if each.state is StepState.STARTED):
            step = self.world.run.step(row.number)
            file = self._growing(step)
            if file is not None and file.is_file():
                with file.open("ab") as stream:
                    stream.write(b"From torn")

    def _growing(self, step: Step) -> Path | None:
        """The file that a step adds to."""
        if self.form is ExportForm.ZIP and isinstance(
            step, WriteFolder | WriteMessages | FinishExport
        ):
            return part_of_zip(self.world.path)
        if self.form is ExportForm.MBOX and isinstance(step, WriteMessages):
            return self.world.path / step.lane
        return None

    def take_back(self, power: Power, *, is_forced: bool = False) -> bool:
        """Take it back, or go on with that."""
        return self.world.take_back(power, is_forced=is_forced)

    def now(self) -> object:
        """Everything around the export's place."""
        return tree_at(self.world.path.parent)

    def restored(self) -> object:
        """What others read."""
        return judged(self.form, self.world.path)

    def truth(self) -> object:
        """What the backup had."""
        return self.wanted

    def folder(self) -> object:
        """What somebody touched, and nothing else: each message of an export is for itself."""
        return {name: what for name, what in self._everything().items() if "touched" in name}

    def touch(self, how: str) -> bool:
        """What somebody does to the export, if it is there."""
        victim = self.victim()
        if victim is None:
            return False
        marked = victim.with_name(f"touched-{victim.name}")
        match how:
            case "flag":
                os.truncate(victim, victim.stat().st_size + 1)
                victim.rename(marked)
                marked.rename(victim)
            case "add":
                marked.write_bytes(b"mine")
            case _:
                raise AssertionError(how)
        return True

    def victim(self) -> Path | None:
        """A file of the export that holds mail, or the zip."""
        path = self.world.path
        if self.form is ExportForm.ZIP:
            return next((each for each in (path, part_of_zip(path)) if each.is_file()), None)
        return next((each for each in sorted(path.rglob("*")) if self._is_mail(each)), None)

    def _is_mail(self, file: Path) -> bool:
        return file.is_file() and ("respool,S=" in file.name or file.suffix in {".eml", ".mbox"})

    def read(self) -> None:
        """Somebody reads all of it."""
        for each in self.world.path.parent.rglob("*"):
            if each.is_file():
                each.read_bytes()

    def receive(self) -> None:
        """Something comes beside the export."""
        beside = self.world.path.with_name("beside")
        beside.mkdir(exist_ok=True)
        (beside / str(len(list(beside.iterdir())))).write_text("new", "ascii")

    def kept(self) -> tuple[str, ...]:
        """Why steps were kept."""
        return self.world.kept()

    def _everything(self) -> Mapping[str, str]:
        return tree_at(self.world.path.parent)
