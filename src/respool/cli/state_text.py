"""The screens of a restore of flags alone: the plan, the question, the receipt, the undo."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from respool.app.flag_text import (
    changed_flags,
    clear_line,
    folder_details,
    left_flags,
    meant,
    reader_lines,
    same_line,
    set_line,
)
from respool.cli.output import shown_count, shown_time, zone_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from respool.planning.plan import PlanHead
    from respool.verification.report import Receipt

_MESSAGES_A_SECOND: Final = 2000
_SECONDS_A_FOLDER: Final = 0.2


def flags_plan_text(head: PlanHead, said_at_once: Sequence[str], *, has_details: bool) -> str:
    """What changes in both directions, before it is asked; ``said_at_once`` are codes."""
    folders = sum(each.messages > 0 for each in head.mailboxes)
    seconds = head.messages / _MESSAGES_A_SECOND + folders * _SECONDS_A_FOLDER
    notes = [
        *reader_lines(head),
        *(f"{each.subject}: {each.text}" for each in head.findings if each.code in said_at_once),
        *(f"{path} is left out: {why}" for path, why in _without_flags(head)),
    ]
    lines = [
        f"FROM  generation {head.generation_label}, {_when(head)}: {meant(head)}",
        f"TO    {head.request.target.address}, messages that are still there, in any folder",
        f"SET   {set_line(head)}",
        f"CLEAR {clear_line(head)}",
        f"SAME  {same_line(head)}",
        *(f"NOTE  {each}" for each in notes),
        f"LIVE  {_live(head)}",
        f"THEN  read back, each as who it is for; about {math.ceil(seconds + 1)} s",
    ]
    if has_details:
        lines += ["", *folder_details(head)]
        lines += [f"left out: {path}: {reason}" for path, reason in head.skipped.items()]
    return "\n".join(lines)


def flags_nothing_text(head: PlanHead) -> str:
    """Why there was no run."""
    return (
        f"NOTHING TO DO: {meant(head)}; {head.request.target.address} has them so\n"
        f"  SAME  {same_line(head)}\n"
        "  Nothing was changed, and there was no run"
    )


def conflict_notes(head: PlanHead) -> Iterator[str]:
    """What becomes of what is there already, besides mail that is added."""
    if head.merged:
        yield (
            f"FLAGS OF {shown_count(head.merged)} LIVE MESSAGES CHANGE, to newer ones of the"
            f" backup: set {set_line(head)}; cleared {clear_line(head)}"
        )
    if head.request.is_in_place and head.request.on_conflict == "copy":
        yield "what is there already is not looked for: it comes twice, as asked"


def flags_question(head: PlanHead) -> str:
    """What is asked before anything is changed."""
    count = shown_count(head.messages)
    return f"Change flags of {count} live messages of {head.request.target.address}?"


def flags_receipt_screen(receipt: Receipt, file: Path) -> str:
    """The verdict, what was left, and how each former flag comes back."""
    changed = receipt.changed_count
    but = " BUT FOR WHAT WAS CHANGED SINCE" if changed else ""
    lines = [
        (
            f"RUN {receipt.run}  {receipt.verdict.value.upper()}{but}:"
            f" flags of {changed_flags(receipt)} read back, as planned"
        )
    ]
    if changed:
        lines.append(f"  Changed since: flags of {shown_count(changed)} messages")
    lines += [f"  Left: {each}" for each in left_flags(receipt)]
    if receipt.differs_count:
        lines.append(f"  DIFFERS in {shown_count(receipt.differs_count)} things -> {file}")
    left = receipt.left_to_do or ("nothing",)
    lines += [f"  Left for you: {each}" for each in left]
    lines.append(f"  Look again any time: respool verify {receipt.run}")
    lines.append(f"  Each former flag again: respool undo {receipt.run}")
    lines.append(f"  For the ticket: {file}")
    return "\n".join(lines)


def flags_undo_text(run: int, head: PlanHead) -> str:
    """What an undo is about to do, before it asks."""
    return "\n".join(
        (
            (
                f"UNDO of run {run}: flags of {shown_count(head.messages)} live messages of"
                f" {head.request.target.address}"
            ),
            f"  on {head.target}",
            "  Each message gets its former flags, where it has what the run left.",
            "  Nothing else is touched.",
        )
    )


def _live(head: PlanHead) -> str:
    if not head.messages:
        return "nothing is to be changed"
    return "FLAGS OF LIVE MESSAGES CHANGE, nothing else; `respool undo` puts each back"


def _without_flags(head: PlanHead) -> list[tuple[str, str]]:
    return [(path, why) for path, why in head.skipped.items() if "flags" in why]


def _when(head: PlanHead) -> str:
    if head.taken_at is None:
        return "undated"
    return f"{shown_time(head.taken_at, is_about=head.is_about)} {zone_name(head.taken_at)}"
