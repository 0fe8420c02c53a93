"""What the page of servers says is what a server of that version answers."""

from __future__ import annotations

import json

import pytest

from tests.support.missing import give_up
from tests.support.servers.abilities import asked_of
from tests.support.servers.places import DOVECOTS, Place, in_turn
from tools.servers import KEPT

pytestmark = pytest.mark.needs_cyrus


@pytest.mark.parametrize("place", [DOVECOTS[-1], in_turn()], ids=lambda place: place.name)
def test_a_server_holds_what_the_page_says_of_it(place: Place, as_root: None) -> None:
    if place.why_not is not None:
        give_up(place.why_not)
    kept = json.loads(KEPT.read_text("utf-8"))["servers"][place.name]
    with place.serve() as server:
        if server.version != kept["version"]:
            pytest.skip(f"the page knows {kept['version']}, and here is {server.version}")
        answers = {question: said.as_json() for question, said in asked_of(server).items()}
    assert answers == kept["holds"]


def test_each_of_the_other_suites_has_its_turn() -> None:
    """
    Within as many days as there are.
    """
    assert len({in_turn(day).name for day in (364, 365, 366)}) == 3
