"""Does a plan still hold, and does a plan file do what it says and nothing else?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from respool.app.account_lookup import written_out
from respool.app.backups import backup_of
from respool.app.chosen import backup_side
from respool.app.finishing_check import Finished
from respool.app.lacking import Lacking, lacking_of
from respool.app.plan import identity_of
from respool.app.prepared import prepare_again
from respool.app.selection import Selection, Wanted, select
from respool.app.settings import Settings
from respool.app.source_now import source_reasons
from respool.app.target_account import survey_target
from respool.app.wiring import STEP_KINDS
from respool.errors import PlanFileInvalid, PlanRefused, SurveyChanged
from respool.model.state import UidSet
from respool.planning.codec import check_plan, parse_head, parse_step
from respool.planning.kept import kept_places
from respool.planning.lacking import there_by_now
from respool.planning.plan import PlanHead, PlanTail
from respool.planning.source_place import SourcePlace
from respool.planning.step import MessageStep
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.annotations import allowed_annotations
from respool.targets.spool.plan_check import PlanCheck
from respool.targets.spool.planned import planned_rights, rights_rules
from respool.targets.spool.recheck import recheck
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


def without_last(lines: Iterable[str]) -> Iterator[str]:
    """The lines of steps: all but the tail, lazily."""
    previous: str | None = None
    for line in lines:
        if previous is not None:
            yield previous
        previous = line


def selected(settings: Settings, head: PlanHead) -> Selection:
    """The plan's account in its generation of the backup, whole.

    Raises:
        BackupError: it is not there any more.
    """
    label = head.request.generation
    generation = f"generation:{label}" if label.isdigit() else label
    wanted = Wanted(
        account=written_out(head.request.account), generation=generation, may_be_running=True
    )
    return select(backup_of(settings), wanted)


def check_unchanged(
    settings: Settings, head: PlanHead, server: CyrusServer, file: Path
) -> SpoolSurvey:
    """The target as it is now, which must be as it was when the plan in ``file`` was made.

    The backup must still have what the plan takes from it.

    Of an account to be created the backup is asked again.

    Raises:
        SurveyChanged: it is not.
    """
    survey = survey_target(head.request, lambda: selected(settings, head), server, settings.state)
    reasons = (
        *recheck(head, survey),
        *source_reasons(settings, head),
        *_there_by_now(settings, head, survey, file),
    )
    if reasons:
        raise SurveyChanged(
            "server or backup are no longer as they were when the plan was made",
            reasons,
            hint="make the plan again",
        )
    return survey


def _there_by_now(
    settings: Settings, head: PlanHead, survey: SpoolSurvey, file: Path
) -> Iterator[str]:
    """What is to be added in place must be lacking there still: nothing comes twice."""
    if not (head.request.is_in_place and head.messages and survey.used):
        return
    lacking = _lacking_now(settings, head, survey)
    yield from lacking.reasons
    there = {each.mailbox.name.admin: each for each in lacking.chosen if each.is_there().any()}
    if there:
        yield from there_by_now(there, _planned_uids(head, file))


def _planned_uids(head: PlanHead, file: Path) -> Mapping[str, UidSet]:
    """Which messages of each mailbox of the backup a plan file adds."""
    sources = {each.target_name: each.source_name for each in head.mailboxes}
    found: dict[str, list[int]] = {}
    with file.open(encoding="ascii") as lines:
        next(lines)
        for line in without_last(lines):
            step = parse_step(line, STEP_KINDS)
            source = sources.get(step.lane)
            if isinstance(step, MessageStep) and source is not None:
                found.setdefault(source, []).extend(each.uid for each in step.messages)
    return {name: UidSet.of(uids) for name, uids in found.items()}


def _kept_by_server(
    settings: Settings, head: PlanHead, survey: SpoolSurvey
) -> Mapping[str, SourcePlace]:
    """Where the live server keeps what a plan takes from it."""
    if not head.kept:
        return {}
    return kept_places(_lacking_now(settings, head, survey).chosen)


def _lacking_now(settings: Settings, head: PlanHead, survey: SpoolSurvey) -> Lacking:
    prepared = prepare_again(settings, head)
    chosen, selection = prepared.choice.mailboxes, prepared.selection
    return lacking_of(settings, head.request, chosen, survey, selection)
