"""What a plan counts of each mailbox, and which of its messages come, with which flags."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.model.inventory import EXPUNGED, IN_ARCHIVE, IN_DATA, NOWHERE, UNLINKED
from respool.planning.plan import PlannedMailbox
from respool.planning.step import MessageStep, PlannedMessage
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.steps import CopyMessages, WriteIndex
from tests.unit.targets.spool.plans import RIGHTS, ROOM, chosen, planned, rows_of

ANSWERED, FLAGGED, DELETED, SEEN = 1, 2, 4, 16
ARCHIVE = replace(ROOM, directory="/archive", pool="8:3")
INCLUDING = {"has_expunged": True}


def messages_of(plan: SpoolPlan) -> list[PlannedMessage]:
    return [
        each for step in plan.steps() if isinstance(step, MessageStep) for each in step.messages
    ]


def only(plan: SpoolPlan) -> PlannedMailbox:
    (mailbox,) = plan.head.mailboxes
    return mailbox


def test_expunged_mail_comes_only_if_asked_for_and_no_longer_as_deleted() -> None:
    """Else the next EXPUNGE of a client would take it away again."""
    flags = [SEEN, EXPUNGED | DELETED | SEEN | FLAGGED, EXPUNGED, DELETED]
    folder = chosen("INBOX", rows_of(4, system_flags=flags))

    without, including = planned([folder]), planned([folder], request=INCLUDING)

    assert [each.uid for each in messages_of(without)] == [1, 4]
    assert (only(without).left_out, only(without).brought_back) == (2, 0)
    assert [(each.uid, each.flags) for each in messages_of(including)] == [
        (1, ("\\Seen",)),
        (2, ("\\Flagged", "\\Seen")),
        (3, ()),
        (4, ("\\Deleted",)),
    ]
    assert (only(including).left_out, only(including).brought_back) == (0, 2)


@pytest.mark.parametrize(
    ("columns", "left_out"),
    [
        ({"system_flags": EXPUNGED | UNLINKED}, 0),
        ({"system_flags": EXPUNGED, "place": NOWHERE}, 0),
        ({"system_flags": EXPUNGED, "file_size": 99}, 1),
        ({"system_flags": EXPUNGED, "size": 0, "file_size": 0}, 1),
    ],
    ids=["gone", "without-file", "cut", "of-no-octets"],
)
def test_expunged_mail_of_which_no_whole_file_is_there_does_not_come(
    columns: dict[str, Any], left_out: int
) -> None:
    rows = rows_of(2)
    for name, value in columns.items():
        rows[name][1] = value

    plan = planned([chosen("INBOX", rows)], request=INCLUDING)

    assert [each.uid for each in messages_of(plan)] == [1]
    found = only(plan)
    assert (found.left_out, found.brought_back, found.lost) == (left_out, 0, 0)


def test_what_is_planned_leaves_the_backup_s_records_as_they_are() -> None:
    rows = rows_of(2, system_flags=[SEEN, EXPUNGED | DELETED | SEEN])
    before = rows.tobytes()

    plan = planned([chosen("INBOX", rows)], request=INCLUDING)
    list(plan.steps())

    assert rows.tobytes() == before


@pytest.mark.parametrize("room", [ARCHIVE, None], ids=["archive", "none"])
def test_what_was_archived_goes_to_the_archive_where_there_is_one(room: Any) -> None:  # noqa: ANN401
    """Else it is usual mail; where it lies in the backup is said all the same."""
    rows = rows_of(3, place=[IN_DATA, IN_ARCHIVE, IN_ARCHIVE], size=[10, 20, 30])
    rows["file_size"] = rows["size"]

    plan = planned([chosen("INBOX", rows)], archive_room=room)

    there = room is not None
    found = only(plan)
    assert (found.messages, found.size_bytes) == (3, 60)
    assert (found.archived, found.archived_bytes) == ((2, 50) if there else (0, 0))
    assert [each.is_archived for each in messages_of(plan)] == [False, True, True]
    keeping = [
        each.keeps_archive for each in plan.steps() if isinstance(each, CopyMessages | WriteIndex)
    ]
    assert keeping == [there, there]


def test_a_folder_that_only_holds_others_is_as_narrow_as_all_of_them() -> None:
    live = {**RIGHTS, "alice": "lrs", "bob": "lrs"}
    inner = [chosen("x/a", acl={**RIGHTS, "alice": "lrs"}), chosen("x/b", acl=live)]

    holders = planned(inner, rights=live, context={"root_acl": live}).head.mailboxes[:2]

    assert [each.target_path for each in holders] == ["restored", "restored/x"]
    assert [dict(each.rights) for each in holders] == [{**RIGHTS, "alice": "lrs"}] * 2
    assert [each.narrower_for for each in holders] == [("bob",)] * 2
    assert all(each.source_path is None and each.is_new for each in holders)


def test_a_backup_of_files_alone_gets_the_target_s_rights() -> None:
    live = {**RIGHTS, "alice": "lrs"}

    plan = planned([chosen("INBOX", acl={})], rights=live, context={"root_acl": None})

    assert dict(only(plan).rights) == live


def test_of_several_folders_one_whose_rights_are_lost_is_the_owner_s_alone() -> None:
    live = {**RIGHTS, "alice": "lrs"}
    folders = [chosen("INBOX", acl=live), chosen("a", acl={})]

    one, other = planned(folders, rights=live, context={"root_acl": live}).head.mailboxes

    assert dict(one.rights) == live
    assert set(other.rights) == {"jdoe@b.loc", "admin0"}


@given(data=st.data(), has_expunged=st.booleans())
def test_every_record_that_a_user_could_miss_is_counted_once(
    data: st.DataObject,
    has_expunged: bool,  # noqa: FBT001 - Hypothesis gives it
) -> None:
    count = data.draw(st.integers(1, 8))

    def column(*values: int) -> list[int]:
        return data.draw(st.lists(st.sampled_from(values), min_size=count, max_size=count))

    rows = rows_of(
        count,
        system_flags=column(0, SEEN, EXPUNGED, EXPUNGED | DELETED, EXPUNGED | UNLINKED),
        place=column(NOWHERE, IN_DATA, IN_ARCHIVE),
        size=column(100, 0, 7),
    )
    folder = chosen("INBOX", rows)

    plan = planned([folder], request={"has_expunged": has_expunged}, archive_room=ARCHIVE)

    found = only(plan)
    visible = int(folder.mailbox.visible().sum())
    assert found.messages == len(messages_of(plan))
    assert found.size_bytes == sum(each.size_bytes for each in messages_of(plan))
    assert found.unseen == sum("\\Seen" not in each.flags for each in messages_of(plan))
    assert found.archived == sum(each.is_archived for each in messages_of(plan))
    assert found.messages + found.lost == visible + found.brought_back
    assert found.left_out + found.brought_back == int(folder.mailbox.recoverable().sum())
    assert not np.any(rows["size"][folder.wanted(has_expunged=has_expunged)] == 0)
