from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from respool.planning.load import Load
from respool.targets.spool.recheck import WrittenRights, recheck_left
from respool.targets.spool.survey import SpoolSurvey
from tests.unit.targets.spool.plans import ABSENT, INBOX, SURVEY, planned_by

NOTHING: Mapping[str, Load] = {}
OWNER = "jdoe@b.loc"
PLANNED = {OWNER: "lrswipkxtean"}


def once_created(rights: Mapping[str, str]) -> SpoolSurvey:
    """The account that a run has made again."""
    return replace(ABSENT, is_absent=False, existing=frozenset({INBOX}), rights=rights)


@pytest.mark.parametrize(
    ("rights", "is_whole", "says"),
    [
        ({OWNER: "lrswipkxtecdan"}, True, []),  # the old c and d are the server's shorthand
        ({OWNER: "lr"}, True, ["rights"]),
        ({OWNER: "lr"}, False, []),  # cut off while it was made: they will be set
        ({**PLANNED, "anyone": "lr"}, True, ["rights"]),
    ],
)
def test_rights_of_an_account_that_the_run_made_are_those_that_it_gave(
    rights: Mapping[str, str],
    is_whole: bool,  # noqa: FBT001 - a parameter of the test
    says: list[str],
) -> None:
    planned = replace(ABSENT, rights=PLANNED)
    head = planned_by("annotated").head
    head = replace(head, facts=planned.facts, owner=planned.owner)

    reasons = recheck_left(head, once_created(rights), NOTHING, is_account_whole=is_whole)

    assert [reason.split()[0] for reason in reasons] == says


def test_the_partition_of_an_account_that_bluemind_made_is_the_one_that_it_chose() -> None:
    head = planned_by("annotated").head
    planned = replace(ABSENT, rights=PLANNED)
    head = replace(head, facts=planned.facts, owner=planned.owner)
    there = replace(once_created(PLANNED), partition="bm-master__b_loc")

    assert recheck_left(head, there, NOTHING, is_place_of_others=True) == ()
    (reason,) = recheck_left(head, there, NOTHING)
    assert reason.startswith("partition was")


def test_rights_that_bluemind_wrote_are_no_reason_but_where_a_folder_would_give_more_by_now() -> (
    None
):
    """Seen marks and posting open nothing; what somebody lost meanwhile he does not get back."""
    head = replace(planned_by("annotated").head, facts=SURVEY.facts, owner=SURVEY.owner)
    private = "user/jdoe/b@b.loc"
    to_give = {private: {OWNER: "lrswipkxteacd", "asmith@b.loc": "lrs", "anyone": "p"}}
    still = replace(SURVEY, rights={OWNER: "lrswipkxtea", "asmith@b.loc": "lr"})
    lost = replace(SURVEY, rights={OWNER: "lrswipkxtea"})

    found = [
        recheck_left(head, each, NOTHING, written=WrittenRights(to_give=to_give))
        for each in (still, lost)
    ]

    assert found[0] == ()
    (reason,) = found[1]
    assert reason.startswith(f"asmith@b.loc was to get lrs in {private}, and has less")
    (other,) = recheck_left(head, lost, NOTHING)
    assert other.startswith("rights was")


def test_of_a_mailshare_that_bluemind_is_still_to_share_no_right_is_missed_yet() -> None:
    """It was cut off between making it and sharing it; that is done again."""
    planned = replace(ABSENT, rights=PLANNED)
    head = replace(planned_by("annotated").head, facts=planned.facts, owner=planned.owner)
    written = WrittenRights(to_give={"back/Archives@b.loc": {"asmith@b.loc": "lrswipkxtecd"}})
    unshared = once_created({"anyone": "p"})

    found = [
        recheck_left(head, unshared, NOTHING, is_account_whole=each, written=written)
        for each in (False, True)
    ]

    assert found[0] == ()
    assert "asmith@b.loc was to get" in found[1][0]
