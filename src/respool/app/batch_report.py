"""What became of each account of a batch, and of the batch as a whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from respool.errors import JournalError, RespoolError
from respool.model.dataclasses import dataclass
from respool.runs.batches import Member
from respool.verification.report import Verdict

_STATUS: Final = {
    Verdict.NOTHING: 0,
    Verdict.PROVEN: 0,
    Verdict.INCOMPLETE: 3,
    Verdict.DIFFERS: 30,
}
_PARTLY: Final = 20
_UNDONE_IN_PART: Final = 21
_DIFFERS: Final = 30
_WAITING: Final = {
    "error": "waiting",
    "what": "it was never begun",
    "why": "the batch was stopped before",
    "hint": None,
    "exit_status": _PARTLY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberOutcome:
    """One account: its run and what that proved, or why there is none.

    ``receipt`` is the file that has the receipt as JSON. ``failure`` is there where it could
    not be planned, begun or ended, with ``status``, the exit status of that alone.
    ``is_untold``: its mail is whole, but its run has stopped before BlueMind was told all.
    """

    account: str
    run: int | None = None
    verdict: Verdict | None = None
    messages: int = 0
    size_bytes: int = 0
    receipt: Path | None = None
    failure: Mapping[str, Any] | None = None
    status: int = 0
    is_untold: bool = False

    def as_json(self) -> dict[str, Any]:
        """The shape in ``accounts`` of a batch's report."""
        return {
            "account": self.account,
            "run": self.run,
            "verdict": None if self.verdict is None else self.verdict.value,
            "messages": self.messages,
            "size_bytes": self.size_bytes,
            "receipt": None if self.receipt is None else json.loads(self.receipt.read_text()),
            "error": None if self.failure is None else dict(self.failure),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What became of every account of a batch, in order.

    ``batch`` is None where nobody had anything to do, and so nothing was begun.
    """

    batch: int | None
    accounts: tuple[MemberOutcome, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many accounts ended how: by verdict, or ``failed``."""
        return Counter(
            "failed" if each.verdict is None else each.verdict.value for each in self.accounts
        )

    @property
    def exit_status(self) -> int:
        """30 one differs; 20 one failed, or its own where nothing else was done; else 3 or 0."""
        statuses = {each.status for each in self.accounts}
        if _DIFFERS in statuses:
            return _DIFFERS
        failed = {each.status for each in self.accounts if each.verdict is None}
        if failed:
            is_all = all(each.verdict is None for each in self.accounts)
            return failed.pop() if is_all and len(failed) == 1 else _PARTLY
        return max(statuses, default=0)

    def as_json(self) -> dict[str, Any]:
        """The shape of ``restore --accounts --json``."""
        return {
            "batch": self.batch,
            "counts": dict(self.counts),
            "messages": sum(each.messages for each in self.accounts),
            "size_bytes": sum(each.size_bytes for each in self.accounts),
            "accounts": [each.as_json() for each in self.accounts],
        }


def outcome_of(
    account: str, run: int, file: Path, *, is_looked_at_again: bool = False
) -> MemberOutcome:
    """What the receipt of a run in ``file`` says of one account; or a later look at its mail.

    Raises:
        JournalError: there is no receipt, or none that can be read.
    """
    try:
        receipt = json.loads(file.read_text("utf-8"))
        verdict = Verdict(receipt["verdict"])
        untold = (receipt["finishing"] or {}).get("untold") is not None
        is_stopped = untold and not is_looked_at_again and verdict is not Verdict.DIFFERS
        is_left = bool((receipt["rehearsal"] or {}).get("kept"))
        return MemberOutcome(
            account=account,
            run=run,
            verdict=verdict,
            messages=receipt["messages"],
            size_bytes=receipt["size_bytes"],
            receipt=file,
            status=_UNDONE_IN_PART if is_left else _PARTLY if is_stopped else _STATUS[verdict],
            is_untold=untold,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise JournalError(f"{file} cannot be read", why=str(error)) from error


def idle(account: str) -> MemberOutcome:
    """An account with nothing to do, and so without a run."""
    return MemberOutcome(account=account, verdict=Verdict.NOTHING)


def without_run(member: Member) -> MemberOutcome:
    """One that never became a run: it failed, there was nothing to do, or it waits still."""
    if member.error is not None:
        status = int(member.error.get("exit_status", 1))
        return MemberOutcome(account=member.account, failure=member.error, status=status)
    if not member.is_waiting:
        return idle(member.account)
    return MemberOutcome(account=member.account, failure=_WAITING, status=_PARTLY)


def failure_of(account: str, error: Exception, run: int | None = None) -> MemberOutcome:
    """Why one account has no receipt."""
    status = error.exit_status if isinstance(error, RespoolError) else 1
    return MemberOutcome(account=account, run=run, failure=told(error), status=status)


def told(error: Exception) -> dict[str, Any]:
    """An error as JSON; one that nobody foresaw is a bug of ours."""
    if not isinstance(error, RespoolError):
        what = f"{type(error).__name__}: {error}"
        why = "this is a bug of respool, not of your data"
        return {"error": "internal", "what": what, "why": why, "hint": None, "exit_status": 1}
    return {
        "error": error.code,
        "what": error.what,
        "why": error.why,
        "hint": error.hint,
        "exit_status": error.exit_status,
    }
