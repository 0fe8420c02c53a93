"""What BlueMind is told: by version, by what its core offers, by what the restore does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from respool.bluemind.api_answers import ApiMailbox
from respool.bluemind.families import Family
from respool.errors import PlanRefused
from respool.finishing.kept_rights import KeptRights
from respool.finishing.planner import REPAIRS, finishing_asked, finishing_unasked
from respool.finishing.survey import CoreSurvey, Doing, Gone
from respool.model.accounts import AccountKind
from respool.planning.finishing import DirectoryQuota, Finishing

WRITTEN = Doing(is_written=True)
ADDRESS = "jdoe@b.loc"
JDOE = ApiMailbox(
    uid="U1",
    name="jdoe",
    kind=AccountKind.USER,
    emails=("jane@b.example",),
    quota_kib=1000,
    is_archived=False,
    data_location="bm-master",
)
GONE = Gone(
    uid="NEW",
    name="contact",
    email="contact@b.loc",
    partition="bm-master__b_loc",
    quota_kib=500,
    rights={
        "U1@b.loc": "lrswipkxtea",
        "U2@b.loc": "lrswipkxte",
        "U3@b.loc": "lrp",
        "gone@b.loc": "lr",
        "U4@other.loc": "lr",
        "group:G1@b.loc": "lrp",
        "anyone": "p",
        "admin0": "lrswipkxtecdan",
    },
)


def survey(version: str = "4.8.1", family: Family = Family.BM4, **more: object) -> CoreSurvey:
    found = CoreSurvey(
        version=version, family=family, domain="b.loc", mailbox=JDOE, operations=REPAIRS
    )
    return replace(found, **more)  # type: ignore[arg-type]


def told(found: CoreSurvey, doing: Doing = WRITTEN, gone: Gone | None = None) -> Finishing:
    finishing = finishing_asked(found, doing, ADDRESS, gone)
    assert finishing is not None
    return finishing


def test_only_what_the_core_offers_is_asked_for_in_our_order() -> None:
    offered = ("replication.subtree", "unknown.to.us", "mailboxQuota", "mailboxAcls")

    assert told(survey(operations=offered)).work == (
        "mailboxAcls",
        "mailboxQuota",
        "replication.subtree",
        "consolidate-index",
    )


def test_a_core_that_offers_nothing_is_asked_for_no_repair_but_gets_its_sharings_back() -> None:
    assert told(survey(operations=())).work == ("save-rights", "consolidate-index")


def test_bluemind_3_5_is_told_by_its_own_calls_and_one_click_is_left() -> None:
    found = told(survey("3.1.42842", Family.BM3, operations=()))

    assert found.work == ("save-rights", "consolidate-index")
    assert ["Manage folders" in each for each in found.by_hand] == [True]


def test_default_folders_are_for_a_restore_in_place_and_subscriptions_for_a_user() -> None:
    in_place = Doing(is_written=True, is_in_place=True)
    share = Doing(is_written=True, is_mailshare=True)

    assert "mailboxDefaultFolders" in told(survey(), in_place).work
    assert "mailboxDefaultFolders" not in told(survey()).work
    assert "mailboxSubscription" not in told(survey(), share).work


def test_rights_are_not_written_anew_where_a_folder_is_for_fewer_people() -> None:
    found = told(survey(), Doing(is_written=True, has_narrower=True))

    assert not found.gives_rights
    assert any("would be open" in each for each in found.side_effects)
    assert any("sharings are saved" in each for each in found.by_hand)


@pytest.mark.parametrize("family", [Family.BM3, Family.BM4])
@pytest.mark.parametrize(
    "found", [{"own": ("user/jdoe/Private",)}, {"more": ("U7",)}, {"less": ("U8",)}]
)
def test_rights_are_not_written_anew_where_that_would_change_those_of_a_live_folder(
    family: Family, found: dict[str, tuple[str, ...]]
) -> None:
    """Nor is a person told to do it: the folder is named, with a warning."""
    doing = replace(WRITTEN, kept=KeptRights(**found))
    (named,) = next(iter(found.values()))
    version = "3.1.42842" if family is Family.BM3 else "4.8.1"

    asked = told(survey(version, family), doing)
    unasked = finishing_unasked(family, doing, "b.loc", "jdoe", ADDRESS)

    assert not asked.gives_rights
    assert any(named in each for each in asked.side_effects)
    for left in (asked.by_hand, unasked.by_hand):
        (warned,) = [each for each in left if named in each]
        assert "were not written anew" in warned
        assert not any("--ops mailboxAcls" in each or "tab Sharings" in each for each in left)


def test_of_mail_that_only_came_over_imap_the_index_alone_is_told() -> None:
    found = told(survey("3.1.42842", Family.BM3), Doing(is_written=False))

    assert (found.work, found.by_hand) == (("consolidate-index",), ())


@pytest.mark.parametrize(
    ("version", "is_refused"), [("4.2.9", False), ("4.3.0", True), ("4.8.5", True)]
)
def test_a_suspended_entry_is_not_repaired_where_bluemind_refuses_that(
    version: str, *, is_refused: bool
) -> None:
    found = told(survey(version, mailbox=replace(JDOE, is_archived=True)))

    assert ("mailboxAcls" not in found.work) is is_refused
    assert any("Unsuspend; then:" in each for each in found.by_hand) is is_refused
    assert any("--ops mailboxAcls," in each for each in found.by_hand) is is_refused
    assert found.gives_rights


def test_the_directory_s_limit_is_raised_beside_cyrus_s() -> None:
    raised = Doing(is_written=True, raised_kib=2000)

    assert told(survey(), raised).quota == DirectoryQuota(former=1000, limit=2000)
    unlimited = survey(mailbox=replace(JDOE, quota_kib=None))
    assert told(unlimited, raised).quota is None
    assert told(survey()).quota is None


def test_dummy_messages_are_said_before() -> None:
    assert any("dummy message" in each for each in told(survey()).side_effects)


def test_commands_name_the_main_address() -> None:
    assert told(survey()).address == "jane@b.example"
    nameless = survey(mailbox=replace(JDOE, emails=("jane",)))
    assert told(nameless).address == ADDRESS


def test_nothing_is_told_of_an_account_that_the_directory_does_not_have() -> None:
    assert finishing_asked(survey(mailbox=None), WRITTEN, ADDRESS) is None


def test_a_mailshare_is_made_as_it_was_for_those_whom_the_directory_knows() -> None:
    found = survey(
        mailbox=None,
        servers=("bm-master", "bm-2"),
        is_email_free=True,
        known=frozenset({"U1@b.loc", "U2@b.loc", "U3@b.loc", "group:G1@b.loc"}),
    )
    makes = told(found, WRITTEN, GONE).makes

    assert makes is not None
    assert makes.data_location == "bm-master"
    assert makes.shared == {"U1": "All", "U2": "Write", "U3": "Read", "G1": "Read"}
    assert (makes.email, makes.quota_kib) == ("contact@b.loc", 500)


@pytest.mark.parametrize(
    ("had", "verb", "is_left"),
    [
        ("lrswipkxtecdan", "All", False),
        ("lrswipkxte", "Write", False),
        ("lra", "Read", True),
        ("lrswi", "Read", True),
        ("lr", "Read", False),
        ("li", None, True),
        ("a", None, True),
    ],
)
def test_a_mailshare_gives_nobody_more_than_he_had(
    had: str, verb: str | None, *, is_left: bool
) -> None:
    """What BlueMind has no word for is left to a person."""
    found = survey(mailbox=None, servers=("bm-master",), known=frozenset({"U1@b.loc"}))
    finishing = told(found, WRITTEN, replace(GONE, rights={"U1@b.loc": had, "anyone": "p"}))

    assert finishing.makes is not None
    assert finishing.makes.shared.get("U1") == verb
    assert any("U1@b.loc had more" in each for each in finishing.by_hand) is is_left


def test_a_group_that_is_gone_is_left_to_a_person_and_so_is_one_without_any_reader() -> None:
    rights = {"group:G1@b.loc": "lrp", "anyone": "p", "admin0": "lrswipkxtecdan"}
    finishing = told(
        survey(mailbox=None, servers=("bm-master",)), WRITTEN, replace(GONE, rights=rights)
    )

    assert finishing.makes is not None
    assert finishing.makes.shared == {}
    (left,) = [each for each in finishing.by_hand if "share it" in each]
    assert "group:G1@b.loc had more" in left
    assert "admin0" not in left


def test_a_mailshare_gets_no_address_that_is_another_s() -> None:
    found = survey(mailbox=None, servers=("bm-master",))
    makes = told(found, WRITTEN, GONE).makes

    assert makes is not None
    assert makes.email is None


def test_a_mailshare_is_not_made_where_its_server_cannot_be_told() -> None:
    gone = replace(GONE, partition="mail")
    with pytest.raises(PlanRefused, match="not asked to make contact"):
        told(survey(mailbox=None, servers=("bm-2", "bm-3")), WRITTEN, gone)


@pytest.mark.parametrize("family", [Family.BM3, Family.BM4])
def test_without_the_core_a_person_is_told_the_clicks_and_commands(family: Family) -> None:
    doing = Doing(is_written=True, raised_kib=2000)
    found = finishing_unasked(family, doing, "b.loc", "jdoe", ADDRESS)
    text = "\n".join(found.by_hand)

    assert found.work == ()
    assert "2000 KiB" in text
    if family is Family.BM3:
        assert "tab Sharings > Save" in text
        assert "Repair mailbox indexing" in text
        assert "Manage folders" in text
    else:
        assert f"bm-cli maintenance consolidateIndex {ADDRESS}" in text
        repairs, warning, expunging = found.by_hand[1:4]
        assert repairs == (
            "bm-cli maintenance repair --ops mailboxAcls,mailboxQuota,replication.subtree,"
            f"mailboxSubscription {ADDRESS}"
        )
        assert warning.startswith("replication.parentUid EXPUNGES whatever is marked as deleted")
        assert expunging == f"bm-cli maintenance repair --ops replication.parentUid {ADDRESS}"
