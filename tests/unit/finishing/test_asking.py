"""A core that was away is waited for once, not by everybody who asks it after that."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from respool.bluemind import api_requests
from respool.errors import BluemindUnreachable, StepFailed
from tests.unit.finishing.scripted_core import ScriptedCore

ASKED = api_requests.installation_state()
STATE = f"GET {ASKED.path}"
AWAY = BluemindUnreachable("BlueMind's core is away", why="status 503")


@dataclass(slots=True)
class Forgetting:
    """Counts how often a core was let go."""

    times: int = 0

    def __call__(self) -> None:
        self.times += 1


def test_the_next_one_does_not_wait_and_after_a_while_it_is_tried_once() -> None:
    core = ScriptedCore(answers={STATE: [AWAY]})
    asking = core.asking
    seconds = []

    for pause in (0.0, 0.0, asking.patience.untried):
        core.now += pause
        begun, asked = core.now, core.count(STATE)
        with pytest.raises(StepFailed, match="is away"):
            asking.ask(ASKED)
        seconds.append((core.now - begun >= asking.patience.away, core.count(STATE) - asked))

    assert seconds[0][0]
    assert seconds[1:] == [(False, 0), (False, 1)]


def test_one_that_came_back_is_waited_for_again() -> None:
    core = ScriptedCore(answers={STATE: [AWAY]})
    asking = core.asking
    with pytest.raises(StepFailed):
        asking.ask(ASKED)

    core.now += asking.patience.untried
    core.answers[STATE] = ["core.state.running", AWAY, "core.state.running"]

    assert [asking.ask(ASKED), asking.ask(ASKED)] == ["core.state.running"] * 2


def test_one_that_was_away_is_opened_anew_for_it_may_be_another_version() -> None:
    core, forgetting = ScriptedCore(answers={STATE: [AWAY, AWAY, "running"]}), Forgetting()

    assert replace(core.asking, forget=forgetting).ask(ASKED) == "running"
    assert forgetting.times == 2
