"""Golden samples go into every server over IMAP, and come back equal in all that it can hold.

By the spool they do so in ``tests/cyrus``. All samples, all accounts, all servers, both
ways: ``./dev test servers --all``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.missing import give_up
from tests.support.servers.golden_rounds import round_by_imap
from tests.support.servers.places import Place, Server, spoken_to
from tests.support.whole_account import SPOOLS, TREES, Source

pytestmark = pytest.mark.needs_cyrus
JDOE, CONTACT = "user/jdoe@bluemind.loc", "share/contact@bluemind.loc"


@pytest.fixture(scope="module", params=[pytest.param(each, id=each.name) for each in spoken_to()])
def server(request: pytest.FixtureRequest, as_root: None) -> Iterator[Server]:
    place: Place = request.param
    if place.why_not is not None:
        give_up(place.why_not)
    with place.serve() as one:
        yield one


@pytest.mark.parametrize(
    ("source", "account"),
    [
        pytest.param(SPOOLS["2.4.20"], JDOE, id="2.4.20, jdoe"),
        pytest.param(SPOOLS["3.10.3"], CONTACT, id="3.10.3, contact"),
        pytest.param(TREES["BlueMind 4"], JDOE, id="BlueMind 4, jdoe"),
    ],
)
def test_a_whole_account_comes_back_but_for_what_the_receipt_names(
    source: Source,
    account: str,
    server: Server,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    """
    Octets, flags, keywords, dates; folders by the names that the server takes.
    """
    came_back = round_by_imap(server, source, unpacked(source), tmp_path / "state", account)

    assert came_back.messages > 10
    assert (came_back.named, came_back.differences) == ((), ())
