"""Request, inventory and survey into a plan for files, or every reason against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from respool.cyrus.mailbox import message_file
from respool.errors import PlanRefused
from respool.exports.manifest_head import ExportForm
from respool.model.accounts import AccountKind, folder_path
from respool.model.findings import Finding, Severity
from respool.model.names import MailboxName
from respool.planning.chosen import ChosenMailbox, Destined
from respool.planning.context import PlanContext
from respool.planning.load import load_of
from respool.planning.mapping import map_names, unknown_renames
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.request import RestoreRequest
from respool.targets.export.places import AnyName, folder_places
from respool.targets.export.planned import (
    PlacedFolder,
    folder_findings,
    placed_folder,
    planned_folder,
)
from respool.targets.export.rooms import needs_of, room_reasons
from respool.targets.export.sequence import ExportPlan
from respool.targets.export.survey import ExportSurvey

_NAME_OCTETS: Final = 255
_FOLDER: Final = "x"  # what every folder lies below while names are mapped


def plan_restore(
    request: RestoreRequest,
    chosen: Sequence[ChosenMailbox],
    survey: ExportSurvey,
    context: PlanContext,
) -> ExportPlan:
    """The plan of a restore into files.

    Raises:
        PlanRefused: with every reason why it cannot be carried out.
    """
    sources = [each.mailbox.name for each in chosen]
    names, reasons = _mapped(request, sources)
    depth = len(request.target.root.parts)
    places = folder_places(
        survey.form, [each.parts[depth:] for each in names], is_folding=survey.is_folding
    )
    placed = tuple(
        placed_folder(survey.form, _destined(each, name, request), place)
        for each, name, place in zip(chosen, names, places, strict=True)
    )
    mailboxes = tuple(planned_folder(each, request) for each in placed)
    load = load_of(mailboxes)
    reasons = [
        *(*context.reasons, *survey.obstacles, *unknown_renames(request, sources), *reasons),
        *_against_form(survey, mailboxes),
        *room_reasons(survey, load),
    ]
    if reasons:
        raise PlanRefused(
            f"this export to {_where(survey)} cannot be carried out",
            tuple(dict.fromkeys(reasons)),
        )
    findings = (*context.findings, *_of_file_system(survey), *_findings(placed))
    head = _head(request, survey, context, mailboxes, findings)
    return ExportPlan(
        head=head,
        form=survey.form,
        path=survey.path,
        has_exact_times=survey.has_exact_times,
        folders=placed,
        needs=needs_of(survey, load),
    )


def _mapped(
    request: RestoreRequest, sources: Sequence[MailboxName]
) -> tuple[tuple[MailboxName, ...], list[str]]:
    """The name of each source below the account's root, as asked for by --rename.

    They are mapped below a folder of their own, as into a live account, and taken out again.
    """
    below = replace(request, is_in_place=False, into=_FOLDER)
    mapped = map_names(sources, below, AnyName())
    depth = len(request.target.root.parts)
    names = tuple(
        MailboxName(domain=each.domain, parts=each.parts[:depth] + each.parts[depth + 1 :])
        for each in mapped.targets
    )
    return names, list(mapped.reasons)


def _destined(each: ChosenMailbox, name: MailboxName, request: RestoreRequest) -> Destined:
    r"""``\Seen`` is the owner's; of a mailshare nobody's, unless all have one together."""
    is_users = request.account.kind is AccountKind.USER
    return Destined(
        chosen=each,
        target=name,
        wanted=each.wanted(has_expunged=request.has_expunged),
        is_new=True,
        is_seen_kept=is_users or each.mailbox.shared_seen,
        is_seen_shared=not is_users and each.mailbox.shared_seen,
    )


def _against_form(survey: ExportSurvey, mailboxes: Sequence[PlannedMailbox]) -> Iterator[str]:
    """What the file system cannot hold of this form."""
    kind = survey.room.kind
    if survey.form is ExportForm.MAILDIR and not survey.takes_colons:
        yield f"{kind} takes no ':' in names, and those of a Maildir have one; use zip: or eml:"
    if survey.form is not ExportForm.ZIP and survey.most_name_octets < _NAME_OCTETS:
        yield (
            f"{survey.path} takes names of {survey.most_name_octets} octets,"
            f" {_NAME_OCTETS} are needed; use zip:"
        )
    if survey.most_file_octets is not None:
        match survey.form:
            case ExportForm.ZIP:
                longest = sum(each.size_bytes for each in mailboxes)
            case ExportForm.MBOX:
                longest = max((each.size_bytes for each in mailboxes), default=0)
            case _:
                longest = 0
        if longest > survey.most_file_octets:
            yield f"{kind} takes no file of {longest >> 20} MiB; use eml:"


def _of_file_system(survey: ExportSurvey) -> Iterator[Finding]:
    if not survey.keeps_modes:
        yield Finding(
            severity=Severity.NOTE,
            code="export-file-system",
            subject=survey.path,
            text=f"{survey.room.kind} does not keep who may read a file: whoever has it can",
        )


def _findings(placed: Sequence[PlacedFolder]) -> tuple[Finding, ...]:
    """All findings, each with its folder: a finding of one message has its UID besides."""
    return tuple(
        finding
        for each in placed
        for mailbox in (each.destined.chosen.mailbox,)
        for finding in (
            *(_in_folder(one, folder_path(mailbox.name)) for one in mailbox.findings),
            *folder_findings(each),
            *_empty(each),
        )
    )


def _in_folder(finding: Finding, path: str) -> Finding:
    subject = path if finding.uid is not None else f"{path}: {finding.subject}"
    return replace(finding, subject=subject)


def _empty(placed: PlacedFolder) -> Iterator[Finding]:
    """Messages of no octets, which are no mail and are left out."""
    mailbox = placed.destined.chosen.mailbox
    rows = mailbox.records[mailbox.restorable() & (mailbox.records["size"] == 0)]
    for uid, place in zip(rows["uid"].tolist(), rows["place"].tolist(), strict=True):
        yield Finding(
            severity=Severity.LOSS,
            code="message-empty",
            subject=folder_path(mailbox.name),
            text="it has no octets at all",
            uid=uid,
            file=message_file(mailbox.place, uid, place),
        )


def _where(survey: ExportSurvey) -> str:
    return f"{survey.form}:{survey.path}"


def _head(
    request: RestoreRequest,
    survey: ExportSurvey,
    context: PlanContext,
    mailboxes: tuple[PlannedMailbox, ...],
    findings: tuple[Finding, ...],
) -> PlanHead:
    where = _where(survey)
    return PlanHead(
        **context.head_part(request),
        target_kind="export",
        target=where,
        into=survey.path,
        into_encoded=survey.path,
        owner=None,
        mailboxes=mailboxes,
        quota=(),
        facts=survey.facts,
        findings=findings,
        where=where,
    )
