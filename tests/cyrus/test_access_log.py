"""What changes somebody's mail is noted before it does; where it cannot be, nothing changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from respool.app.access_log import LOG_FILE
from respool.app.runs import list_runs
from respool.app.settings import Settings
from respool.app.verify import verify
from respool.errors import NotPermitted
from respool.runs.states import RunState
from tests.support.as_before import as_before
from tests.support.directions import fresh_target
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import restored, settings_for, wish
from tests.support.undoing import undone
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
SOURCE = SPOOLS["3.4.9"]


def lines(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (settings.state / LOG_FILE).read_text().splitlines()]


def test_nothing_is_changed_that_cannot_be_noted_and_all_that_is_is(
    restoring_names: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> None:
    settings = settings_for(restoring_names, unpacked(SOURCE), tmp_path / "state")
    target = fresh_target(restoring_names, "user")
    before = as_before(restoring_names, target)
    wanted = wish(JDOE, "Sent", to=target.written, into="back")
    log = settings.state / LOG_FILE
    settings.state.mkdir(mode=0o700)
    log.mkdir()

    with pytest.raises(NotPermitted, match="cannot be written"):
        restored(settings, wanted)

    assert as_before(restoring_names, target) == before
    assert list_runs(settings) == ()
    assert list((settings.state / "runs").iterdir()) == []

    log.rmdir()
    number = restored(settings, wanted).run
    verify(settings, number)
    log.rename(settings.state / "kept.log")
    log.mkdir()
    with pytest.raises(NotPermitted):
        undone(settings, number)
    assert list_runs(settings)[0].row.state is RunState.DONE

    log.rmdir()
    (settings.state / "kept.log").rename(log)
    undone(settings, number)

    assert as_before(restoring_names, target) == before
    told = lines(settings)
    assert [each["command"] for each in told] == ["plan", "restore", "verify", "undo"]
    assert [each["run"] for each in told] == [None, number, number, number]
    assert {each["account"] for each in told} == {"jdoe@bluemind.loc"}
    assert {each["target"] for each in told[1:]} == {target.login}
    assert told[1]["messages"] == 5
