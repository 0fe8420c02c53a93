"""The page about BlueMind shows the order and the bodies that the planner and the calls make."""

from __future__ import annotations

import json
import re

import pytest

from respool.bluemind import api_requests
from respool.bluemind.api_answers import ApiMailbox
from respool.bluemind.api_requests import ApiRequest
from respool.bluemind.families import Family
from respool.finishing.planner import QUOTA, REPAIRS, finishing_asked
from respool.finishing.survey import CoreSurvey, Doing
from respool.model.accounts import AccountKind
from respool.planning.finishing import CONSOLIDATE, RIGHTS_BY_REPAIR, SAVE_RIGHTS
from tests.docs.pages import PROJECT, sections

PAGE = PROJECT / "docs" / "how-to" / "finish-on-bluemind.md"
VERSIONS = {
    Family.BM3: "3.1.42842",
    Family.BM4: "4.4.1",
    Family.BM49: "4.9.3884",
    Family.BM5: "5.1.3268",
}
OF_CYRUS = {RIGHTS_BY_REPAIR, QUOTA}
CELL = re.compile(r"\| \d+ \| `([\w-]+)` \| `(\w+ [^`]+)` \| (.+) \|")


def request_of(family: Family, work: str) -> tuple[str, ApiRequest]:
    if work == SAVE_RIGHTS:
        return "bluemind-save-rights", api_requests.save_mailbox_acl("DOMAIN", "UID", [])
    if work == CONSOLIDATE:
        return "bluemind-consolidate-index", api_requests.consolidate_index("DOMAIN", "UID")
    return "bluemind-repair", api_requests.repair(family, "DOMAIN", "UID", [work])


def body_of(work: str, request: ApiRequest) -> str:
    if work == SAVE_RIGHTS:
        return "the list, as it was read"
    return "none" if request.body is None else f"`{json.dumps(request.body)}`"


def operations_of(family: Family) -> tuple[str, ...]:
    """Those that are asked for, as far as a version has them."""
    if not family.has_repairs:
        return ()
    return tuple(each for each in REPAIRS if family.has_cyrus or each not in OF_CYRUS)


@pytest.mark.parametrize("family", VERSIONS, ids=str)
def test_the_table_of_a_version_is_what_the_planner_and_the_calls_make(family: Family) -> None:
    mailbox = ApiMailbox(
        uid="UID",
        name="jdoe",
        kind=AccountKind.USER,
        emails=(),
        quota_kib=None,
        is_archived=False,
        data_location=None,
    )
    survey = CoreSurvey(
        version=VERSIONS[family],
        family=family,
        domain="DOMAIN",
        mailbox=mailbox,
        operations=operations_of(family),
    )
    doing = Doing(is_written=True, is_in_place=True)
    finishing = finishing_asked(survey, doing, "jdoe@bluemind.loc")

    assert finishing is not None
    made = [
        (kind, f"{request.method} {request.path}", body_of(work, request))
        for work in finishing.work
        for kind, request in (request_of(family, work),)
    ]
    shown = CELL.findall(sections(PAGE, 3)[f"BlueMind {family}"])
    assert shown == made
