"""Does a plan file do what it says and nothing else?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from respool.app.chosen import backup_side
from respool.app.finishing_check import Finished
from respool.app.plan import identity_of
from respool.app.plan_lines import without_last
from respool.app.settings import Settings
from respool.app.unchanged import check_unchanged, lacking_now, selected
from respool.app.wiring import STEP_KINDS
from respool.errors import PlanFileInvalid, PlanRefused
from respool.planning.codec import check_plan, parse_head, parse_step
from respool.planning.kept import kept_places
from respool.planning.plan import PlanHead, PlanTail
from respool.planning.source_place import SourcePlace
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.annotations import allowed_annotations
from respool.targets.spool.plan_check import PlanCheck
from respool.targets.spool.planned import planned_rights, rights_rules
from respool.targets.spool.survey import SpoolSurvey


def checked_tail(file: Path) -> PlanTail:
    """The last line of a plan file, all of which was read.

    Raises:
        PlanFileInvalid: cut, altered, or no plan at all.
    """
    try:
        with file.open(encoding="ascii") as lines:
            return check_plan((line.rstrip("\n") for line in lines), STEP_KINDS)
    except UnicodeDecodeError as error:
        raise PlanFileInvalid("this is no plan of respool", why=str(error)) from error


def check_honesty(settings: Settings, file: Path, server: CyrusServer) -> None:
    """A plan file comes from outside: what its steps do must be what its head says.

    Raises:
        SurveyChanged: the server is no longer as it was, or its BlueMind.
        PlanRefused: it does something else, or may be for another person's account.
    """
    with file.open(encoding="ascii") as lines:
        head = parse_head(next(lines))
        survey = check_unchanged(settings, head, server, file)
        finished = Finished.of(settings, head, survey, server)
        steps = finished.rest(parse_step(line, STEP_KINDS) for line in without_last(lines))
        side = backup_side(settings, head)
        rules = rights_rules(
            head.request, survey, root_acl=side.root_acl, has_metadata=side.has_metadata
        )
        check = PlanCheck(
            head=head,
            survey=survey,
            sources=side.places,
            rights=planned_rights(head, side.acls, rules),
            kept=_kept_by_server(settings, head, survey),
            annotations={
                name: allowed_annotations(state, head.request, survey)
                for name, state in side.states.items()
            },
        )
        reasons = (*check.reasons(enumerate(steps)), *finished.reasons())
    if reasons:
        raise PlanRefused(
            "this plan does not do what it says", reasons, hint="make the plan again"
        )
    finished.check_unchanged()
    strangers, said = identity_of(settings, head.request, selected(settings, head), survey, server)
    unsaid = {each.code: each.text for each in said if head.request.person is not None}
    for each in head.findings:
        unsaid.pop(each.code, None)
    if strangers or unsaid:  # whoever agrees to the plan must have been told whose it is
        raise PlanRefused("this plan cannot be carried out", (*strangers, *unsaid.values()))


def _kept_by_server(
    settings: Settings, head: PlanHead, survey: SpoolSurvey
) -> Mapping[str, SourcePlace]:
    """Where the live server keeps what a plan takes from it."""
    if not head.kept:
        return {}
    return kept_places(lacking_now(settings, head, survey).chosen)
