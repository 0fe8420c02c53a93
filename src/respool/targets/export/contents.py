"""What an export holds by the journal of its run, in order, lazily."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from respool.exports.manifest_head import ExportForm, ManifestHead
from respool.exports.written import WrittenMessage, unpack
from respool.model.dataclasses import dataclass
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import RunRecord
from respool.targets.export.index_page import folder_numbers
from respool.targets.export.page_blocks import KeptBlocks, PageBlock, ShownFolder, block_of
from respool.targets.export.steps import WriteFolder, WriteMessages


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """One run's export; nothing of it is held."""

    record: RunRecord
    form: ExportForm
    kept: KeptBlocks = field(default_factory=KeptBlocks)

    def head(self) -> ManifestHead:
        """What its manifest says of it as a whole; its time is that of the plan."""
        plan = self.record.head()
        messages = octets = lost = 0
        for planned in plan.mailboxes:
            for kind, receipt in self.record.receipts_of_lane(planned.target_name):
                if kind == WriteMessages.kind:
                    messages += int(receipt["written"])
                    octets += int(receipt["octets"])
                    lost += len(receipt["lost"])
        return ManifestHead(
            software=f"respool {plan.software}",
            form=self.form,
            account=plan.request.account,
            generation=plan.generation_label,
            taken_at=plan.taken_at,
            made_at=plan.made_at,
            folders=tuple(each.target_path for each in plan.mailboxes),
            messages=messages,
            octets=octets,
            lost=lost,
            findings=tuple(each.as_json() for each in plan.findings if each.uid is None),
        )

    def folders(self) -> Iterator[tuple[PlannedMailbox, int, WriteFolder]]:
        """Each folder, with the number of the step that made it, and that step."""
        steps = {
            step.mailbox: (number, step)
            for number, step in self.record.steps_of_lane(ACCOUNT_LANE)
            if isinstance(step, WriteFolder)
        }
        for planned in self.record.head().mailboxes:
            yield planned, *steps[planned.target_name]

    def groups(
        self, planned: PlannedMailbox
    ) -> Iterator[tuple[WriteMessages, Mapping[str, Any], tuple[WrittenMessage, ...]]]:
        """Each group of a folder that was written: its step, its receipt, and what was."""
        for number, step in self.record.steps_of_lane(planned.target_name):
            if isinstance(step, WriteMessages):
                receipt = self.record.receipt(number) or {}
                yield step, receipt, unpack(receipt["entries"])

    def blocks(self) -> Iterator[PageBlock]:
        """What the pages say of each group; of those that are not kept, by the journal."""
        shown = shown_folders(self.record.head())
        for planned in self.record.head().mailboxes:
            lane = planned.target_name
            yield from self.kept.all_of(lane, planned.messages) or self._blocks(
                planned, shown[lane]
            )

    def _blocks(self, planned: PlannedMailbox, shown: ShownFolder) -> Iterator[PageBlock]:
        for number, step in self.record.steps_of_lane(planned.target_name):
            if not isinstance(step, WriteMessages):
                continue
            kept = self.kept.of(step)
            if kept is None:
                receipt = self.record.receipt(number) or {}
                kept = block_of(shown, step, receipt["lost"], unpack(receipt["entries"]))
            yield kept


def shown_folders(plan: PlanHead) -> dict[str, ShownFolder]:
    """How the pages name each folder of a plan, by its lane."""
    findings = _findings_of_messages(plan)
    numbers = folder_numbers([each.target_path for each in plan.mailboxes])
    return {
        each.target_name: ShownFolder(
            path=each.target_path,
            number=numbers[each.target_path],
            findings=findings.get(each.source_path or "", {}),
        )
        for each in plan.mailboxes
    }


def _findings_of_messages(
    plan: PlanHead,
) -> Mapping[str, Mapping[int, Sequence[Mapping[str, Any]]]]:
    """Those about one message, by its folder in the backup and its UID."""
    found: dict[str, dict[int, list[Mapping[str, Any]]]] = defaultdict(dict)
    for finding in plan.findings:
        if finding.uid is not None:
            of_folder = found[finding.subject]
            of_folder.setdefault(finding.uid, []).append(finding.as_json())
    return found
