"""The screens of a restore: the plan before the question, the receipt after it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from respool.cli.output import shown_count, shown_size, shown_time, zone_name

if TYPE_CHECKING:
    from pathlib import Path

    from respool.planning.plan import PlanHead
    from respool.verification.report import Receipt

_MESSAGES_A_SECOND = 1500  # slow on purpose: the bar soon knows better
_OCTETS_A_SECOND = 20 << 20
_OVERHEAD_SECONDS = 2
_SECONDS_A_FOLDER = 0.2


def plan_text(head: PlanHead, *, has_details: bool = False) -> str:
    """What a frightened person wants to know, in that order."""
    account = head.request.account.address
    folders = [each for each in head.mailboxes if each.source_path is not None]
    unseen = sum(each.unseen for each in folders)
    newest = ", the newest that has it" if head.is_older else ""
    search = ", search index" if _has_search(head) else ""
    added = f"{shown_count(head.messages)} messages, {shown_size(head.size_bytes)}"
    count = _folders(len(folders))
    lines = [
        f"FROM  generation {head.generation_label}, {_when(head)}{newest}; {count}",
        f"TO    {account}, new folder {_new_folder(head)}",
        f"ADD   {added}; {shown_count(unseen)} unread stay unread; flags and dates kept",
        f"SKIP  {_skipped(head)}",
        f"LIVE  nothing that exists is changed    QUOTA {_quota(head)}",
        f"THEN  sharing{_narrower(head)}, quota{search}; about {_estimate(head)} s",
    ]
    if has_details:
        lines += ["", *_details(head)]
    return "\n".join(lines)


def question(head: PlanHead) -> str:
    """What is asked before anything is changed."""
    count = shown_count(head.messages)
    return f"Add {count} messages to the mailbox of {head.request.account.address}?"


def receipt_screen(receipt: Receipt, file: Path) -> str:
    """The verdict, what the backup itself lacks, and what is left to do."""
    readers = {each.read_by for each in receipt.mailboxes if each.read_by is not None}
    by_owner = readers <= {"owner"}
    account = receipt.head.request.account
    who = account.address.partition("@")[0] if by_owner else "the administrator"
    changed = sum(each.changed_count for each in receipt.mailboxes)
    equal = ", equal to the backup" if receipt.verdict.value.startswith("proven") else ""
    but = " BUT FOR WHAT ITS OWNER CHANGED SINCE" if changed else ""
    counts = f"{shown_count(receipt.proven)} of {shown_count(receipt.restored)}"
    verdict = f"{receipt.verdict.value.upper()}{but}"
    lines = [f"RUN {receipt.run}  {verdict}: {counts} read back as {who}{equal}"]
    if changed:
        lines.append(f"  Changed by its owner since: {shown_count(changed)} things")
    lines += [f"  ITS OWNER CANNOT OPEN {name}" for name in receipt.closed]
    if receipt.lost:
        lines.append(
            f"  LOST ALREADY IN THE BACKUP: {shown_count(receipt.lost)} messages"
            f" -> {file} names them"
        )
    elif receipt.losses:
        lines.append(
            f"  DAMAGED IN THE BACKUP: {shown_count(len(receipt.losses))} things"
            f" -> {file} names them"
        )
    if receipt.verdict.value == "differs":
        wrong = sum(each.differs_count for each in receipt.mailboxes)
        lines.append(f"  DIFFERS in {shown_count(wrong)} things -> {file}")
    left = receipt.left_to_do or ("nothing",)
    lines += [f"  Left for you: {each}" for each in left]
    lines.append(f"  Look again any time: respool verify {receipt.run}")
    lines.append(f"  For the ticket: {file}")
    return "\n".join(lines)


def _when(head: PlanHead) -> str:
    if head.taken_at is None:
        return "undated"
    return f"{shown_time(head.taken_at, is_about=head.is_about)} {zone_name(head.taken_at)}"


def _folders(count: int) -> str:
    return "1 folder" if count == 1 else f"{count} folders"


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
    if deleted:
        said.append(f"{shown_count(deleted)} deleted by the user")
    if lost:
        said.append(f"{shown_count(lost)} missing or damaged in the backup (--details names them)")
    damaged = sum(each.severity == "loss" and each.uid is None for each in head.findings)
    if damaged:
        said.append(f"{shown_count(damaged)} other damages of the backup (--details)")
    without_record = sum(each.code == "message-file-without-record" for each in head.findings)
    if without_record:
        said.append(f"{shown_count(without_record)} files that no index knows (--details)")
    if head.skipped:
        said.append(f"{_folders(len(head.skipped))} deleted or of earlier restores")
    return "; ".join(said) or "nothing"


def _quota(head: PlanHead) -> str:
    for each in head.quota:
        if each.resource == "STORAGE" and each.limit is not None:
            used, after, limit = (
                shown_size(number * 1024) for number in (each.used, each.after, each.limit)
            )
            return f"{used} -> {after} of {limit}, mail flows"
    return "no limit"


def _has_search(head: PlanHead) -> bool:
    return head.facts.get("search", "none") != "none"


def _narrower(head: PlanHead) -> str:
    count = sum(1 for each in head.mailboxes if each.narrower_for and each.source_path)
    return f" ({_folders(count)} for fewer people than INBOX, as before)" if count else ""


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
    lines += [f"{name}: {value}" for name, value in head.facts.items()]
    return lines
