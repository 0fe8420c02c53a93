"""Restores into files: no server is asked, and nobody need be root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from respool.app.left_over import left_sources
from respool.app.prepared import Prepared, prepare, prepare_again
from respool.app.reached import Plan, Prover
from respool.app.same_plan import check_same
from respool.app.settings import Settings
from respool.app.source_now import left_reasons, source_reasons
from respool.app.state import check_not_inside, far_lock
from respool.app.where import Where
from respool.app.wish import Wish
from respool.errors import NotReady, SurveyChanged, UsageError
from respool.exports.manifest_head import ExportForm
from respool.model.dataclasses import dataclass
from respool.planning.plan import PlanHead
from respool.planning.proof import ProveExport
from respool.planning.request import RestoreRequest
from respool.runs.actor import Actor, RunRecord
from respool.runs.journal import Journal, RunJournal
from respool.targets.export.actor import export_actor
from respool.targets.export.planner import plan_restore
from respool.targets.export.steps import EXPORT_STEPS
from respool.targets.export.survey import ExportSurvey
from respool.targets.export.surveyor import survey_export
from respool.verification.exported import ExportProofActor

_OF_SERVERS: Final = {
    "into": "--into",
    "person": "--same-person or --other-person",
    "is_creating_account": "--create-account",
    "is_in_place": "--in-place",
    "is_raising_quota": "--raise-quota",
    "is_only_missing": "--only-missing",
    "on_conflict": "--on-conflict",
    "is_mending_line_ends": "--mend-line-ends",
}


@contextmanager
def reach_files(where: Where) -> Iterator[AtExport]:
    """Files at that place, for the length of a block; nothing is looked at yet."""
    yield AtExport(where)


@dataclass(frozen=True, slots=True)
class AtExport:
    """Files at one place; see `Reached` for each call."""

    where: Where

    def mend(self, state: Path) -> None:
        """What a run that was cut off left there belongs to it, until it goes on or back."""

    def plan(self, settings: Settings, wish: Wish) -> Plan:
        """The plan of an export."""
        for field, option in _OF_SERVERS.items():
            if getattr(wish, field):
                raise UsageError(f"{option} is for servers", why=f"{self.where.text} is files")
        check_not_inside(self.where.path, settings, what="the export")
        prepared = prepare(settings, wish)
        return self._planned(settings, prepared, prepared.request(prepared.selection.account))

    def _planned(self, settings: Settings, prepared: Prepared, request: RestoreRequest) -> Plan:
        survey = self._survey(settings)
        return plan_restore(request, prepared.choice.mailboxes, survey, prepared.context())

    def _survey(self, settings: Settings, *, is_going_on: bool = False) -> ExportSurvey:
        form = ExportForm(self.where.form)
        return survey_export(form, self.where.path, settings.state, is_going_on=is_going_on)

    def check_is_of(self, number: int, head: PlanHead) -> None:
        """It is: the run's own place is looked at."""

    def lock_file(self, state: Path, head: PlanHead) -> Path:
        """One for each place."""
        return far_lock(state, head)

    def check_unchanged(self, settings: Settings, head: PlanHead, _file: Path) -> None:
        """The place must be free still, and the backup as it was."""
        check_not_inside(self.where.path, settings, what="the export")
        survey = self._survey(settings)
        reasons = [
            f"{name} was {head.facts.get(name)}, and is {now}"
            for name, now in survey.facts.items()
            if head.facts.get(name) != now
        ]
        reasons += [*survey.obstacles, *source_reasons(settings, head)]
        if reasons:
            raise SurveyChanged(
                "files or backup are no longer as they were when the plan was made",
                tuple(reasons),
                hint="make the plan again",
            )

    def check_honesty(self, settings: Settings, file: Path) -> None:
        """Its steps must be those that the same request makes now."""

        def planned(head: PlanHead) -> Plan:
            return self._planned(settings, prepare_again(settings, head), head.request)

        check_same(file, planned)

    def check_ready(self, settings: Settings, run: RunJournal) -> None:
        """Whether the place can still be written, and the backup has what is left."""
        survey = self._survey(settings, is_going_on=True)
        reasons = (*survey.obstacles, *left_reasons(left_sources(run)))
        if reasons:
            raise NotReady(
                f"run {run.number} cannot go on as things are now",
                reasons,
                hint="mend that and go on, or take the run back",
            )

    def actors(self, record: RunRecord) -> Mapping[str, Actor[Any]]:
        """One actor for all that writes, and that of the proof."""
        actor = export_actor(record)
        return {**{step.kind: actor for step in EXPORT_STEPS}, **self.provers(record)}

    def provers(self, record: RunRecord) -> Mapping[str, Prover]:
        """What was written is read back from the files."""
        return {ProveExport.kind: ExportProofActor(record=record)}

    def settle(self, state: Path, journal: Journal, held: Path | None = None) -> None:
        """Nothing is changed there for a time."""
