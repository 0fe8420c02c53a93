"""Making a plan: what was asked, what the backup holds, how the live server stands."""

# ruff: noqa: PLC0415 - what merges flags, and speaks with BlueMind, takes as long as many a plan

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from respool.app.backups import backup_of
from respool.app.bluemind_access import is_perhaps_bluemind
from respool.app.bluemind_identity import directory_identity
from respool.app.identity import compare_with_live
from respool.app.known_person import is_known_same
from respool.app.lacking import lacking_of
from respool.app.prepared import Prepared, prepare, prepare_again
from respool.app.reached import Plan
from respool.app.readers import logins_of, special_uses_of, subscriptions_of
from respool.app.root_header import root_of
from respool.app.selection import Selection
from respool.app.settings import Settings
from respool.app.target_account import survey_target, target_of
from respool.app.wish import Wish
from respool.model.findings import Finding
from respool.planning.identity import identity_findings, identity_reasons
from respool.planning.plan import PlanHead
from respool.planning.request import Conflict, Person, RestoreRequest
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.planner import plan_restore
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.survey import SpoolSurvey

if TYPE_CHECKING:
    from respool.app.finishing import FinishingPlan
    from respool.app.merging import MergingPlan


def plan_into_spool(
    settings: Settings, wish: Wish, server: CyrusServer
) -> SpoolPlan | MergingPlan | FinishingPlan:
    """The plan of a restore, from backup, request and live server. Changes nothing.

    Raises:
        BackupError: what was asked for is not there.
        PlanRefused: it cannot be carried out, with every reason.
    """
    prepared = prepare(settings, wish)
    request = prepared.request(target_of(wish, prepared.selection, server, prepared.backup.live))
    return _planned(settings, prepared, request, server)


def plan_again(settings: Settings, head: PlanHead, server: CyrusServer) -> Plan:
    """The plan that the request of a plan makes now; errors as `plan_into_spool`."""
    return _planned(settings, prepare_again(settings, head), head.request, server)


def _planned(
    settings: Settings, prepared: Prepared, request: RestoreRequest, server: CyrusServer
) -> SpoolPlan | MergingPlan | FinishingPlan:
    selection, chosen = prepared.selection, prepared.choice.mailboxes
    survey = survey_target(request, lambda: selection, server, settings.state)
    reasons, findings = identity_of(settings, request, selection, survey, server)
    lacking = lacking_of(settings, request, chosen, survey, selection)
    request, chosen = lacking.request, lacking.chosen
    reasons, findings = (*reasons, *lacking.reasons), (*findings, *lacking.findings)
    logins = logins_of(request, chosen, server, survey.name_rules)
    context = replace(
        prepared.context(reasons, findings),
        logins=logins,
        subscriptions=subscriptions_of(request, chosen, survey, logins),
        special_uses=special_uses_of(request, chosen, survey, server),
    )
    plan = plan_restore(request, chosen, survey, context)
    merging: SpoolPlan | MergingPlan = plan
    if request.on_conflict is Conflict.NEWER_FLAGS:
        from respool.app.merging import with_merged_flags

        merging = with_merged_flags(settings, prepared, plan, chosen, survey)
    if not is_perhaps_bluemind(settings, server.configuration):
        return merging
    from respool.app.finishing import with_finishing

    return with_finishing(settings, merging, server)


def identity_of(
    settings: Settings,
    request: RestoreRequest,
    selection: Selection,
    survey: SpoolSurvey,
    server: CyrusServer,
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Reasons and findings where the live account may be another person's now.

    Nothing is compared where another account was named, or where there is none yet.
    """
    rules = survey.name_rules
    is_other = rules.written(request.target.root) != rules.written(request.account.root)
    if is_other or request.target.kind is not request.account.kind or survey.is_absent:
        return (), ()
    told = directory_identity(settings, request.target, rules.default_domain)
    backup, live_id = backup_of(settings), survey.root_id
    compared = compare_with_live(backup, selection, server, rules, told.userid, live_id)
    known = is_known_same(
        settings, request, source_id=root_of(selection)[1], live_id=survey.root_id
    )
    person = request.person or (Person.SAME if known else None)
    used = bool(survey.used)
    account = request.account
    reasons = identity_reasons(compared, account, person=person, has_held_mail=used)
    return (
        (*reasons, told.silence) if reasons and told.silence is not None else reasons,
        identity_findings(compared, account, person=person, has_held_mail=used),
    )
