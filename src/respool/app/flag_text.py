"""A restore of flags alone in words: what changed, what was left, and the receipt as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from respool.model.one_line import written_out
from respool.planning.plan import PlanHead

if TYPE_CHECKING:
    from respool.planning.flag_step import PlannedFlags
    from respool.verification.report import Receipt

_MOST_DIFFERING: Final = 20
_MOST_READERS: Final = 3
_SET, _CLEARED = 0, 1


def set_line(head: PlanHead) -> str:
    r"""What messages get: ``412 messages: \Flagged 12, \Seen 400``."""
    return _direction(head, _SET)


def clear_line(head: PlanHead) -> str:
    """What messages lose, or why none does."""
    wish = head.request.state_only
    if wish is None or wish.clears:  # None: the flags of what is there besides the mail
        return _direction(head, _CLEARED)
    stay = sum(each.only_live for each in _flags(head))
    if not stay:
        return "nothing"
    return f"nothing; {stay:,} keep flags that they had not in the backup (--exact clears them)"


def same_line(head: PlanHead) -> str:
    """What needs nothing, and what cannot get it."""
    every = tuple(_flags(head))
    said = [f"{sum(each.already for each in every):,} are so already"]
    gone = sum(each.gone for each in every)
    if gone:
        said.append(f"{gone:,} are not there any more")
    elsewhere = sum(each.elsewhere for each in every)
    if elsewhere:
        said.append(f"{elsewhere:,} of those above are in another folder now")
    return "; ".join(said)


def reader_lines(head: PlanHead) -> Iterator[str]:
    """Marks of readers, whose they are each, and who is left out."""
    marks = Counter[str]()
    readers = set[str]()
    left: dict[str, set[str]] = {}
    for each in _flags(head):
        for reader, (added, cleared) in each.by_reader.items():
            readers.add(reader)
            marks["set"] += added
            marks["cleared"] += cleared
        for reader, why in each.readers_left.items():
            left.setdefault(why, set()).add(reader)
    if readers:
        counts = f"{marks['set']:,} set and {marks['cleared']:,} cleared"
        yield f"marks of what was read: {counts}, of {_readers(readers)}, each as himself"
    for why, those in sorted(left.items()):
        yield f"marks of {_readers(those)} stay as they are: {why}"


def folder_details(head: PlanHead) -> Iterator[str]:
    """A line a folder."""
    for each in head.mailboxes:
        if each.flags is not None:
            counts = each.flags
            yield (
                f"{counts.to_set:>9,} set {counts.to_clear:>9,} cleared"
                f" {counts.already:>9,} so already {counts.gone:>6,} gone  {each.target_path}"
            )


def changed_flags(receipt: Receipt) -> str:
    """How many flags read back as they are to be."""
    what = "message" if receipt.restored == 1 else "messages"
    return f"{receipt.proven:,} of {receipt.restored:,} {what}"


def left_flags(receipt: Receipt) -> Iterator[str]:
    """Messages whose flags stayed as they were, with the reason."""
    reasons = Counter[str]()
    for each in receipt.mailboxes:
        reasons.update(each.left)
    for why, count in sorted(reasons.items()):
        yield f"{count:,} planned were left as they are: {why}"


def flag_receipt_text(receipt: Receipt, directory: Path) -> str:
    """The receipt of such a run: no colour, a line a folder, times in UTC."""
    head = receipt.head
    lines = [
        f"respool, run {receipt.run}: {receipt.verdict.value.upper()}",
        f"account     {head.request.account.address}",
        f"from        generation {head.generation_label}, {_taken(head)}, {head.source}",
        f"to          {head.target}: flags of live messages, nothing else",
        f"flags       {meant(head)}",
        f"set         {set_line(head)}",
        f"cleared     {clear_line(head)}",
        f"same        {same_line(head)}",
        f"proven      flags of {changed_flags(receipt)} read back as they are to be",
        f"time        {receipt.seconds:.1f} s",
    ]
    if head.request.note:
        lines.append(f"note        {head.request.note}")
    lines += [f"read        {line}" for line in reader_lines(head)]
    lines += ["", *folder_details(head)]
    lines += ["", *left_flags(receipt)] if any(left_flags(receipt)) else []
    if receipt.differs_count:
        lines += ["", "differs:", *_differing(receipt)]
    left = receipt.left_to_do or ("nothing",)
    lines += ["", *(f"left for you: {each}" for each in left)]
    lines.append(f"again later: respool verify {receipt.run}")
    lines.append(f"each former flag again: respool undo {receipt.run}")
    lines.append(f"kept in {directory}")
    return "\n".join(map(written_out, lines)) + "\n"


def meant(head: PlanHead) -> str:
    """Which flags were meant, and how."""
    wish = head.request.state_only
    if wish is None:
        return ""
    if wish.until is not None:
        return f"{wish.text()}: what changed until generation {wish.until} is put back"
    return f"{wish.text()}{', exactly as in the backup' if wish.is_exact else ''}"


def _direction(head: PlanHead, at: int) -> str:
    every = tuple(_flags(head))
    count = sum((each.to_set, each.to_clear)[at] for each in every)
    by_flag = Counter[str]()
    for each in every:
        by_flag.update({flag: counts[at] for flag, counts in each.by_flag.items() if counts[at]})
    if not count:
        return "nothing"
    flags = ", ".join(f"{flag} {number:,}" for flag, number in sorted(by_flag.items()))
    return f"{count:,} message{'' if count == 1 else 's'}: {flags}"


def _flags(head: PlanHead) -> Iterator[PlannedFlags]:
    return (each.flags for each in head.mailboxes if each.flags is not None)


def _differing(receipt: Receipt) -> Iterator[str]:
    for mailbox in receipt.mailboxes:
        for each in mailbox.differs[:_MOST_DIFFERING]:
            yield (
                f"  {mailbox.target} uid {each['uid']}: {each['aspect']}"
                f" planned {each['planned']!r}, found {each['found']!r}"
            )


def _readers(logins: set[str]) -> str:
    if len(logins) <= _MOST_READERS:
        return ", ".join(sorted(logins))
    return f"{len(logins):,} readers"


def _taken(head: PlanHead) -> str:
    if head.taken_at is None:
        return "undated"
    return f"{'about ' if head.is_about else ''}{head.taken_at:%Y-%m-%d %H:%M} UTC"
