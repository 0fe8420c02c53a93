"""Flags of live messages put back, on a real server: all of it, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from respool.app.access import server_access
from respool.app.at_state import AtState
from respool.app.state import prepare_state
from respool.app.verify import verify
from respool.app.wish import Wish
from respool.model.state import UidSet
from respool.planning.request import Conflict
from respool.planning.state_wish import parse_state_wish
from respool.runs.actor import Undoing
from respool.runs.journal import Journal, RunJournal
from respool.runs.states import StepState
from respool.system.cyrus_server import reach_server
from respool.system.flag_commands import flags_now, store_flags
from respool.targets.state.actor import StateActor
from respool.targets.state.steps import StoreFlags
from respool.verification.report import Conflicts
from tests.support.cut_counts import is_long
from tests.support.directions import fresh_target
from tests.support.imap_contents import acl_of, messages_in, name_for_others
from tests.support.live_server import serve_golden_live
from tests.support.living_site import Cutting, Site
from tests.support.power import Power
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import Workplace, restored, wish
from tests.support.undoing import undone

pytestmark = pytest.mark.needs_cyrus
JDOE, ALICE, JOHN = "jdoe@bluemind.loc", "alice@bluemind.loc", "john.doe@bluemind.loc"
CONTACT = "share/contact@bluemind.loc"
AT_SHARE = name_for_others("contact@bluemind.loc", None)
MAY_NOT_READ, MAY_ALL = "lrwipkxtecda", "lrswipkxtecda"  # RFC 4314: s is to keep what is read
MONDAY, TUESDAY = "2024-11-25", "2024-11-26"
Flags = Mapping[str, Mapping[int, frozenset[str]]]  # by folder and UID


@pytest.fixture(scope="module")
def golden_live(as_root: None) -> Iterator[PrivateCyrus]:
    with server_root() as root, serve_golden_live(root) as server:
        yield server


@pytest.fixture
def site(golden_live: PrivateCyrus, tmp_path: Path) -> Site:
    made = Site(server=golden_live, backups=tmp_path / "backups", state=tmp_path / "state")
    made.leave_unread(JDOE)
    made.leave_unread(ALICE)
    made.leave_unread(ALICE, AT_SHARE)
    made.back_up(MONDAY)
    return made


def state_wish(account: str, *folders: str, flags: str = "all", is_exact: bool = False) -> Wish:
    """Flags as they were on Monday."""
    wanted = wish(account, *folders, generation=MONDAY)
    return replace(wanted, state_only=parse_state_wish(flags, is_exact=is_exact))


def since_monday(account: str, *folders: str, flags: str = "seen") -> Wish:
    """What changed from Monday to Tuesday."""
    wanted = wish(account, *folders, generation=MONDAY)
    return replace(wanted, state_only=parse_state_wish(flags, until=TUESDAY))


def test_everything_is_marked_read_is_undone_and_nothing_else(site: Site) -> None:
    """
    What he marked himself since, what came since, and other flags stay; twice changes nothing;
    an undo of it gives each former flag back.
    """
    before = site.flags(JDOE)
    site.mark_all(JDOE)
    site.back_up(TUESDAY)
    unread = [uid for uid, flags in before["INBOX"].items() if "\\Seen" not in flags]
    with site.server.client_as(JDOE) as client:
        client.select_folder("INBOX")
        client.add_flags(unread[0], ["\\Flagged"])
        client.remove_flags(unread[1], ["\\Seen"])
        client.append("INBOX", b"Subject: new\r\n\r\nnew\r\n", ["\\Seen"])
    since = site.flags(JDOE)
    new = max(since["INBOX"])

    receipt = restored(site.settings, since_monday(JDOE))

    now = site.flags(JDOE)
    wanted = {folder: dict(messages) for folder, messages in before.items()}
    wanted["INBOX"][unread[0]] |= {"\\Flagged"}
    wanted["INBOX"][new] = frozenset({"\\Seen"})
    assert now == wanted
    assert receipt.verdict.value == "proven"
    assert receipt.restored == sum(
        before[folder][uid] != flags
        for folder, messages in since.items()
        for uid, flags in messages.items()
        if uid != new and (folder, uid) != ("INBOX", unread[1])
    )
    again = restored(site.settings, since_monday(JDOE))
    assert (again.restored, again.verdict.value) == (0, "nothing to do")
    assert site.flags(JDOE) == now
    assert undone(site.settings).state.value == "undone"
    assert site.flags(JDOE) == since
    assert site.server.error_lines() == ()


def test_of_a_mailshare_each_reader_has_his_own_marks_again(site: Site) -> None:
    before = {who: site.flags(who, AT_SHARE) for who in (ALICE, JOHN)}
    site.mark_all(ALICE, below=AT_SHARE)
    site.back_up(TUESDAY)
    marked = {who: site.flags(who, AT_SHARE) for who in (ALICE, JOHN)}
    assert marked[ALICE] != before[ALICE]

    receipt = restored(site.settings, since_monday(CONTACT))

    assert {who: site.flags(who, AT_SHARE) for who in (ALICE, JOHN)} == before
    assert receipt.verdict.value == "proven"
    undone(site.settings)
    assert {who: site.flags(who, AT_SHARE) for who in (ALICE, JOHN)} == marked


def test_flags_of_a_mailshare_come_back_by_the_administrator(site: Site) -> None:
    """
    He has the rights that it takes for that long, and no longer.
    """
    before = site.flags(ALICE, AT_SHARE)
    with site.server.client_as(ALICE) as client:
        client.select_folder(AT_SHARE)
        flagged = client.search("ALL")
        client.add_flags(flagged, ["\\Flagged", "Mine"])
    with site.server.admin_client() as admin:
        rights = acl_of(admin, "contact@bluemind.loc")

    restored(site.settings, state_wish(CONTACT, "=INBOX", is_exact=True))

    assert site.flags(ALICE, AT_SHARE) == before
    with site.server.admin_client() as admin:
        assert acl_of(admin, "contact@bluemind.loc") == rights


def test_a_message_is_known_again_where_it_was_moved_to(site: Site) -> None:
    """
    Its keywords come with it, flags that it has got since stay, and what is gone is counted.
    """
    with site.server.client_as(JDOE) as client:
        client.create_folder("Moved")
        client.select_folder("Mots-clés")
        had = {each.sha1: each.flags for each in messages_in(client, "Mots-clés")}
        client.select_folder("Mots-clés")
        uids = client.search("ALL")
        for uid, data in client.fetch(uids, ["FLAGS"]).items():
            keywords = [flag for flag in data[b"FLAGS"] if flag != b"\\Recent"]
            client.remove_flags(uid, keywords)
        client.move(uids, "Moved")
        client.select_folder("Moved")
        client.add_flags(client.search("ALL"), ["\\Answered"])

    receipt = restored(site.settings, state_wish(JDOE, "Mots-clés"))

    with site.server.client_as(JDOE) as client:
        now = {each.sha1: each.flags for each in messages_in(client, "Moved")}
    assert now == {sha1: flags | {"\\Answered"} for sha1, flags in had.items()}
    assert receipt.head.messages == len([flags for flags in had.values() if flags])
    with site.server.client_as(JDOE) as client:
        client.select_folder("Moved")
        client.move(client.search("ALL"), "Mots-clés")
        client.unselect_folder()
        client.delete_folder("Moved")


def test_what_somebody_changed_meanwhile_is_not_overwritten(site: Site) -> None:
    with reach_server(server_access(site.settings)) as reached, reached.as_user(JDOE) as session:
        session.open_to_change("INBOX")
        uids = UidSet.of(sorted(site.flags(JDOE)["INBOX"])[:3])
        looked_at = max(each.modseq or 0 for each in flags_now(session, uids).values())
        with site.server.client_as(JDOE) as client:
            client.select_folder("INBOX")
            client.add_flags(uids.ranges[0][0], ["Busy"])

        left = store_flags(session, uids, ["Ours"], is_set=True, unchanged_since=looked_at)

        assert left == UidSet.of([uids.ranges[0][0]])
        now = flags_now(session, uids)
        assert "Ours" not in (now[uids.ranges[0][0]].flags or ())
        assert store_flags(session, uids, ["Ours"], is_set=False, unchanged_since=None).count == 0


def test_what_was_changed_since_is_told_by_verify_and_stays_after_an_undo(site: Site) -> None:
    """
    A folder may have another name by then, and a message be gone.
    """
    before = site.flags(JDOE)
    first, second, third = sorted(before["Sent"])[:3]
    with site.server.client_as(JDOE) as client:
        client.select_folder("Sent")
        client.add_flags([first, second, third], ["Slip"])
    restored(site.settings, state_wish(JDOE, "Sent", flags="keywords", is_exact=True))
    with site.server.client_as(JDOE) as client:
        client.select_folder("Sent")
        client.add_flags([first], ["Slip"])
        client.unselect_folder()
        client.rename_folder("Sent", "Posted")

    receipt, _ = verify(site.settings, 1)
    report = undone(site.settings)

    assert (receipt.verdict.value, receipt.changed_count, receipt.proven) == ("proven", 1, 2)
    assert report.state.value == "undone"
    slips = [uid for uid, flags in site.flags(JDOE)["Posted"].items() if "Slip" in flags]
    assert slips == [first, second, third]
    with site.server.client_as(JDOE) as client:
        client.rename_folder("Posted", "Sent")
        client.select_folder("Sent")
        client.remove_flags([first, second, third], ["Slip"])


def test_the_command_says_what_changes_in_both_directions(site: Site) -> None:
    place = Workplace(server=site.server, backups=site.backups, state=site.state)
    site.mark_all(ALICE)
    site.back_up(TUESDAY)
    asked = (f"user/{ALICE}", "--state-only", "seen", "--changed-between", MONDAY, TUESDAY)

    planned = place.run("plan", *asked)
    done = place.run("restore", *asked, "--yes", "--json")

    assert "FLAGS OF LIVE MESSAGES CHANGE" in planned.output
    assert done.status == 0, done.errors
    assert done.json["flags"]["cleared"] == done.json["messages"] > 0
    kept = place.run("plan", *asked, "--out", str(site.state / "again.plan"))
    assert "nothing is to be changed" in kept.output
    carried = place.run("restore", "--plan", str(site.state / "again.plan"), "--yes")
    assert carried.status == 0, carried.errors
    assert place.run("undo", "1", "--yes").status == 0


def test_in_place_what_is_there_gets_newer_flags_of_the_backup_and_no_older_ones(
    site: Site,
) -> None:
    """
    A message that was flagged in the backup after the live copy was made, and one that was
    changed live after that; what is lacking is added, and an undo takes back both.
    """
    target = fresh_target(site.server, "user")
    into = {"to": target.written, "is_in_place": True}
    restored(site.settings, wish(JDOE, "Sent", generation=MONDAY, **into))
    time.sleep(1.1)  # an index has whole seconds
    first, second, third = sorted(site.flags(JDOE)["Sent"])[:3]
    with site.server.client_as(JDOE) as client:
        client.select_folder("Sent")
        client.add_flags([first, second], ["Newer"])
        client.append("Sent", b"Subject: lacking\r\n\r\nx\r\n")
    site.back_up(TUESDAY)
    time.sleep(1.1)
    with site.server.client_as(target.login) as client:
        client.select_folder("Sent")
        client.add_flags([second], ["Newest"])
    before = site.flags(target.login)

    asked = wish(JDOE, "Sent", generation=TUESDAY, on_conflict=Conflict.NEWER_FLAGS, **into)
    receipt = restored(site.settings, asked)

    now = site.flags(target.login)["Sent"]
    assert (receipt.verdict.value, receipt.conflicts) == (
        "proven",
        Conflicts(
            rule=Conflict.NEWER_FLAGS,
            created=1,
            merged=1,
            skipped=len(before["Sent"]) - 1,
            failed=0,
        ),
    )
    assert now[first] == before["Sent"][first] | {"Newer"}
    assert (now[second], now[third]) == (before["Sent"][second], before["Sent"][third])
    assert undone(site.settings, receipt.run).state.value == "undone"
    assert site.flags(target.login) == before
    with site.server.client_as(JDOE) as client:
        client.select_folder("Sent")
        client.remove_flags([first, second], ["Newer"])


@contextmanager
def unmarking(site: Site) -> Iterator[tuple[StateActor, StoreFlags, dict[int, frozenset[str]]]]:
    """All of INBOX was marked read: who undoes it, the step, and what it changes."""
    site.mark_all(JDOE)
    site.back_up(TUESDAY)
    with reach_server(server_access(site.settings)) as reached:
        plan = AtState(reached).plan(site.settings, since_monday(JDOE, "INBOX"))
        (step,) = (each for each in plan.steps() if isinstance(each, StoreFlags))
        flags = site.flags(JDOE)["INBOX"]
        yield StateActor(reached), step, {uid: flags[uid] for uid in step.uids.uids().tolist()}


def test_what_its_owner_changed_in_that_moment_an_undo_leaves(site: Site) -> None:
    with unmarking(site) as (actor, step, marked):
        before = actor.observe(step)
        own = min(marked)
        with site.server.client_as(JDOE) as client:
            client.select_folder("INBOX")
            client.remove_flags([own], ["\\Seen"])

        done = actor.perform(step, before)
        unread = site.flags(JDOE)["INBOX"]
        assert not any("\\Seen" in unread[uid] for uid in marked)

        assert actor.take_back(step, Undoing(before=before, done=done)) is None
        now = site.flags(JDOE)["INBOX"]
        assert {uid for uid in marked if now[uid] != marked[uid]} == {own}


def test_a_step_that_never_came_takes_nothing_from_its_owner(site: Site) -> None:
    with unmarking(site) as (actor, step, marked):
        before = actor.observe(step)
        own = min(marked)
        with site.server.client_as(JDOE) as client:
            client.select_folder("INBOX")
            client.remove_flags([own], ["\\Seen"])

        assert actor.take_back(step, Undoing(before=before, done={})) is None

        now = site.flags(JDOE)["INBOX"]
        assert {uid for uid in marked if now[uid] != marked[uid]} == {own}


def test_what_a_server_took_in_part_is_taken_back(site: Site) -> None:
    """
    Its owner may set flags, but not mark anything as unread.
    """
    with unmarking(site) as (actor, unmarked, marked):
        changes = tuple(replace(each, add=("\\Flagged",)) for each in unmarked.changes)
        step = replace(unmarked, changes=changes)
        with site.server.client_as(JDOE) as client:
            client.setacl("INBOX", JDOE, MAY_NOT_READ)
        before = actor.observe(step)

        done = actor.perform(step, before)

        assert (done["stored"], UidSet.parse(done["partly"][0][1])) == ("", step.uids)
        flagged = site.flags(JDOE)["INBOX"]
        assert all("\\Flagged" in flagged[uid] for uid in marked)
        assert actor.take_back(step, Undoing(before=before, done=done)) is None
        assert {uid: site.flags(JDOE)["INBOX"][uid] for uid in marked} == marked
        with site.server.client_as(JDOE) as client:
            client.setacl("INBOX", JDOE, MAY_ALL)


def kept(run: RunJournal) -> Sequence[object]:
    """Steps that an undo left."""
    return [row.error for row in run.rows() if row.state is StepState.KEPT]


def test_cut_anywhere_it_goes_on_or_goes_back(site: Site) -> None:
    """
    Run and undo, at calls and notes of the journal: every one in the long run.
    """
    before = site.flags(JDOE)
    site.mark_all(JDOE)
    site.back_up(TUESDAY)
    marked = site.flags(JDOE)
    wanted = {**marked, **{folder: before[folder] for folder in ("INBOX", "Sent")}}
    prepare_state(site.settings)
    journal = Journal(site.state)
    with reach_server(server_access(site.settings)) as reached:
        asked = since_monday(JDOE, "INBOX", "Sent")
        cutting = Cutting(site=site, reached=reached, journal=journal, wish=asked)
        power = Power()
        clean = cutting.begun()
        assert cutting.carry_out(clean, power)
        assert site.flags(JDOE) == wanted
        back = Power()
        assert cutting.take_back(clean, back)
        assert site.flags(JDOE) == marked
        for cut in range(0, power.used, 1 if is_long() else 5):
            run = cutting.begun()
            assert not cutting.carry_out(run, Power(calls=cut)), cut
            if cut % 2:
                assert cutting.carry_out(run, Power()), cut
                assert (cut, site.flags(JDOE)) == (cut, wanted)
                assert not cutting.take_back(run, Power(calls=cut % back.used)), cut
            assert cutting.take_back(run, Power()), cut
            assert (cut, site.flags(JDOE), kept(run)) == (cut, marked, [])
    journal.close()
