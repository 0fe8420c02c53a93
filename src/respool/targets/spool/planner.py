"""Request, inventory and survey into a plan for a live spool, or every reason against it."""

from __future__ import annotations

from collections.abc import Sequence

from respool.errors import PlanRefused
from respool.model.accounts import AccountKind, folder_path
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.names import MailboxName
from respool.planning.chosen import ChosenMailbox, Destined
from respool.planning.chosen_findings import findings_of
from respool.planning.context import PlanContext
from respool.planning.forecast import quota_reasons
from respool.planning.free_folder import with_free_folder
from respool.planning.load import load_of
from respool.planning.mapping import folders_between, map_names, unknown_renames
from respool.planning.plan import PlanHead, PlannedMailbox, QuotaForecast
from respool.planning.request import RestoreRequest
from respool.targets.spool.annotations import Annotations
from respool.targets.spool.in_place import against_adding, against_filling
from respool.targets.spool.planned import planned_holder, planned_mailbox, rights_rules
from respool.targets.spool.quotas import forecast_of, loads_of
from respool.targets.spool.readers import Readers
from respool.targets.spool.rooms import room_reasons
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.subscribers import Subscribers
from respool.targets.spool.survey import SpoolSurvey

_RIGHTS_UNKNOWN = Finding(
    severity=Severity.NOTE,
    code="rights-unknown",
    subject="every folder",
    text="the backup says nothing of rights: each gets those of the INBOX, a private one too",
)


def plan_restore(
    request: RestoreRequest,
    chosen: Sequence[ChosenMailbox],
    survey: SpoolSurvey,
    context: PlanContext,
) -> SpoolPlan:
    """The plan of a restore into a new folder of a live account, or in place.

    Raises:
        PlanRefused: with every reason why it cannot be carried out.
    """
    request, taken = _with_free_folder(request, survey)
    sources = [each.mailbox.name for each in chosen]
    mapped = map_names(sources, request, survey.name_rules)
    reasons = [*taken, *context.reasons, *survey.obstacles]
    reasons += [*unknown_renames(request, sources), *mapped.reasons]
    every = (
        _destined(each, target, request, survey)
        for each, target in zip(chosen, mapped.targets, strict=True)
    )
    destined = tuple(each for each in every if not _is_left_alone(each, request))
    new = [each.target for each in destined if each.is_new]
    holders = tuple(
        name for name in folders_between(request.root, new) if not _is_there(name, request, survey)
    )
    has_metadata = any(each.mailbox.acl or each.place.meta is not None for each in chosen)
    rules = rights_rules(request, survey, root_acl=context.root_acl, has_metadata=has_metadata)
    reasons += [*against_filling(destined, survey, rules), *against_adding(destined, survey)]
    readers = Readers(request=request, survey=survey, logins=context.logins)
    notes = Annotations(
        request=request, survey=survey, logins=context.logins, uses=context.special_uses
    )
    destined = tuple(
        notes.with_annotations(readers.with_marks(each, rules), rules) for each in destined
    )
    subscribers = Subscribers(
        request=request, survey=survey, logins=context.logins, former=context.subscriptions
    )
    mailboxes = (
        *(planned_holder(name, destined, rules, subscribers) for name in holders),
        *(planned_mailbox(each, rules, subscribers) for each in destined),
    )
    load = load_of(mailboxes)
    quota = forecast_of(survey, loads_of(mailboxes), is_raising=request.is_raising_quota)
    reasons += [*quota_reasons(quota), *room_reasons(survey, load)]
    if reasons:
        raise PlanRefused(
            f"this restore into {request.target.address} cannot be carried out",
            tuple(dict.fromkeys(reasons)),
        )
    unknown = () if has_metadata or len(chosen) == 1 else (_RIGHTS_UNKNOWN,)
    findings = (*context.findings, *survey.findings, *unknown, *findings_of(chosen))
    counted = _Counted(mailboxes=mailboxes, quota=quota, findings=findings)
    head = _head(request, survey, context, counted)
    return SpoolPlan(head=head, destined=destined, holders=holders, survey=survey)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    mailboxes: tuple[PlannedMailbox, ...]
    quota: tuple[QuotaForecast, ...]
    findings: tuple[Finding, ...]


def _head(
    request: RestoreRequest, survey: SpoolSurvey, context: PlanContext, counted: _Counted
) -> PlanHead:
    in_place = ", in place" if request.is_in_place else ""
    return PlanHead(
        **context.head_part(request),
        target_kind="spool",
        target=f"{request.target.address} on {survey.server}{in_place}",
        into=folder_path(request.root),
        into_encoded=request.root.parts[-1],
        owner=survey.owner,
        mailboxes=counted.mailboxes,
        quota=counted.quota,
        facts=survey.facts,
        findings=counted.findings,
    )


def _with_free_folder(
    request: RestoreRequest, survey: SpoolSurvey
) -> tuple[RestoreRequest, tuple[str, ...]]:
    if request.is_in_place:
        return request, ()
    return with_free_folder(request, lambda name: _is_taken(name, request, survey))


def _is_taken(name: str, request: RestoreRequest, survey: SpoolSurvey) -> bool:
    mailbox = survey.name_rules.written(request.target.root.child(name))
    below = mailbox.removesuffix(f"@{request.target.domain}") + survey.separator
    taken = survey.existing | survey.leftovers
    return mailbox in taken or any(other.startswith(below) for other in taken)


def _is_there(name: MailboxName, request: RestoreRequest, survey: SpoolSurvey) -> bool:
    """Whether ``name`` needs no creating: it exists, or the account's creation makes it."""
    return survey.name_rules.written(name) in survey.existing or name == request.target.root


def _is_left_alone(each: Destined, request: RestoreRequest) -> bool:
    """A folder that is gone, though all that it held is there, was given up by its owner."""
    has_all = bool(each.chosen.is_there().any()) and not each.wanted.any()
    return request.is_only_missing and each.is_new and has_all


def _destined(
    each: ChosenMailbox, target: MailboxName, request: RestoreRequest, survey: SpoolSurvey
) -> Destined:
    """Read state of a user is his own; of a mailshare it is in the index only if shared."""
    is_share = request.target.kind is AccountKind.MAILSHARE
    is_somebodys = request.account.kind is AccountKind.USER or each.mailbox.shared_seen
    is_new = not _is_there(target, request, survey)
    written = survey.name_rules.written(target)
    is_appended = not is_new and written in survey.used
    is_shared = is_share and (survey.is_seen_shared or each.mailbox.shared_seen)
    if is_appended:  # a folder that holds mail stays as it is
        folder = survey.live.get(written)
        is_shared = is_share and folder is not None and folder.is_seen_shared
    return Destined(
        chosen=each,
        target=target,
        wanted=each.wanted(has_expunged=request.has_expunged) & ~each.is_there(),
        is_new=is_new,
        is_appended=is_appended,
        is_seen_kept=is_somebodys and (is_shared or not is_share),
        is_seen_shared=is_shared,
    )
