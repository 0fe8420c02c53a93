"""The screens of a restore: the plan before the question, the receipt after it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from respool.app.receipt_text import rehearsal_lines, untold_lines, verdict_text
from respool.app.stub_text import stub_sentence
from respool.cli.finishing_text import finishing_details, finishing_lines
from respool.cli.given_text import given_details, given_notes, given_screen
from respool.cli.output import shown_count, shown_size, shown_time, visible, zone_name
from respool.cli.state_text import (
    conflict_notes,
    flags_nothing_text,
    flags_plan_text,
    flags_receipt_screen,
)
from respool.cli.target_text import folders_text, live_line, read_back_text, target_line, then_line
from respool.model.ages import age_text
from respool.model.condition_text import conditions_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from respool.planning.plan import PlanHead
    from respool.verification.report import RaisedLimit, Receipt

_MESSAGES_A_SECOND = 1500  # slow on purpose: the bar soon knows better
_OCTETS_A_SECOND = 20 << 20
_OVERHEAD_SECONDS = 2
_SECONDS_A_FOLDER = 0.2
_SAID_AT_ONCE = frozenset(
    {
        "account-made-anew",
        "backup-changing",
        "backup-running",
        "bluemind-not-asked",
        "clock-doubtful",
        "dates-of-a-copy",
        "identity-not-compared",
        "messages-not-searched",
        "other-person-said",
        "rights-unknown",
        "same-person-said",
        "server-at-work",
        "server-not-running",
    }
)


def nothing_text(head: PlanHead) -> str:
    """Why there was no run."""
    if head.request.state_only is not None:
        return flags_nothing_text(head)
    count, account = shown_count(head.still_there), head.request.target.address
    what = f"all {count} messages of generation {head.generation_label}"
    return (
        f"NOTHING TO DO: {account} has {what}\n"
        f"  SKIP  {_skipped(head)}\n"
        "  Nothing was changed, and there was no run"
    )


def plan_text(head: PlanHead, *, has_details: bool = False) -> str:
    """What a frightened person wants to know, in that order."""
    if head.request.state_only is not None:
        return flags_plan_text(head, tuple(_SAID_AT_ONCE), has_details=has_details)
    folders = [each for each in head.mailboxes if each.source_path is not None]
    newest = ", the newest that has it" if head.is_older else ""
    added = f"{shown_count(head.messages)} messages, {shown_size(head.size_bytes)}"
    count = folders_text(len(folders))
    whose = head.request.account.address
    of = f" of {whose}" if head.request.account != head.request.target else ""
    lines = [
        f"FROM  generation {head.generation_label}{of}, {_when(head)}{newest}; {count}",
        *_picked(head),
        f"TO    {target_line(head, _new_folder(head))}",
        f"ADD   {added}; {_state_kept(head)}",
        *(
            f"NOTE  {each}"
            for each in (stub_sentence(head), _live_has(head), *_notes(head))
            if each
        ),
        f"SKIP  {_skipped(head)}",
        f"LIVE  {live_line(head)}{_quota_part(head)}",
        f"THEN  {then_line(head, _narrower(head))}; about {_estimate(head)} s{_end(head)}",
        *finishing_lines(head),
    ]
    if has_details:
        lines += ["", *_details(head)]
    return "\n".join(lines)


def _picked(head: PlanHead) -> Iterator[str]:
    """Which messages, where not all are taken."""
    request = head.request
    if not request.is_selective:
        return
    count = sum(each.count for each in request.picked.values())
    of = f"of {shown_count(head.looked_at)} messages {shown_count(count)}"
    if request.conditions.is_empty:
        yield f"PICK  {of}, chosen one by one"
    else:
        verb = "matches" if count == 1 else "match"
        yield f"PICK  {of} {verb}: {visible(conditions_text(request.conditions))}"


def _end(head: PlanHead) -> str:
    if head.request.is_rehearsal:
        return "; then all of it is taken back"
    hours = head.request.remove_after_hours
    if hours is None:
        return ""
    return f"; taken back {age_text(timedelta(hours=hours))} later by undo --due"


def raised_line(raised: RaisedLimit) -> str:
    """A limit that is still raised, and when it goes back."""
    former, limit = (
        shown_size(number * 1024) if raised.resource == "STORAGE" else shown_count(number)
        for number in (raised.former, raised.limit)
    )
    return (
        f"QUOTA RAISED: {raised.resource} of {raised.root} is {limit}, was {former};"
        " `respool verify` of the run puts it back once what is used fits below"
    )


def _state_kept(head: PlanHead) -> str:
    filled = [each for each in head.mailboxes if each.messages]
    if filled and all(each.is_without_metadata for each in filled):
        return "all unread, dated by their files: WITHOUT METADATA"
    if not all(each.is_seen_kept for each in filled):
        readers = "but for those who had read it" if any(e.seen_by for e in filled) else "for all"
        return f"unread {readers}; other flags and dates kept"
    unseen = sum(each.unseen for each in filled)
    return f"{shown_count(unseen)} unread stay unread; flags and dates kept"


def _live_has(head: PlanHead) -> str:
    """What is there already; a plan of what is missing says that otherwise."""
    if head.live_has is None or not head.messages or head.request.is_only_missing:
        return ""
    return f"{shown_count(head.live_has)} of these are still there, in live mail"


def _notes(head: PlanHead) -> Iterator[str]:
    """What makes this restore unlike others, each with its count."""
    filled = [each for each in head.mailboxes if each.messages]
    without = [each for each in filled if each.is_without_metadata]
    if without and len(without) < len(filled):
        which = folders_text(len(without))
        yield f"{which} partly or wholly WITHOUT METADATA (--details says which)"
    if without and head.request.is_without_metadata:
        yield "no flags or keywords; mail that was deleted may come back where no index tells"
    yield from conflict_notes(head)
    yield from given_notes(head)
    count = sum(each.brought_back for each in head.mailboxes)
    if head.request.has_expunged and (count or not head.request.picked):
        yield f"{shown_count(count)} messages that were deleted come back, as asked"
    if head.kept:
        yield (
            f"{shown_count(head.kept)} of these the server itself still keeps{_until(head)}:"
            " they are taken from there"
        )
    if _shares_seen_anew(head):
        yield "its readers will share what they have read, as they did in the backup"
    archived = sum(each.archived for each in head.mailboxes)
    if archived:
        yield f"{shown_count(archived)} messages go to the archive partition, as they were"
    for each in head.quota:
        if each.raised_to is not None:
            former, limit = (
                _limit(each.resource, each.limit),
                _limit(each.resource, each.raised_to),
            )
            yield f"the {each.resource} limit of {each.root} is raised from {former} to {limit}"
    yield from (
        f"{each.subject}: {each.text}" for each in head.findings if each.code in _SAID_AT_ONCE
    )
    leftovers = sum(each.code.startswith("leftover-") for each in head.findings)
    if leftovers:
        yield f"{leftovers} leftovers of a failed manual restore are there (--details, doctor)"


def _until(head: PlanHead) -> str:
    """For how long, where its configuration says."""
    told = [each.kept_until for each in head.mailboxes if each.kept_until is not None]
    if not told:
        return ""
    until = datetime.fromtimestamp(min(told), UTC)
    if until <= head.made_at:
        return ", and may remove them any time"
    return f" (until {shown_time(until)} {zone_name(until)})"


def _shares_seen_anew(head: PlanHead) -> bool:
    filled = [each for each in head.mailboxes if each.messages and not each.is_new]
    return head.facts.get("seen") == "by reader" and any(each.is_seen_shared for each in filled)


def _limit(resource: str, number: int | None) -> str:
    if number is None:
        return "none"
    return shown_size(number * 1024) if resource == "STORAGE" else shown_count(number)


def receipt_screen(receipt: Receipt, file: Path) -> str:
    """The verdict, what the backup itself lacks, and what is left to do."""
    if not receipt.run:  # there was nothing to do
        return nothing_text(receipt.head)
    if receipt.head.request.state_only is not None:
        return flags_receipt_screen(receipt, file)
    changed = receipt.changed_count
    equal = ", equal to the backup" if receipt.verdict.value.startswith("proven") else ""
    who_changed = "owner and readers" if receipt.seen.changed_since else "owner"
    but = f" BUT FOR WHAT ITS {who_changed.upper()} CHANGED SINCE" if changed else ""
    counts = f"{shown_count(receipt.proven)} of {shown_count(receipt.restored)}"
    verdict = f"{verdict_text(receipt)}{but}"
    lines = [f"RUN {receipt.run}  {verdict}: {counts} read back {read_back_text(receipt)}{equal}"]
    if changed:
        lines.append(f"  Changed by its {who_changed} since: {shown_count(changed)} things")
    lines += [f"  {each.upper()}" for each in untold_lines(receipt)]
    lines += [f"  ITS OWNER CANNOT OPEN {name}" for name in receipt.closed]
    if receipt.refused:
        lines.append(
            f"  REFUSED BY THE SERVER: {shown_count(receipt.refused)} messages"
            f" -> {file} names them"
        )
    if receipt.lost:
        lines.append(
            f"  LOST ALREADY IN THE BACKUP: {shown_count(receipt.lost)} messages"
            f" -> {file} names them"
        )
    elif receipt.losses and not receipt.refused:
        lines.append(
            f"  DAMAGED IN THE BACKUP: {shown_count(len(receipt.losses))} things"
            f" -> {file} names them"
        )
    if receipt.conflicts is not None:
        lines.append(f"  In place: {receipt.conflicts.text()}")
    if receipt.verdict.value == "differs":
        wrong = receipt.differs_count
        lines.append(f"  DIFFERS in {shown_count(wrong)} things -> {file}")
    lines += [*given_screen(receipt), *(f"  {raised_line(each)}" for each in receipt.raised)]
    left = receipt.left_to_do or ("nothing",)
    lines += [f"  Left for you: {each}" for each in left]
    lines += [f"  {line.upper()}" for line in rehearsal_lines(receipt)]
    if receipt.rehearsal is None:
        lines.append(f"  Look again any time: respool verify {receipt.run}")
        lines.append(f"  Take away again: respool undo {receipt.run}{_by_itself(receipt.head)}")
    lines.append(f"  For the ticket: {file}")
    return "\n".join(lines)


def _by_itself(head: PlanHead) -> str:
    """When a timer does it."""
    hours = head.request.remove_after_hours
    if hours is None:
        return ""
    return f" (by itself after {age_text(timedelta(hours=hours))}, where nobody touched it)"


def _when(head: PlanHead) -> str:
    if head.taken_at is None:
        return "undated"
    return f"{shown_time(head.taken_at, is_about=head.is_about)} {zone_name(head.taken_at)}"


def _new_folder(head: PlanHead) -> str:
    paths = [each.target_path for each in head.mailboxes if each.source_path is not None]
    return paths[0] if len(paths) == 1 else _common(paths) or head.into


def _common(paths: list[str]) -> str:
    split = [path.split("/") for path in paths]
    shared = []
    for parts in zip(*split, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "/".join(shared)


def _skipped(head: PlanHead) -> str:
    deleted = sum(each.left_out for each in head.mailboxes)
    lost = sum(each.lost for each in head.mailboxes)
    said = []
    if head.still_there:
        said.append(f"{shown_count(head.still_there)} of these are still there")
    if deleted:
        said.append(f"{shown_count(deleted)} deleted by the user")
    if lost:
        said.append(f"{shown_count(lost)} missing or damaged in the backup (--details names them)")
    damaged = sum(
        each.count if "-record-" in each.code else 1
        for each in head.findings
        if each.severity == "loss" and each.uid is None
    )
    if damaged:
        said.append(f"{shown_count(damaged)} other damages of the backup (--details)")
    without_record = sum(
        each.count for each in head.findings if each.code == "message-file-without-record"
    )
    if without_record:
        said.append(f"{shown_count(without_record)} files that no index knows (--details)")
    if head.skipped:
        said.append(f"{folders_text(len(head.skipped))} deleted or of earlier restores")
    return "; ".join(said) or "nothing"


def _quota_part(head: PlanHead) -> str:
    return "" if head.target_kind == "export" else f"    QUOTA {_quota(head)}"


def _quota(head: PlanHead) -> str:
    limited = [each for each in head.quota if each.limit is not None]
    if not limited:
        return "no limit"
    full = [each for each in limited if each.is_full]
    flows = f"{full[0].resource} IS FULL" if full else "mail flows"
    for each in limited:
        if each.resource == "STORAGE":
            used, after = shown_size(each.used * 1024), shown_size(each.after * 1024)
            raised = " (raised)" if each.raised_to is not None else ""
            limit = _limit(each.resource, each.raised_to or each.limit)
            return f"{used} -> {after} of {limit}{raised}, {flows}"
    return flows


def _narrower(head: PlanHead) -> str:
    count = sum(1 for each in head.mailboxes if each.narrower_for and each.source_path)
    return f" ({folders_text(count)} for fewer people than INBOX, as before)" if count else ""


def _estimate(head: PlanHead) -> int:
    seconds = max(head.messages / _MESSAGES_A_SECOND, head.size_bytes / _OCTETS_A_SECOND)
    return math.ceil(_OVERHEAD_SECONDS + seconds + len(head.mailboxes) * _SECONDS_A_FOLDER)


def _details(head: PlanHead) -> list[str]:
    lines = [
        f"{shown_count(each.messages):>9}  {shown_size(each.size_bytes):>7}  "
        + (
            f"{each.source_path} -> {each.target_path}"
            if each.source_path is not None
            else f"(new, empty) {each.target_path}"
        )
        + (", without metadata" if each.is_without_metadata else "")
        for each in head.mailboxes
    ]
    lines += [
        f"not for {', '.join(each.narrower_for)}: {each.target_path}, as in the backup"
        for each in head.mailboxes
        if each.narrower_for
    ]
    lines += [f"left out: {path}: {reason}" for path, reason in head.skipped.items()]
    lines += [
        f"{each.severity}: {each.subject}"
        f"{'' if each.uid is None else f' {each.uid}'}: {each.code}, {each.text}"
        for each in head.findings
    ]
    lines += given_details(head)
    lines += finishing_details(head)
    lines += [f"{name}: {value}" for name, value in head.facts.items()]
    return lines
