"""Taking a rehearsal back as soon as it is proven, and saying so in its receipt."""

from __future__ import annotations

from dataclasses import replace

from respool.app.receipt_text import keep_receipt
from respool.app.settings import Settings
from respool.app.undo import UndoConversation, undo
from respool.runs.runner import Stop
from respool.verification.report import NO_RUN, Receipt, Rehearsal


def end_rehearsal(settings: Settings, receipt: Receipt, stop: Stop) -> Receipt:
    """``receipt`` as it is, or, of a rehearsal, with what became of it once it was proven.

    Raises:
        StepFailed, Interrupted: it was not taken back, or partly; an undo goes on.
    """
    if receipt.run == NO_RUN or not receipt.head.request.is_rehearsal:
        return receipt
    conversation = UndoConversation(
        agree=lambda _run, _head: True, on_begin=lambda _run, _head: None, stop=stop
    )
    report = undo(settings, receipt.run, conversation)
    kept = (*(f"{each.mailbox}: {each.kept}" for each in report.kept), *report.others)
    ended = replace(receipt, rehearsal=Rehearsal(kept=kept))
    keep_receipt(settings.state / "runs" / str(receipt.run) / "receipt", ended)
    return ended
