"""Is the target still as it was when the plan was made? Values in, reasons out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Final

from respool.model.dataclasses import dataclass
from respool.planning.folder_rights import Rights, effective, spared_by
from respool.planning.forecast import quota_reasons
from respool.planning.load import Load, load_of, total
from respool.planning.plan import PlanHead
from respool.targets.spool.quotas import forecast_of, loads_of
from respool.targets.spool.rooms import room_reasons
from respool.targets.spool.survey import SpoolSurvey

# What a run does that creates the account.
_OWN_DOING: Final = frozenset({"account", "account id", "rights"})
_OPENING: Final = frozenset("lrwikxtea")  # what lets somebody see or change; marks, posting not
_WAY_OUT: Final = "raise the limit, or make room in the account"  # a run is not asked anew
_OLD_LETTERS: Final = frozenset("cd")  # the server's own shorthand (RFC 4314, 2.1.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRights:
    """BlueMind wrote an account's rights since a run was begun, which is no reason to stop it.

    ``to_give`` are those that folders of the run are still to get, by folder: nobody may get
    more there than he has in the account itself by now.
    """

    to_give: Mapping[str, Rights] = field(default_factory=dict)


def recheck(head: PlanHead, survey: SpoolSurvey) -> tuple[str, ...]:
    """Why ``head`` cannot be carried out any more; nothing where it can.

    ``survey`` was made a moment ago.
    """
    reasons = list(survey.obstacles)
    there = survey.existing | {survey.name_rules.written(head.request.target.root)}
    for each in head.mailboxes:
        name = each.target_name
        if each.is_new and name in there | survey.leftovers:
            reasons.append(f"{name} is there by now")
        elif not each.is_new and name not in there:
            reasons.append(f"{name} is gone by now")
        elif each.messages and not each.is_new and not each.is_appended and name in survey.used:
            reasons.append(f"{name} has held mail by now")
    if survey.owner != head.owner:
        reasons.append(f"the owner was {head.owner}, now it is {survey.owner}")
    for fact, now in survey.facts.items():
        if head.facts.get(fact) != now:
            reasons.append(f"{fact} was {head.facts.get(fact)}, now it is {now}")
    load, is_raising = load_of(head.mailboxes), head.request.is_raising_quota
    forecast = forecast_of(survey, loads_of(head.mailboxes), is_raising=is_raising)
    reasons += quota_reasons(forecast)
    if any(each.raised_to is not None for each in (*forecast, *head.quota)):
        former = {(each.root, each.resource): each.raised_to for each in head.quota}
        if former != {(each.root, each.resource): each.raised_to for each in forecast}:
            reasons.append("the limits to be raised are not as they were")
    reasons += room_reasons(survey, load)
    return tuple(reasons)


def recheck_left(
    head: PlanHead,
    survey: SpoolSurvey,
    left: Mapping[str, Load],
    *,
    is_account_whole: bool = True,
    written: WrittenRights | None = None,
    is_place_of_others: bool = False,
) -> tuple[str, ...]:
    """Why a run of ``head`` that stopped cannot go on, ``left`` being what it has still to add
    to each folder.

    What the run itself did is no reason: an account and folders that it made, read state
    that it shared, a limit that it raised. ``is_account_whole`` is False where it has still
    to make the account, or was cut off while it did: then it will set its rights, too.
    ``written``: the run, or another one since, had BlueMind write the account's rights anew.
    ``is_place_of_others``: the partition that the account is on now is the one that BlueMind
    chose when the run had it make the account.
    """
    reasons = list(survey.obstacles)
    if survey.owner != head.owner:
        reasons.append(f"the owner was {head.owner}, now it is {survey.owner}")
    is_own = head.facts.get("account") == "gone"
    own = _OWN_DOING if is_own else frozenset()
    own |= {"seen"} if head.request.is_in_place else frozenset()
    own |= {"rights"} if written is not None else frozenset()
    own |= {"partition", "archive"} if is_own and is_place_of_others else frozenset()
    for fact, now in survey.facts.items():
        if fact not in own and head.facts.get(fact) != now:
            reasons.append(f"{fact} was {head.facts.get(fact)}, now it is {now}")
    if is_own and is_account_whole and written is None:
        reasons += _rights_changed(head.facts.get("rights", ""), survey.facts["rights"])
    is_other = head.facts.get("rights") != survey.facts["rights"]
    if is_account_whole and written is not None and is_other:
        reasons += _more_than_now(written.to_give, survey)
    forecast = forecast_of(survey, left.items(), is_raising=head.request.is_raising_quota)
    reasons += quota_reasons(forecast, way_out=_WAY_OUT)
    return (*reasons, *room_reasons(survey, total(left.values())))


def _rights_changed(planned: str, now: str) -> tuple[str, ...]:
    """A reason where the rights of an account that the run created are not as planned."""
    if _letters(planned) == _letters(now):
        return ()
    return (f"rights were to be {planned}, now they are {now}",)


def _more_than_now(to_give: Mapping[str, Rights], survey: SpoolSurvey) -> Iterator[str]:
    """Who would get more in a folder than the account gives him by now."""
    spared = spared_by(survey.rights, survey.owner, survey.admins)
    for mailbox, rights in sorted(to_give.items()):
        for who in rights.keys() - spared:
            if who.startswith("-"):
                continue
            if (effective(rights, who) - effective(survey.rights, who)) & _OPENING:
                yield (
                    f"{who} was to get {rights[who]} in {mailbox}, and has less in the account"
                    " by now: take this run back and restore again"
                )


def _letters(rights: str) -> dict[str, frozenset[str]]:
    pairs = (each.rpartition(" ") for each in rights.split(", ") if each)
    return {who: frozenset(may) - _OLD_LETTERS for who, _, may in pairs}
