"""Raising the limit that BlueMind's directory has, and putting it back: Cyrus's comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from respool.bluemind import api_answers, api_requests
from respool.errors import BluemindFault, StepFailed
from respool.finishing.asking import Asking
from respool.finishing.steps import RaiseDirectoryQuota, SettleDirectoryQuota
from respool.runs.actor import Note, Undoing

QuotaStep: TypeAlias = RaiseDirectoryQuota | SettleDirectoryQuota
SETTLED = "settled"
YES, NO, BY_OTHERS = "yes", "no", "by others"


def limit_now(asking: Asking, step: QuotaStep) -> int | None:
    """What the directory has, in KiB; None for no limit, or an entry that is gone."""
    value = _value(asking, step)
    return None if value is None else value.get("quota")


def raise_limit(asking: Asking, step: RaiseDirectoryQuota, before: Note) -> Note:
    """Set the higher limit; twice is the same as once. What somebody set since then stays.

    Raises:
        StepFailed: the limit is not the one that the plan saw, or BlueMind does not allow it.
    """
    if before["quota"] not in {step.former, step.limit}:
        raise StepFailed(
            f"the quota of {step.entry} in BlueMind's directory is not as it was",
            why=f"planned {step.former} KiB, found {before['quota']}",
            hint="make a new plan",
            can_be_tried_again=False,
        )
    note: Note = {"former": step.former, "limit": step.limit}
    value = _value(asking, step)
    if value is None:
        raise _gone(step)
    if value.get("quota") not in {step.former, step.limit}:
        return {**note, SETTLED: BY_OTHERS}
    try:
        _save(asking, step, step.limit)
    except BluemindFault as error:
        raise StepFailed(
            f"BlueMind does not raise the quota of {step.entry} to {step.limit} KiB",
            why=error.why,
            hint="its domain may have a lower maximum (admin console: the domain > Mail); once"
            " that allows it, go on; or take the run back, and make room",
        ) from error
    return note


def settle_limit(asking: Asking, step: QuotaStep) -> Note:
    """Put the former limit back if what is used fits below it, and nobody set another since."""
    now = limit_now(asking, step)
    if now != step.limit:
        return {SETTLED: BY_OTHERS if now != step.former else YES}
    used, _ = api_answers.quota_of(asking.ask(api_requests.mailbox_quota(step.domain, step.entry)))
    if used >= step.former:
        return {SETTLED: NO, "used": used}
    _save(asking, step, step.former)
    return {SETTLED: YES}


def lower_again(asking: Asking, step: RaiseDirectoryQuota, undoing: Undoing) -> str | None:
    """Put the former limit back if what is left fits below it; another's limit stays.

    Put back whatever is used, nobody could write to the mailbox any more.
    """
    now = limit_now(asking, step)
    if undoing.before.get("quota") != step.former or now != step.limit:
        return None
    if settle_limit(asking, step)[SETTLED] != NO:
        return None
    return (
        f"the limit in BlueMind's directory stays at {step.limit} KiB: what is used does not fit"
        f" below {step.former} KiB any more"
    )


def _value(asking: Asking, step: QuotaStep) -> Mapping[str, Any] | None:
    read = api_requests.mailshare if step.is_mailshare else api_requests.user
    answer = asking.ask(read(step.domain, step.entry))
    value = answer.get("value") if isinstance(answer, dict) else None
    return value if isinstance(value, dict) else None


def _save(asking: Asking, step: QuotaStep, limit: int) -> None:
    """The whole value as it is read, but for the limit: what is left out would be gone."""
    value = _value(asking, step)
    if value is None:
        raise _gone(step)
    if value.get("quota") != limit:
        save = api_requests.save_mailshare if step.is_mailshare else api_requests.save_user
        asking.ask(save(step.domain, step.entry, {**value, "quota": limit}))


def _gone(step: QuotaStep) -> StepFailed:
    return StepFailed(
        f"BlueMind's directory has no {step.entry} any more",
        hint="make a new plan",
        can_be_tried_again=False,
    )
