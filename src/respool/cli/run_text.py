"""One run on the screen; and what is forgotten of old ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from respool.app.run_details import by_state
from respool.cli.output import shown_count, shown_time, zone_name
from respool.cli.restore_text import plan_text, raised_line
from respool.runs.states import RunState, StepState

if TYPE_CHECKING:
    from respool.app.prune import Pruned
    from respool.app.run_details import FolderProgress, RunDetails
    from respool.app.runs import RunSummary

_ENDED: Final = frozenset({StepState.DONE, StepState.UNDONE})
_BEGUN: Final = frozenset({StepState.STARTED, StepState.UNDOING})
_CUT_OFF: Final = "cut off"
_MOST: Final = 20


def run_screen(run: RunDetails) -> str:
    """What was planned, how it stands, each folder, the steps that are not done, what next."""
    head, row = run.summary.head, run.summary.row
    ended = "" if row.ended_at is None else f", ended {shown_time(row.ended_at)}"
    lines = [
        f"RUN {row.number}  {_standing(run)}",
        f"BEGUN {shown_time(row.started_at)}{ended} ({zone_name(row.started_at)})",
    ]
    if head is None:
        lines.append("Its plan is lost, or was written by another version of respool.")
    else:
        lines += [*plan_text(head).splitlines(), ""]
        lines += _folder_lines(run.folders)
    lines += ["", *_step_lines(run)]
    if run.changed is not None and run.state not in {RunState.DONE, RunState.UNDONE}:
        lines.append(run.changed)
    lines += [raised_line(each) for each in run.summary.raised]
    lines += _finding_lines(run)
    lines += [f"Next: {each}" for each in run.next_commands]
    lines.append(f"Kept in {run.directory}")
    return "\n".join(lines)


def prune_text(found: Pruned) -> str:
    """What goes, and what is kept though it is old, before it is asked."""
    lines = [f"Runs that ended before {shown_time(found.before)} ({zone_name(found.before)}):"]
    lines += [f"  forget {_run_line(each)}" for each in found.runs]
    lines += [f"  remove what is left of run {each}" for each in found.leftovers]
    lines += _kept_lines(found)
    lines.append("Their plans and receipts go; no mail does. They can no longer be undone.")
    return "\n".join(lines)


def prune_question(found: Pruned) -> str:
    """What is asked before anything is removed."""
    return f"Forget {_runs(len(found.runs) + len(found.leftovers))}?"


def prune_screen(report: Pruned) -> str:
    """What went."""
    if report.is_empty:
        when = shown_time(report.before)
        return "\n".join((f"nothing to forget of what ended before {when}", *_kept_lines(report)))
    gone = [str(each.row.number) for each in report.runs]
    gone += [f"what was left of {number}" for number in report.leftovers]
    return "\n".join((f"forgotten: {', '.join(gone)}", *_kept_lines(report)))


def _standing(run: RunDetails) -> str:
    state = run.state.value.upper()
    if run.is_at_work:
        return f"{state}: a process works on it now"
    if run.state.value == "running":
        return "CUT OFF: no process works on it any more"
    verdict = run.summary.verdict
    return state if verdict is None else f"{state}, {verdict.upper()}"


def _folder_lines(folders: Sequence[FolderProgress]) -> Iterator[str]:
    for each in folders:
        planned = each.planned
        name = f"{planned.source_path} -> " if planned.source_path is not None else "(new, empty) "
        lost = each.lost + planned.lost
        yield (
            f"{shown_count(each.copied):>9} of {shown_count(planned.messages)}"
            f"  {name}{planned.target_path}"
            + (f", {shown_count(lost)} lost in the backup" if lost else "")
            + f"  [{_counts(each.steps)}]"
        )


def _step_lines(run: RunDetails) -> Iterator[str]:
    counts = _counts(run.counts)
    if not run.is_at_work:
        counts = counts.replace(StepState.STARTED.value, _CUT_OFF)
    yield f"STEPS {counts}"
    open_ = [each for each in run.steps if each.row.state not in _ENDED]
    for each in open_[:_MOST]:
        row = each.row
        where = f"  {row.lane}" if row.lane else ""
        state = _CUT_OFF if each.row.state in _BEGUN and not run.is_at_work else row.state.value
        yield f"{row.number:>5}  {state:<8} {row.kind}{where}{_error(row.error)}"
    if not run.is_at_work and any(each.row.state in _BEGUN for each in open_):
        yield "       cut off: it was begun, and perhaps done; whatever goes on looks first"
    if len(open_) > _MOST:
        yield f"       and {len(open_) - _MOST:,} more: --json has all"


def _error(error: Mapping[str, Any] | None) -> str:
    if error is None:
        return ""
    said = [str(error[name]) for name in ("what", "why", "kept") if error.get(name)]
    return f": {': '.join(said)}" if said else ""


def _finding_lines(run: RunDetails) -> Iterator[str]:
    findings = () if run.summary.head is None else run.summary.head.findings
    for each in findings[:_MOST]:
        uid = "" if each.uid is None else f" {each.uid}"
        yield f"{each.severity}: {each.subject}{uid}: {each.code}, {each.text}"
    for folder in run.folders:
        copies = (
            step.receipt or {} for step in run.steps if step.row.lane == folder.planned.target_name
        )
        for uid, why in [pair for each in copies for pair in each.get("lost", {}).items()][:_MOST]:
            yield f"lost while it was copied: {folder.planned.source_path} {uid}: {why}"
    if len(findings) > _MOST:
        yield f"and {len(findings) - _MOST:,} more findings: receipt.txt has all"


def _counts(counts: Mapping[StepState, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in by_state(counts).items()) or "none"


def _run_line(run: RunSummary) -> str:
    head = run.head
    what = "" if head is None else f", {head.request.account.address}, {head.into}"
    return f"run {run.row.number}{what}, {run.standing}"


def _kept_lines(found: Pruned) -> list[str]:
    lines = [f"  keep run {each.number}: {each.why}" for each in found.kept]
    return [*lines, *(f"  keep batch {each.number}: {each.why}" for each in found.kept_batches)]


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"
