"""Does a plan for the live spool still hold?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from respool.app.account_lookup import written_out
from respool.app.backups import backup_of
from respool.app.lacking import Lacking, lacking_of
from respool.app.plan_lines import without_last
from respool.app.prepared import prepare_again
from respool.app.selection import Selection, Wanted, select
from respool.app.settings import Settings
from respool.app.source_now import source_reasons
from respool.app.target_account import survey_target
from respool.app.wiring import STEP_KINDS
from respool.errors import SurveyChanged
from respool.model.state import UidSet
from respool.planning.codec import parse_step
from respool.planning.lacking import there_by_now
from respool.planning.plan import PlanHead
from respool.planning.step import MessageStep
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.recheck import recheck
from respool.targets.spool.survey import SpoolSurvey


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
    lacking = lacking_now(settings, head, survey)
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


def lacking_now(settings: Settings, head: PlanHead, survey: SpoolSurvey) -> Lacking:
    """What of the plan's mail the live account lacks, by backup and server as they are now."""
    prepared = prepare_again(settings, head)
    chosen, selection = prepared.choice.mailboxes, prepared.selection
    return lacking_of(settings, head.request, chosen, survey, selection)


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
