"""Request, inventory and survey into a plan for an IMAP server, or every reason against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from respool.errors import PlanRefused
from respool.model.accounts import AccountKind, folder_path
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.names import MailboxName, decoded_part
from respool.planning.chosen import ChosenMailbox, Destined
from respool.planning.chosen_findings import findings_of
from respool.planning.context import PlanContext
from respool.planning.forecast import forecast_quota, quota_reasons
from respool.planning.free_folder import with_free_folder
from respool.planning.load import load_of
from respool.planning.mapping import folders_between, map_names, unknown_renames
from respool.planning.plan import PlanHead, PlannedMailbox, QuotaForecast
from respool.planning.request import RestoreRequest
from respool.targets.imap.annotations import Annotations
from respool.targets.imap.flags import KeptFlags
from respool.targets.imap.planned import Counting, Subscriptions
from respool.targets.imap.sequence import ImapPlan
from respool.targets.imap.sharing import Sharing
from respool.targets.imap.special_uses import is_asked_for, use_of, with_special_uses
from respool.targets.imap.survey import ImapSurvey

_UNFINISHED = "-unfinished"
_WAY_OUT = "ask for more room there, or choose fewer folders"


def plan_restore(
    request: RestoreRequest,
    chosen: Sequence[ChosenMailbox],
    survey: ImapSurvey,
    context: PlanContext,
) -> ImapPlan:
    """The plan of a restore into a new folder of an account, or in place.

    Raises:
        PlanRefused: with every reason why it cannot be carried out.
    """
    request, taken = _with_free_folder(request, survey)
    sources = [each.mailbox.name for each in chosen]
    reasons = [*taken, *context.reasons, *survey.obstacles, *unknown_renames(request, sources)]
    request = with_special_uses(request, chosen, survey)
    mapped = map_names(sources, request, survey.names)
    reasons += mapped.reasons
    sharing = Sharing(request=request, survey=survey, root_acl=context.root_acl)
    notes = Annotations(request=request, survey=survey)
    destined = tuple(
        notes.with_annotations(sharing.with_marks(_destined(each, target, request, survey)))
        for each, target in zip(chosen, mapped.targets, strict=True)
    )
    holders = _holders(request, mapped.targets, survey)
    subscriptions = Subscriptions(request=request, context=context)
    counting = Counting(survey=survey, sharing=sharing, subscriptions=subscriptions)
    mailboxes = (*map(counting.holder, holders), *map(counting.folder, destined))
    quota = forecast_quota(survey.quotas, load_of(mailboxes))
    reasons += quota_reasons(quota, way_out=_WAY_OUT)
    if reasons:
        raise PlanRefused(
            f"this restore into {survey.where} cannot be carried out",
            tuple(dict.fromkeys(reasons)),
        )
    flags = KeptFlags.of(destined, survey)
    made_as = _made_as(request, survey)
    of_flags = (*flags.findings(), *_too_long(destined, survey))
    of_rights = tuple(sharing.findings(destined))
    said = (*findings_of(chosen), *of_flags, *of_rights, _while_filled(request, survey, made_as))
    findings = (*context.findings, *survey.findings, *said)
    counted = _Counted(mailboxes=mailboxes, quota=quota, findings=findings)
    return ImapPlan(
        head=_head(request, survey, context, counted),
        destined=destined,
        holders=holders,
        survey=survey,
        flags=flags,
        sharing=sharing,
        made_as=made_as,
    )


def _holders(
    request: RestoreRequest, targets: Sequence[MailboxName], survey: ImapSurvey
) -> tuple[MailboxName, ...]:
    """Folders that are made only to hold others."""
    return tuple(
        name
        for name in folders_between(request.root, targets)
        if name != request.target.root and not survey.has(survey.names.written(name))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    mailboxes: tuple[PlannedMailbox, ...]
    quota: tuple[QuotaForecast, ...]
    findings: tuple[Finding, ...]


def _head(
    request: RestoreRequest, survey: ImapSurvey, context: PlanContext, counted: _Counted
) -> PlanHead:
    in_place = ", in place" if request.is_in_place else ""
    return PlanHead(
        **context.head_part(request),
        target_kind="imap",
        target=f"{survey.where}{in_place}",
        into=folder_path(request.root),
        into_encoded=request.root.parts[-1],
        owner=survey.user,
        mailboxes=counted.mailboxes,
        quota=counted.quota,
        facts=survey.facts,
        findings=counted.findings,
        where=survey.where,
    )


def _with_free_folder(
    request: RestoreRequest, survey: ImapSurvey
) -> tuple[RestoreRequest, tuple[str, ...]]:
    if request.is_in_place:
        return request, tuple(_against_in_place(survey))
    return with_free_folder(request, lambda name: _is_taken(name, request, survey))


def _against_in_place(survey: ImapSurvey) -> Iterator[str]:
    """Only an account without mail is filled in place."""
    used = sorted(name for name, each in survey.folders.items() if each.messages)
    if used:
        more = f" and {len(used) - 1} more" if len(used) > 1 else ""
        yield (
            f"--in-place fills only an account without mail, and {used[0]}{more} has some;"
            " without it, a new folder is made"
        )


def _is_taken(name: str, request: RestoreRequest, survey: ImapSurvey) -> bool:
    """Whether it is there under its own name, or under that of its filling."""
    names = survey.names
    for each in (name, f"{name}{_UNFINISHED}"):
        written = names.written(request.target.root.child(each))
        below = f"{written}{names.separator or chr(0)}"
        if any(other == written or other.startswith(below) for other in survey.folders):
            return True
    return False


def _made_as(request: RestoreRequest, survey: ImapSurvey) -> MailboxName | None:
    """What the new folder is called until all is there; None: its own name."""
    if request.is_in_place or not survey.is_renamed_safely:
        return None
    name = request.target.root.child(f"{request.into}{_UNFINISHED}")
    return None if survey.names.refusals(name) else name


def _destined(
    each: ChosenMailbox, target: MailboxName, request: RestoreRequest, survey: ImapSurvey
) -> Destined:
    """The read state of a user's folder is his own; of a mailshare's if its readers share it."""
    is_somebodys = request.account.kind is AccountKind.USER or each.mailbox.shared_seen
    is_new = target != request.target.root and not survey.has(survey.names.written(target))
    use = use_of(each, request) if request.is_in_place else None
    is_free = use is not None and use not in survey.special_uses and is_asked_for(use)
    return Destined(
        chosen=each,
        target=target,
        wanted=each.wanted(has_expunged=request.has_expunged),
        is_new=is_new,
        is_seen_kept=is_somebodys,
        is_seen_shared=False,
        special_use=(use,) if use is not None and is_free and is_new else (),
    )


def _too_long(destined: Sequence[Destined], survey: ImapSurvey) -> Iterator[Finding]:
    """Messages that the server says it does not take: named before, and lost in the run."""
    if survey.append_limit is None:
        return
    for each in destined:
        records, path = each.chosen.mailbox.records, folder_path(each.chosen.mailbox.name)
        long = each.wanted & (records["size"] > survey.append_limit)
        uids, sizes = records["uid"][long].tolist(), records["size"][long].tolist()
        for uid, size in zip(uids, sizes, strict=True):
            yield Finding(
                severity=Severity.LOSS,
                code="message-refused",
                subject=path,
                text=f"it has {size} octets, and the server takes {survey.append_limit}",
                uid=uid,
            )


def _while_filled(
    request: RestoreRequest, survey: ImapSurvey, made_as: MailboxName | None
) -> Finding:
    """What mail programs see while the tree is filled."""
    if made_as is not None:
        name = decoded_part(made_as.parts[-1])
        text = f"it is called {name} until all is there, and nobody is subscribed to it"
    else:
        text = "nobody is subscribed to new folders until all is there; they can be seen"
    subject = survey.names.inbox if request.is_in_place else folder_path(request.root)
    return Finding(severity=Severity.NOTE, code="seen-while-filled", subject=subject, text=text)
