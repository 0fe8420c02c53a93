"""Exports of golden spools: a plan, a run of it that can be cut, and what stands there then."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from respool.app.asking import request_of
from respool.app.backups import backup_of
from respool.app.chosen import choose
from respool.app.selection import Selection, select
from respool.app.settings import Settings
from respool.app.state import prepare_state
from respool.app.written_plan import write_plan
from respool.exports.manifest_head import ExportForm
from respool.planning.context import PlanContext
from respool.planning.proof import ProveExport
from respool.planning.step import Step
from respool.runs.actor import Actor, Note
from respool.runs.journal import Journal, RunJournal
from respool.runs.runner import Runner, Stop
from respool.runs.states import StepState
from respool.runs.undo import Undo
from respool.system.message_files import CopiedFile, MessageCopier, NewFile
from respool.targets.export.actor import export_actor
from respool.targets.export.planner import plan_restore
from respool.targets.export.sequence import ExportPlan
from respool.targets.export.shown_fields import START_OCTETS
from respool.targets.export.steps import EXPORT_STEPS
from respool.targets.export.surveyor import survey_export
from respool.verification.exported import ExportProofActor
from tests.support.mortal import mortal
from tests.support.power import MortalJournal, Power, PowerCut
from tests.support.restoring import wish

_KINDS: tuple[type[Step], ...] = (*EXPORT_STEPS, ProveExport)
STEPS: Mapping[str, type[Step]] = {each.kind: each for each in _KINDS}
MADE_AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def settings_of(backups: Path, state: Path) -> Settings:
    """Settings of a command on a machine without a server."""
    return Settings(
        backups=backups,
        imapd_conf=Path("/nonexistent/imapd.conf"),
        imap=None,
        imap_admin=None,
        imap_password=None,
        to_password=None,
        state=state,
    )


def planned_export(
    settings: Settings,
    form: ExportForm,
    path: Path,
    account: str,
    *folders: str,
    **more: Any,  # noqa: ANN401 - passed on to a dataclass, which knows its types
) -> ExportPlan:
    """The plan of an export; ``more`` is of the wish."""
    wanted = wish(account, *folders, **more)
    selection = select(backup_of(settings), wanted.wanted)
    choice = choose(
        selection,
        wanted.wanted,
        is_without_metadata=wanted.is_without_metadata,
        has_expunged=wanted.has_expunged,
    )
    request = request_of(wanted, selection, selection.account, None)
    survey = survey_export(form, path, settings.state)
    return plan_restore(request, choice.mailboxes, survey, _context(selection))


def _context(selection: Selection) -> PlanContext:
    return PlanContext(
        software="0.test",
        now=MADE_AT,
        generation_label=selection.generation.label,
        taken_at=selection.generation.taken_at,
        is_about=False,
        source="a golden spool",
        is_older=False,
        skipped={},
    )


class MortalCopier(MessageCopier):
    """A copier that dies with the power, between two messages."""

    def __init__(self, power: Power) -> None:
        super().__init__(has_sha256=True, start_octets=START_OCTETS)
        self._power = power

    def copy(self, source: int, wanted: NewFile, directory: int) -> CopiedFile:
        """As it does."""
        self._power.use()
        return super().copy(source, wanted, directory)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWorld:
    """One export, begun; each call is a new process."""

    run: RunJournal
    path: Path
    wrapped: Callable[[Actor[Any], Power], Actor[Any]] = mortal

    @classmethod
    def begun(cls, settings: Settings, plan: ExportPlan) -> ExportWorld:
        """A run of ``plan`` that has done nothing yet."""
        state = prepare_state(settings)
        file = state / f"{plan.form}.jsonl"
        file.unlink(missing_ok=True)
        tail = write_plan(plan, file)  # type: ignore[arg-type,unused-ignore]
        run = Journal(state).begin(file, tail, STEPS, now=MADE_AT)
        return cls(run=run, path=Path(plan.path))

    def carry_out(self, power: Power | None = None) -> bool:
        """Begin the run or go on with it; whether it came to its end."""
        power = power or Power()
        run = MortalJournal.of(self.run, power)
        try:
            Runner(journal=run, actors=self._actors(power), stop=Stop(), lanes_at_once=1).run()
        except PowerCut:
            return False
        return True

    def take_back(self, power: Power | None = None, *, is_forced: bool = False) -> bool:
        """Take it back, or go on with that."""
        power = power or Power()
        run = MortalJournal.of(self.run, power)
        try:
            actors = self._actors(power)
            Undo(journal=run, actors=actors, stop=Stop(), is_forced=is_forced).run()
        except PowerCut:
            return False
        return True

    def _actors(self, power: Power) -> Mapping[str, Actor[Any]]:
        actor = replace(export_actor(self.run), new_copier=lambda: MortalCopier(power))
        export = self.wrapped(actor, power)
        proof = self.wrapped(ExportProofActor(record=self.run), power)
        return {each.kind: export for each in EXPORT_STEPS} | {ProveExport.kind: proof}

    def now(self) -> Mapping[str, str]:
        """Everything beside the export's place: mode, size, time and octets of each."""
        return tree_at(self.path.parent)

    def proofs(self) -> Mapping[str, Note]:
        """What was read back, by lane."""
        return {
            row.lane: dict(self.run.receipt(row.number) or {})
            for row in self.run.rows()
            if row.kind == ProveExport.kind
        }

    def proven_again(self) -> Mapping[str, Note]:
        """The same, looked at now."""
        actor = ExportProofActor(record=self.run)
        return {
            row.lane: actor.prove_again(step)
            for row in self.run.rows()
            if isinstance(step := self.run.step(row.number), ProveExport)
        }

    def kept(self) -> tuple[str, ...]:
        """Why steps were kept by an undo."""
        rows = [row for row in self.run.rows() if row.state is StepState.KEPT]
        return tuple(str((row.error or {}).get("kept")) for row in rows)


def tree_at(root: Path) -> Mapping[str, str]:
    """Every file and directory below ``root``, and what it is."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        what = f"{status.st_mode:o}"
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            is_message = "respool,S=" in path.name or path.suffix == ".eml"
            when = int(status.st_mtime) if is_message else 0
            what += f" {status.st_size} {when} {digest}"
        found[str(path.relative_to(root))] = what
    return found
