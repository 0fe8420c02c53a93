"""Who may read a mailshare that is gone, once it was created again as the backup had it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from respool.model.accounts import Account, AccountKind
from respool.system.cyrus_server import ServerAccess, reach_server
from respool.targets.spool.absent import Former, survey_absent
from respool.targets.spool.survey import SpoolSurvey
from tests.support.private_cyrus import PrivateCyrus

pytestmark = pytest.mark.needs_cyrus
ALL = {"admin0": "lrswipkxtean"}
READERS = {"alice@bluemind.loc": "lrs", "anyone": "p", "-bob@bluemind.loc": "w"}


def surveyed(server: PrivateCyrus, rights: Mapping[str, str]) -> SpoolSurvey:
    """How it will stand."""
    share = Account(kind=AccountKind.MAILSHARE, login="nowhere", domain="bluemind.loc")
    former = Former(partition="bluemind_loc", rights=rights, limits={"STORAGE": 7})
    with reach_server(ServerAccess(imapd_conf=server.imapd_conf)) as reached:
        return survey_absent(reached, share, former)


def test_they_are_those_that_it_had(restoring_names: PrivateCyrus) -> None:
    found = surveyed(restoring_names, READERS)

    assert dict(found.rights) == READERS
    assert found.findings == ()
    assert [(each.resource, each.limit) for each in found.quotas] == [("STORAGE", 7)]


def test_an_identifier_that_cannot_be_written_is_left_out(restoring_names: PrivateCyrus) -> None:
    found = surveyed(restoring_names, {**READERS, "group:Vente Nord": "lrs"})

    assert dict(found.rights) == READERS


@pytest.mark.parametrize(
    "rights",
    [
        {**READERS, "-bad%id@bluemind.loc": "lrs"},
        {"anyone": "lrs", '-"a b"': "lr"},
        {"group:Vente Nord": "lrs"},
        {},
    ],
    ids=["shut out", "shut out of what anyone may", "none can be written", "none are known"],
)
def test_where_somebody_cannot_be_shut_out_again_only_administrators_may_read_it(
    rights: Mapping[str, str], restoring_names: PrivateCyrus
) -> None:
    """
    And that is said.
    """
    found = surveyed(restoring_names, rights)

    assert dict(found.rights) == ALL
    assert [each.code for each in found.findings] == ["rights-unknown"]
    assert "share it again" in found.findings[0].text
