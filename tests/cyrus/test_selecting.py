"""Single messages into a live server: those that were meant come back, and no others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from respool.app.restore import restore_plan, save_plan
from respool.errors import PlanRefused
from respool.model.conditions import Conditions
from tests.support.directions import INTO, check_target_sound, folders_of, fresh_target
from tests.support.plan_files import Fields, forge
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import agreeing, held, settings_for, wish
from tests.support.whole_account import TREES, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
SOURCE = TREES["generation 88"]


def test_messages_that_match_come_back_as_they_were_and_no_others(
    restoring_uuid: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> None:
    """
    By a plan file, which is made again and compared: octets, flags and dates are the truth's.
    A file that would copy a message which was not picked is refused before anybody is asked.
    """
    settings = settings_for(restoring_uuid, unpacked(SOURCE), tmp_path / "state")
    target = fresh_target(restoring_uuid, "user")
    wanted = wish(
        JDOE,
        generation=SOURCE.generation,
        to=target.written,
        into=INTO,
        conditions=Conditions(sender="alice", flags=("\\Seen",)),
    )
    plan, forged = tmp_path / "plan", tmp_path / "forged"
    head = save_plan(settings, wanted, plan)
    expected = {
        path: tuple(held(each) for each in box.messages if each.uid in uids)
        for name, picked in head.request.picked.items()
        for box in SOURCE.truth.mailboxes.values()
        if box.imap_name == name
        for uids in (set(picked.uids().tolist()),)
        for path in (box.name.partition("@")[0].removeprefix("user/jdoe").strip("/") or "INBOX",)
    }
    assert head.messages == sum(map(len, expected.values())) >= 3

    def unpick(lines: Fields) -> None:
        name = next(iter(head.request.picked))
        lines[0]["request"]["picked"][name] = "999"

    forged.write_bytes(plan.read_bytes())
    forge(forged, unpick)
    with pytest.raises(PlanRefused) as refused:
        restore_plan(settings, forged, agreeing())
    assert "none of those that were picked" in str(refused.value.why)

    receipt = restore_plan(settings, plan, agreeing())
    assert receipt.verdict.value == "proven"
    found = folders_of(restoring_uuid, target, target.login)
    assert {path: messages for path, messages in found.items() if messages} == expected
    check_target_sound(restoring_uuid, target)
