"""Undoing and resuming runs in tests, by the use cases."""

from __future__ import annotations

from pathlib import Path

from respool.app.resume import resume
from respool.app.settings import Settings
from respool.app.undo import UndoConversation, UndoReport, undo
from respool.verification.report import Receipt
from tests.support.restoring import agreeing


def undone(settings: Settings, run: int = 1, *, is_forced: bool = False) -> UndoReport:
    """The report of an undo that was agreed to."""
    conversation = UndoConversation(
        agree=lambda _run, _head: True, on_begin=lambda _run, _head: None
    )
    return undo(settings, run, conversation, is_forced=is_forced)


def resumed(settings: Settings, run: int = 1) -> Receipt:
    """The receipt of a run that was gone on with."""
    return resume(settings, run, agreeing())


def undo_file(settings: Settings, run: int = 1) -> Path:
    """Where the report of an undo is kept."""
    return settings.state / "runs" / str(run) / "undo.json"
