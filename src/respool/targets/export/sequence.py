"""The steps of an export, in order.

The lanes of a Maildir, of single messages and of mbox files are filled beside each other. A zip
is one file: there each folder's own step stands before its messages, so that one lane is filled
after the other and the members have one order, whatever happens.
"""

from __future__ import annotations

from collections.abc import Iterator

from respool.exports.manifest_head import ExportForm
from respool.model.dataclasses import dataclass
from respool.planning.chosen import planned_messages
from respool.planning.plan import PlanHead
from respool.planning.proof import ProveExport
from respool.planning.room_needs import RoomNeed
from respool.planning.step import ACCOUNT_LANE, Step, groups
from respool.targets.export.planned import PlacedFolder
from respool.targets.export.steps import (
    FinishExport,
    MakeExport,
    PublishZip,
    WriteFolder,
    WriteMessages,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPlan:
    """The plan of an export: its head, and its steps as they are asked for."""

    head: PlanHead
    form: ExportForm
    path: str
    has_exact_times: bool
    folders: tuple[PlacedFolder, ...]
    needs: tuple[RoomNeed, ...] = ()

    def steps(self) -> Iterator[Step]:
        """All steps in order, lazily, the same at each call."""
        form, path = self.form, self.path
        yield MakeExport(lane=ACCOUNT_LANE, form=form, path=path)
        folders = tuple(self._making())
        if form is not ExportForm.ZIP:
            yield from folders
        for each, step in zip(self.folders, folders, strict=True):
            if form is ExportForm.ZIP:
                yield step
            yield from self._filling(each)
        yield FinishExport(lane=ACCOUNT_LANE, form=form, path=path)
        if form is ExportForm.ZIP:
            yield PublishZip(lane=ACCOUNT_LANE, form=form, path=path)
        for each, planned in zip(self.folders, self.head.mailboxes, strict=True):
            yield ProveExport(
                lane=each.place.place,
                form=form,
                path=path,
                folder=planned.target_path,
                keywords=each.keywords,
                has_exact_times=self.has_exact_times,
            )

    @property
    def _modified_at(self) -> int:
        return int(self.head.made_at.timestamp())

    def _making(self) -> Iterator[WriteFolder]:
        """Each directory is made by the first folder that needs it."""
        made: set[str] = set()
        for each in self.folders:
            directories = tuple(one for one in each.place.directories if one not in made)
            made.update(directories)
            yield WriteFolder(
                lane=ACCOUNT_LANE,
                form=self.form,
                path=self.path,
                mailbox=each.place.place,
                directories=directories,
                keywords=each.keywords,
                modified_at=self._modified_at,
            )

    def _filling(self, each: PlacedFolder) -> Iterator[WriteMessages]:
        for group in groups(planned_messages(each.destined)):
            yield WriteMessages(
                lane=each.place.place,
                form=self.form,
                path=self.path,
                messages=group,
                source=each.destined.chosen.place,
                keywords=each.keywords,
                modified_at=self._modified_at,
            )
