"""What an export holds by the journal of its run, in order, lazily."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from respool.exports.manifest_entry import ManifestEntry
from respool.exports.manifest_head import ExportForm, ManifestHead
from respool.exports.written import WrittenMessage, unpack
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.step import ACCOUNT_LANE, PlannedMessage
from respool.runs.actor import RunRecord
from respool.targets.export.steps import WriteFolder, WriteMessages


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """One run's export; nothing of it is held."""

    record: RunRecord
    form: ExportForm

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

    def written(self) -> Iterator[tuple[ManifestEntry, WrittenMessage | None]]:
        """Each message of the plan, as the manifest has it, and what a page shows of it.

        None for one that was lost.
        """
        plan = self.record.head()
        findings = _findings_of_messages(plan)
        for planned in plan.mailboxes:
            for step, receipt, written in self.groups(planned):
                by_uid = {each.uid: each for each in written}
                for message in step.messages:
                    one = by_uid.get(message.uid)
                    key = (planned.source_path or "", message.uid)
                    why = receipt["lost"].get(str(message.uid))
                    yield _entry(planned, message, one, why, tuple(findings.get(key, ()))), one


def _entry(
    planned: PlannedMailbox,
    message: PlannedMessage,
    one: WrittenMessage | None,
    lost: str | None,
    findings: tuple[Mapping[str, Any], ...],
) -> ManifestEntry:
    is_in_mbox = one is not None and planned.target_name == one.file
    return ManifestEntry(
        folder=planned.target_path,
        uid=message.uid,
        guid=message.guid if one is None else one.guid,
        sha256=None if one is None else one.sha256,
        size_bytes=message.size_bytes,
        flags=message.flags,
        internaldate=message.internaldate,
        file=None if one is None else one.file,
        offset=one.offset if one is not None and is_in_mbox else None,
        length=one.length if one is not None and is_in_mbox else None,
        lost=lost,
        findings=findings,
    )


def _findings_of_messages(plan: PlanHead) -> Mapping[tuple[str, int], list[Mapping[str, Any]]]:
    """Those about one message, by its folder in the backup and its UID."""
    found: dict[tuple[str, int], list[Mapping[str, Any]]] = defaultdict(list)
    for finding in plan.findings:
        if finding.uid is not None:
            found[finding.subject, finding.uid].append(finding.as_json())
    return found
