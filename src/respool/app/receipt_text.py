"""A receipt as plain text, to be pasted into a ticket."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from respool.app.flag_text import flag_receipt_text
from respool.app.given_text import (
    annotation_lines,
    differing_annotations,
    differing_seen,
    differing_subscriptions,
    rights_lines,
    seen_lines,
    subscription_lines,
)
from respool.app.stub_text import stub_sentence
from respool.model.ages import age_text
from respool.model.one_line import written_out
from respool.planning.plan import PlanHead
from respool.system.durable import write_durably
from respool.verification.report import REFUSED, Receipt, Verdict

_MOST_LOST = 20


def keep_receipt(file: Path, receipt: Receipt) -> None:
    """Write ``receipt`` as ``file`` with the endings ``.txt`` and ``.json``."""
    text = json.dumps(receipt.as_json(), ensure_ascii=False, indent=2) + "\n"
    write_durably(file.with_suffix(".json"), text.encode("utf-8", "backslashreplace"))
    plain = receipt_text(receipt, file.parent)
    write_durably(file.with_suffix(".txt"), plain.encode("utf-8", "backslashreplace"))


def receipt_text(receipt: Receipt, directory: Path) -> str:
    """Everything that a person wants to keep: no colour, a line a folder, times in UTC."""
    head = receipt.head
    if head.request.state_only is not None:
        return flag_receipt_text(receipt, directory)
    account = head.request.account.address
    lines = [
        f"respool, run {receipt.run}: {verdict_text(receipt)}",
        f"account     {account}",
        f"from        generation {head.generation_label}, {_taken(head)}, {head.source}",
        f"to          {head.target}{_new_account(head)}, folder {head.into}",
        f"messages    {receipt.proven:,} of {receipt.restored:,} read back and equal",
        f"            in octets, flags, keywords, date and size; {head.size_bytes:,} bytes",
        *by_guid_lines(receipt),
        f"time        {receipt.seconds:.1f} s",
    ]
    if receipt.conflicts is not None:
        lines.append(f"in place    {receipt.conflicts.text()}")
    stubs = stub_sentence(head, is_done=True)
    if stubs is not None:
        lines.append(f"archived    {stubs}")
    if head.request.is_without_metadata:
        lines.append("metadata    none was used: no flags or keywords, dates of the files")
    lines += [
        f"quota       {each.resource} of {each.root} is RAISED from {each.former} to {each.limit}"
        for each in receipt.raised
    ]
    if head.request.note:
        lines.append(f"note        {head.request.note}")
    lines += [f"bluemind    {line}" for line in _told(receipt)]
    lines += [f"rights      {line}" for line in (*_narrower(head), *rights_lines(receipt))]
    lines += [f"read        {line}" for line in seen_lines(receipt.seen)]
    lines += [f"annotations {line}" for line in annotation_lines(receipt.annotations)]
    lines += [f"subscribed  {line}" for line in subscription_lines(receipt.subscriptions)]
    lines += ["", *folder_lines(receipt)]
    if receipt.losses:
        lines += ["", *lost_lines(receipt)]
    if receipt.verdict is Verdict.DIFFERS:
        lines += ["", *differing_lines(receipt)]
    left = receipt.left_to_do or ("nothing",)
    lines += ["", *(f"left for you: {each}" for each in left)]
    lines += rehearsal_lines(receipt)
    if receipt.head.request.remove_after_hours is not None:
        age = age_text(timedelta(hours=receipt.head.request.remove_after_hours))
        lines.append(f"taken back after {age}, where nobody touched it: respool undo --due")
    lines.append(f"again later: respool verify {receipt.run}")
    lines.append(f"kept in {directory}")
    return "\n".join(map(written_out, lines)) + "\n"


def verdict_text(receipt: Receipt) -> str:
    """The verdict, loud; a backup that lacks nothing is not called incomplete."""
    codes = {each.code for each in receipt.losses}
    if receipt.verdict is Verdict.INCOMPLETE and not receipt.lost and codes == {REFUSED}:
        return "PROVEN, THE SERVER REFUSED SOME"
    return receipt.verdict.value.upper()


def by_guid_lines(receipt: Receipt) -> list[str]:
    """Of how many the server said the same SHA-1 when it took them."""
    if not receipt.by_guid:
        return []
    return [f"{' ' * 12}of {receipt.by_guid:,} the server had told that SHA-1 when it took them"]


def rehearsal_lines(receipt: Receipt) -> list[str]:
    """What became of a rehearsal; nothing of another run."""
    if receipt.rehearsal is None:
        return []
    if not receipt.rehearsal.kept:
        return ["a rehearsal: all of it was taken back again, and nothing is left of it"]
    return [f"left of the rehearsal: {each}" for each in receipt.rehearsal.kept]


def folder_lines(receipt: Receipt) -> list[str]:
    """One line a folder: proven of restored, and its new place."""
    planned = receipt.head.mailboxes
    without = {each.target_path for each in planned if each.is_without_metadata}
    return [
        f"{each.proven:>9,} of {each.restored:,}  {each.source} -> {each.target}"
        + (f"  read by the {each.read_by}" if each.read_by == "administrator" else "")
        + (", without metadata" if each.target in without else "")
        for each in receipt.mailboxes
    ]


def lost_lines(receipt: Receipt) -> list[str]:
    """What the backup itself had lost, and what a server refused: never silently."""
    lines = []
    if receipt.lost or not receipt.refused:
        lines.append(f"lost already in the backup: {receipt.lost:,} messages")
    if receipt.refused:
        lines.append(f"refused by the server: {receipt.refused:,} messages")
    lines += [
        f"  {finding.subject}{'' if finding.uid is None else f' {finding.uid}'}:"
        f" {finding.code}, {finding.text}"
        for finding in receipt.losses[:_MOST_LOST]
    ]
    if len(receipt.losses) > _MOST_LOST:
        lines.append(f"  and {len(receipt.losses) - _MOST_LOST:,} more: receipt.json has all")
    return lines


def differing_lines(receipt: Receipt) -> list[str]:
    """What did not read back as planned."""
    return [
        "differs:",
        *(
            f"  {mailbox.target} uid {each['uid']}: {each['aspect']}"
            f" planned {each['planned']!r}, found {each['found']!r}"
            for mailbox in receipt.mailboxes
            for each in mailbox.differs[:_MOST_LOST]
        ),
        *differing_seen(receipt.seen),
        *differing_annotations(receipt.annotations),
        *differing_subscriptions(receipt.subscriptions),
    ]


def _new_account(head: PlanHead) -> str:
    return ", created by this run" if head.facts.get("account") == "gone" else ""


def untold_lines(receipt: Receipt) -> list[str]:
    """That only BlueMind failed, where the mail is proven."""
    if receipt.untold is None or receipt.verdict is Verdict.DIFFERS:
        return []
    return ["all mail is proven and in sight; BlueMind was not told of all of it"]


def _told(receipt: Receipt) -> list[str]:
    """What BlueMind was told of it, and how sure that is."""
    told = receipt.head.finishing
    if told is None:
        return []
    if told.version is None:
        return ["was not told of it: see what is left for you"]
    if receipt.untold is not None:
        said = untold_lines(receipt) or ["was not told of all of it"]
        return [f"{said[0]}: see what is left for you"]
    return [
        f"{told.version} was told: {', '.join(told.work)}",
        "(tried on a stand-in for its core, never on a real BlueMind)",
    ]


def _narrower(head: PlanHead) -> list[str]:
    return [
        f"{each.target_path} is not for {', '.join(each.narrower_for)}, as in the backup"
        for each in head.mailboxes
        if each.narrower_for
    ]


def _taken(head: PlanHead) -> str:
    if head.taken_at is None:
        return "undated"
    about = "about " if head.is_about else ""
    return f"{about}{head.taken_at:%Y-%m-%d %H:%M} UTC"
