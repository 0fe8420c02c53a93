"""The screens of a batch: all accounts before the question, what became of each after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from respool.cli.output import Table, shown_count, shown_size, shown_time, table_text, zone_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from respool.app.batch_back import BatchUndo
    from respool.app.batch_plan import BatchPlan
    from respool.app.batch_report import BatchReport
    from respool.app.batch_standing import BatchStanding
    from respool.runs.batches import Batch

_NUMBERS: Final = frozenset({1, 2, 3})


def batch_plan_text(plan: BatchPlan) -> str:
    """A line an account, what cannot be done, and that nothing live is changed."""
    rows = [
        (
            each.account,
            shown_count(each.folders),
            shown_count(each.messages),
            shown_size(each.size_bytes),
            _place(each.account, each.target, each.into),
        )
        for each in plan.planned
    ]
    headings = ("ACCOUNT", "FOLDERS", "MSGS", "SIZE", "INTO")
    lines = [table_text(Table(headings=headings, rows=rows, right=_NUMBERS))]
    lines += [
        f"NOT   {each.account}: {_failure_text(each.failure.what, each.failure.why)}"
        for each in plan.failed
        if each.failure is not None
    ]
    changing = sum(each.is_changing_flags for each in plan.planned)
    if changing:
        lines.append(
            f"FLAGS OF LIVE MESSAGES CHANGE in {_accounts(changing)}: --details says which"
        )
    if plan.idle:
        lines.append(f"SKIP  {_accounts(len(plan.idle))} with nothing to do")
    lost = sum(each.lost for each in plan.members)
    if lost:
        lines.append(f"LOST ALREADY IN THE BACKUP: {shown_count(lost)} messages")
    lines.append(
        f"ADD   {shown_count(plan.messages)} messages, {shown_size(plan.size_bytes)},"
        f" to {_accounts(len(plan.planned))}, one after the other"
    )
    if plan.failed:
        lines.append(f"SKIP  {_accounts(len(plan.failed))}, as said above")
    return "\n".join(lines)


def batch_question(plan: BatchPlan) -> str:
    """What is asked before anything is changed."""
    accounts = _accounts(len(plan.planned))
    if any(each.is_changing_flags for each in plan.planned):
        added = (
            f"Add {shown_count(plan.messages)} messages, and change" if plan.messages else "Change"
        )
        return f"{added} flags of live messages, in {accounts}?"
    return f"Add {shown_count(plan.messages)} messages to {accounts}?"


def batch_screen(report: BatchReport) -> str:
    """What became of each account, and what to type next."""
    rows = [
        (
            each.account,
            "-" if each.run is None else str(each.run),
            shown_count(each.messages),
            shown_size(each.size_bytes),
            "FAILED" if each.verdict is None else each.verdict.value,
        )
        for each in report.accounts
    ]
    headings = ("ACCOUNT", "RUN", "MSGS", "SIZE", "VERDICT")
    lines = [table_text(Table(headings=headings, rows=rows, right=_NUMBERS))]
    lines += [_said(each.account, each.failure) for each in report.accounts if each.failure]
    counted = ", ".join(f"{count} {name}" for name, count in report.counts.items())
    if report.batch is None:
        return "\n".join([*lines, "NOTHING TO DO: nothing was changed, and there was no run"])
    lines.append(f"BATCH {report.batch}  {_accounts(len(report.accounts))}: {counted}")
    if report.counts.get("failed"):
        lines.append(f"  Try again what failed: respool resume batch:{report.batch}")
    untold = sum(each.is_untold for each in report.accounts)
    if untold:
        lines.append(
            f"  BlueMind was not told all of {_accounts(untold)}: respool resume"
            f" batch:{report.batch}"
        )
    lines.append(f"  Take away again: respool undo batch:{report.batch}")
    return "\n".join(lines)


def batch_undo_text(batch: Batch, *, is_forced: bool) -> str:
    """What an undo of a batch is about to do, before it asks."""
    left = (
        "Folders that the runs created go even where somebody touched them."
        if is_forced
        else "What somebody touched since is left."
    )
    begun = [f"{each.account} (run {each.run})" for each in batch.members if each.run is not None]
    waiting = sum(each.is_waiting for each in batch.members)
    lines = [f"UNDO of batch {batch.number}: {_accounts(len(begun))}", *(f"  {e}" for e in begun)]
    if waiting:
        lines.append(f"  {_accounts(waiting)} never begun will not be begun any more.")
    lines.append(f"  {left}")
    return "\n".join(lines)


def batch_undo_screen(undo: BatchUndo) -> str:
    """What went and what is left, account by account."""
    lines = []
    for each in undo.accounts:
        if each.failure is not None:
            said = f"NOT TAKEN BACK: {_failure_text(each.failure['what'], each.failure['why'])}"
        else:
            said = "as before" if each.is_as_before else "LEFT IN PART: respool runs show has it"
        lines.append(f"{each.account} (run {each.run}): {said}")
    state = "UNDONE" if undo.exit_status == 0 else "PARTLY UNDONE"
    return "\n".join([*lines, f"BATCH {undo.batch}  {state}"])


def batch_standing_text(batch: BatchStanding) -> str:
    """How each account of a batch stands, and what can be typed next."""
    rows = [
        (
            each.account,
            "-" if each.run is None else str(each.run),
            "-" if each.messages is None else shown_count(each.messages),
            each.state,
        )
        for each in batch.accounts
    ]
    headings = ("ACCOUNT", "RUN", "MSGS", "STATE")
    begun = f"{shown_time(batch.started_at)} ({zone_name(batch.started_at)})"
    return "\n".join(
        (
            f"BATCH {batch.batch}  begun {begun}",
            table_text(Table(headings=headings, rows=rows, right=frozenset({1, 2}))),
            *(_said(each.account, each.error) for each in batch.accounts if each.error),
            f"Go on: respool resume batch:{batch.batch}",
            f"Take away again: respool undo batch:{batch.batch}",
        )
    )


def _said(account: str, failure: Mapping[str, Any]) -> str:
    hint = failure.get("hint")
    said = _failure_text(str(failure.get("what")), failure.get("why"))
    return f"{account}: {said}" + (f"\n  hint: {hint}" if hint else "")


def _failure_text(what: str, why: str | None) -> str:
    return f"{what}: {why}" if why else what


def _place(account: str, target: str, into: str) -> str:
    is_own = target == account.rpartition("/")[2]
    return into if is_own else " ".join(filter(None, (target, into)))


def _accounts(count: int) -> str:
    return "1 account" if count == 1 else f"{shown_count(count)} accounts"
