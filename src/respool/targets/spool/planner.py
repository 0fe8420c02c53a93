"""Request, inventory and survey into a plan for a live spool, or every reason against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from respool.errors import PlanRefused
from respool.model.accounts import folder_path
from respool.model.findings import Finding, Severity
from respool.model.inventory import StoredMailbox
from respool.model.names import MailboxName, decoded_part
from respool.planning.plan import PLAN_VERSION, PlanHead, PlannedMailbox, QuotaForecast
from respool.planning.request import RestoreRequest
from respool.targets.spool.forecast import Load, forecast_quota, quota_reasons, room_reasons
from respool.targets.spool.mapping import folders_between, map_names, unknown_renames
from respool.targets.spool.rights import narrowed, narrower_for, narrowest
from respool.targets.spool.sequence import ChosenMailbox, Destined, SpoolPlan
from respool.targets.spool.survey import SpoolSurvey

_SEEN_BIT = np.uint32(1 << 4)
_MOST_NUMBERED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanContext:
    """What a plan says about where and when it was made."""

    software: str
    now: datetime
    generation_label: str
    taken_at: datetime | None
    is_about: bool
    source: str
    is_older: bool
    skipped: Mapping[str, str]


def plan_restore(
    request: RestoreRequest,
    chosen: Sequence[ChosenMailbox],
    survey: SpoolSurvey,
    context: PlanContext,
) -> SpoolPlan:
    """The plan of a restore into a new folder of a live account.

    Raises:
        PlanRefused: with every reason why it cannot be carried out.
    """
    into, reasons = _free_folder(request, survey)
    sources = [each.mailbox.name for each in chosen]
    mapped = map_names(sources, request, into, survey.name_rules)
    reasons += [*survey.obstacles, *unknown_renames(request, sources), *mapped.reasons]
    reasons += _unreadable(chosen)
    destined = tuple(
        Destined(chosen=each, target=target, wanted=each.wanted())
        for each, target in zip(chosen, mapped.targets, strict=True)
    )
    root = request.account.root.child(into)
    holders = folders_between(root, mapped.targets)
    mailboxes = (
        *(_holder(name, destined, survey) for name in holders),
        *(_planned(each, survey) for each in destined),
    )
    load = Load(
        messages=sum(each.messages for each in mailboxes),
        size_bytes=sum(each.size_bytes for each in mailboxes),
        mailboxes=len(mailboxes),
    )
    quota = forecast_quota(survey, load)
    reasons += [*quota_reasons(quota), *room_reasons(survey, load)]
    if reasons:
        raise PlanRefused(
            f"this restore into {request.account.address} cannot be carried out",
            tuple(dict.fromkeys(reasons)),
        )
    head = _head(
        request,
        survey,
        context,
        _Counted(into=into, mailboxes=mailboxes, quota=quota, findings=_findings(chosen)),
    )
    return SpoolPlan(head=head, destined=destined, holders=holders, survey=survey)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    into: str
    mailboxes: tuple[PlannedMailbox, ...]
    quota: tuple[QuotaForecast, ...]
    findings: tuple[Finding, ...]


def _head(
    request: RestoreRequest, survey: SpoolSurvey, context: PlanContext, counted: _Counted
) -> PlanHead:
    return PlanHead(
        version=PLAN_VERSION,
        software=context.software,
        made_at=context.now,
        request=request,
        generation_label=context.generation_label,
        taken_at=context.taken_at,
        is_about=context.is_about,
        is_older=context.is_older,
        source=context.source,
        target_kind="spool",
        target=f"{request.account.address} on {survey.server}",
        into=decoded_part(counted.into),
        into_encoded=counted.into,
        owner=survey.owner,
        mailboxes=counted.mailboxes,
        quota=counted.quota,
        facts=survey.facts,
        skipped=context.skipped,
        findings=counted.findings,
    )


def _free_folder(request: RestoreRequest, survey: SpoolSurvey) -> tuple[str, list[str]]:
    def is_taken(name: str) -> bool:
        mailbox = survey.name_rules.written(request.account.root.child(name))
        below = mailbox.removesuffix(f"@{request.account.domain}") + survey.separator
        return mailbox in survey.existing or any(
            other.startswith(below) for other in survey.existing
        )

    if request.is_into_given:
        taken = is_taken(request.into)
        shown = decoded_part(request.into)
        reason = f"--into {shown}: that folder is there already; choose another name"
        return request.into, [reason] if taken else []
    for number in range(1, _MOST_NUMBERED):
        name = request.into if number == 1 else f"{request.into}-{number}"
        if not is_taken(name):
            return name, []
    return request.into, [f"{_MOST_NUMBERED} folders called {request.into} are there already"]


def _unreadable(chosen: Sequence[ChosenMailbox]) -> list[str]:
    return [
        f"{folder_path(each.mailbox.name)}: {finding.text}"
        for each in chosen
        for finding in each.mailbox.findings
        if finding.severity is Severity.BLOCKS
    ]


def _holder(
    name: MailboxName, destined: Sequence[Destined], survey: SpoolSurvey
) -> PlannedMailbox:
    below = [each.chosen.mailbox.acl for each in destined if each.target.is_below(name)]
    rights = narrowest(survey.rights, below)
    return PlannedMailbox(
        source_name=None,
        source_path=None,
        target_name=survey.name_rules.written(name),
        target_path=folder_path(name),
        messages=0,
        unseen=0,
        size_bytes=0,
        left_out=0,
        lost=0,
        rights=rights,
        narrower_for=narrower_for(survey.rights, rights),
    )


def _planned(each: Destined, survey: SpoolSurvey) -> PlannedMailbox:
    mailbox = each.chosen.mailbox
    rows = mailbox.records[each.wanted]
    rights = narrowed(survey.rights, mailbox.acl)
    return PlannedMailbox(
        source_name=mailbox.name.admin,
        source_path=folder_path(mailbox.name),
        target_name=survey.name_rules.written(each.target),
        target_path=folder_path(each.target),
        messages=len(rows),
        unseen=int(((rows["system_flags"] & _SEEN_BIT) == 0).sum()),
        size_bytes=int(rows["size"].sum()),
        left_out=int(mailbox.recoverable().sum()),
        lost=int((mailbox.visible() & ~each.wanted).sum()),
        rights=rights,
        narrower_for=narrower_for(survey.rights, rights),
    )


def _findings(chosen: Sequence[ChosenMailbox]) -> tuple[Finding, ...]:
    """All findings, each with its folder: a finding of one message has its UID besides."""
    return tuple(
        replace(finding, subject=path if finding.uid is not None else f"{path}: {finding.subject}")
        for each in chosen
        for path in (folder_path(each.mailbox.name),)
        for finding in (*each.mailbox.findings, *_empty(each.mailbox))
    )


def _empty(mailbox: StoredMailbox) -> Iterator[Finding]:
    """Messages of no octets, of which the server would delete the file (seen on 3.6.1)."""
    rows = mailbox.records[mailbox.restorable() & (mailbox.records["size"] == 0)]
    for uid in rows["uid"].tolist():
        yield Finding(
            severity=Severity.LOSS,
            code="message-empty",
            subject=f"message {uid}",
            text="it has no octets at all; a server would not keep it",
            uid=uid,
        )
