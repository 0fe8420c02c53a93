"""How an error ends a command: its text or JSON on standard error, and its exit status."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

import sys
from typing import ClassVar

from respool.errors import RespoolError

NOTHING_CHANGED = "NOTHING WAS CHANGED"
BUG_TEXT = """error: internal   {changed}
  {kind}: {text}
  why:  this is a bug of respool, not of your data
  hint: run it again with RESPOOL_TRACE=1 and report what is printed"""


class OutputLost(RespoolError):
    """What a command had to say cannot be written; what it did is done."""

    code: ClassVar[str] = "output-lost"
    changed = "WHAT WAS DONE STAYS"

    @classmethod
    def by(cls, error: OSError) -> OutputLost:
        """The one that says why."""
        why = (error.strerror or str(error)).lower()
        hint = "`respool runs` shows what was added, if anything"
        return cls("not all of the result could be written", why=why, hint=hint)


def report(error: RespoolError, *, as_json: bool) -> int:
    """Print ``error`` and return its exit status."""
    from respool.cli.output import print_note

    if as_json:
        import json

        value = {
            "error": error.code,
            "what": error.what,
            "why": error.why,
            "reasons": list(error.reasons),
            "hint": error.hint,
            "changed": error.changed,
            "exit_status": error.exit_status,
        }
        sys.stderr.write(json.dumps(value) + "\n")
        return error.exit_status
    lines = [f"error: {error.code}   {error.changed or NOTHING_CHANGED}", f"  {error.what}"]
    lines += [f"  why:  {why}" for why in error.reasons or filter(None, (error.why,))]
    lines += [f"  hint: {error.hint}"] if error.hint else []
    print_note("\n".join(lines))
    return error.exit_status


def report_interrupt() -> int:
    """Before a run has begun; a run says itself what it added."""
    sys.stderr.write(f"interrupted   {NOTHING_CHANGED}\n")
    return 130


def report_unexpected(error: Exception) -> int:
    """What Typer raises knows how to show itself; anything else is a bug of ours."""
    import typer

    if isinstance(error, typer.Abort):
        return report_interrupt()
    show, status = getattr(error, "show", None), getattr(error, "exit_code", None)
    if callable(show) and isinstance(status, int):
        show()
        return status
    return _report_bug(error)


def _report_bug(error: Exception) -> int:
    """Say that this is a bug; with RESPOOL_TRACE also where."""
    import os
    import traceback

    from respool.cli.output import print_note

    if os.environ.get("RESPOOL_TRACE"):
        print_note(traceback.format_exc())
    notes = getattr(error, "__notes__", [])
    changed = notes[0] if notes else NOTHING_CHANGED
    print_note(BUG_TEXT.format(changed=changed, kind=type(error).__name__, text=error))
    return 1
