"""Is the target still as it was when the plan was made? Values in, reasons out."""

from __future__ import annotations

from respool.planning.plan import PlanHead
from respool.targets.spool.forecast import Load, forecast_quota, quota_reasons, room_reasons
from respool.targets.spool.survey import SpoolSurvey


def recheck(head: PlanHead, survey: SpoolSurvey) -> tuple[str, ...]:
    """Why ``head`` cannot be carried out any more; nothing where it can.

    ``survey`` was made a moment ago.
    """
    reasons = list(survey.obstacles)
    taken = sorted({each.target_name for each in head.mailboxes} & survey.existing)
    reasons += [f"{name} is there by now" for name in taken]
    if survey.owner != head.owner:
        reasons.append(f"the owner was {head.owner}, now it is {survey.owner}")
    for fact, now in survey.facts.items():
        if head.facts.get(fact) != now:
            reasons.append(f"{fact} was {head.facts.get(fact)}, now it is {now}")
    load = Load(messages=head.messages, size_bytes=head.size_bytes, mailboxes=len(head.mailboxes))
    reasons += quota_reasons(forecast_quota(survey, load))
    reasons += room_reasons(survey, load)
    return tuple(reasons)
