from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from respool.errors import PlanRefused
from respool.exports.manifest_head import ExportForm
from respool.model.accounts import Account, AccountKind
from respool.planning.chosen import ChosenMailbox
from respool.planning.codec import parse_step, render_step
from respool.planning.step import ACCOUNT_LANE
from respool.targets.export.planner import plan_restore
from respool.targets.export.sequence import ExportPlan
from respool.targets.export.steps import EXPORT_STEPS, WriteFolder
from respool.targets.export.survey import ExportSurvey
from tests.support.exporting import STEPS
from tests.unit.planning.plans import REQUEST
from tests.unit.targets.spool.plans import CONTEXT, ROOM, chosen

SURVEY = ExportSurvey(
    form=ExportForm.MAILDIR,
    path="/srv/out",
    is_there=False,
    room=replace(ROOM, kind="ext4"),
    most_name_octets=255,
)


def planned(
    folders: list[ChosenMailbox],
    form: ExportForm = ExportForm.MAILDIR,
    *,
    kind: str = "ext4",
) -> ExportPlan:
    survey = replace(SURVEY, form=form, room=replace(SURVEY.room, kind=kind))
    return plan_restore(REQUEST, folders, survey, CONTEXT)


def refused(folders: list[ChosenMailbox], survey: ExportSurvey) -> tuple[str, ...]:
    with pytest.raises(PlanRefused) as caught:
        plan_restore(REQUEST, folders, survey, CONTEXT)
    return caught.value.reasons


def kinds(plan: ExportPlan) -> list[str]:
    return [f"{step.kind} {step.lane}".strip() for step in plan.steps()]


def test_the_folders_of_a_maildir_are_made_first_and_filled_beside_each_other() -> None:
    assert kinds(planned([chosen("INBOX", 2), chosen("a", 501)])) == [
        "export-make",
        *["export-write-folder"] * 2,
        "export-write-messages .",
        *["export-write-messages .a"] * 2,
        "export-finish",
        "prove-export .",
        "prove-export .a",
    ]


def test_the_folders_of_a_zip_are_made_and_filled_one_after_the_other() -> None:
    assert kinds(planned([chosen("INBOX", 2), chosen("a", 1)], ExportForm.ZIP)) == [
        "export-make",
        "export-write-folder",
        "export-write-messages INBOX",
        "export-write-folder",
        "export-write-messages a",
        "export-finish",
        "export-publish-zip",
        "prove-export INBOX",
        "prove-export a",
    ]


@pytest.mark.parametrize("form", ExportForm)
def test_every_step_comes_back_from_a_plan_file(form: ExportForm) -> None:
    steps = list(planned([chosen("INBOX", 2), chosen("a/b", 3)], form).steps())
    lines = [render_step(number, step) for number, step in enumerate(steps)]
    assert [parse_step(line, STEPS) for line in lines] == steps
    assert {type(step) for step in steps} >= {*EXPORT_STEPS} - {EXPORT_STEPS[-1]}


def test_each_directory_is_made_by_the_first_folder_that_needs_it() -> None:
    plan = planned([chosen("a/b"), chosen("a/c"), chosen("a")], ExportForm.EML)
    made = [step.directories for step in plan.steps() if isinstance(step, WriteFolder)]
    assert made == [("a", "a/b"), ("a/c",), ()]


def test_a_maildir_is_refused_where_names_take_no_colon() -> None:
    (reason,) = refused([chosen("INBOX")], replace(SURVEY, room=replace(SURVEY.room, kind="vfat")))
    assert reason.startswith("vfat takes no ':' in names")
    assert planned([chosen("INBOX")], ExportForm.EML, kind="vfat").has_exact_times is False


def test_what_stands_in_the_way_is_named_with_what_there_is_no_room_for() -> None:
    room = replace(SURVEY.room, size_bytes=10, inodes=1)
    survey = replace(SURVEY, room=room, obstacles=("it is not empty",))
    reasons = refused([chosen("INBOX", 3)], survey)
    assert reasons[0] == "it is not empty"
    assert sum(reason.startswith("no space: ") for reason in reasons) == 2


def test_a_file_of_four_gibibytes_is_too_long_for_fat() -> None:
    box = chosen("INBOX", 2)
    rows = box.mailbox.records.copy()
    rows["size"] = rows["file_size"] = 3 << 30
    long = replace(box, mailbox=replace(box.mailbox, records=rows))
    room = replace(SURVEY.room, kind="vfat", size_bytes=1 << 40)
    for form in (ExportForm.ZIP, ExportForm.MBOX):
        with pytest.raises(PlanRefused, match="export to"):
            plan_restore(REQUEST, [long], replace(SURVEY, form=form, room=room), CONTEXT)


def test_of_a_mailshare_nobody_has_read_anything() -> None:
    share = Account(kind=AccountKind.MAILSHARE, login="contact", domain="b.loc")
    box = chosen("INBOX", 2)
    rows = box.mailbox.records.copy()
    rows["system_flags"] |= np.uint32(1 << 4)
    name = share.root
    read = replace(box, mailbox=replace(box.mailbox, name=name, records=rows))
    request = replace(REQUEST, account=share, target=share)
    head = plan_restore(request, [read], SURVEY, CONTEXT).head
    assert [(each.unseen, each.is_seen_kept) for each in head.mailboxes] == [(2, False)]


def test_more_keywords_than_letters_are_told() -> None:
    box = chosen("INBOX", 1)
    rows = box.mailbox.records.copy()
    rows["user_flags"][:, 0] = (1 << 30) - 1
    keywords = tuple(f"k{number}" for number in range(30))
    many = replace(box, mailbox=replace(box.mailbox, records=rows, keywords=keywords))
    head = planned([many]).head
    assert [(each.code, each.count) for each in head.findings if each.code.startswith("exp")] == [
        ("export-keywords", 4)
    ]


def test_no_step_of_a_folder_is_in_the_lane_of_the_account() -> None:
    plan = planned([chosen("INBOX", 1)])
    assert all(each.target_name != ACCOUNT_LANE for each in plan.head.mailboxes)
    assert plan.head.where == "maildir:/srv/out"
