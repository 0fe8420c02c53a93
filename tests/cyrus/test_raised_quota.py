"""Limits: refused before they are reached, raised when that is asked for, and put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from respool.app.restore import restore
from respool.errors import Interrupted, PlanRefused
from respool.runs.runner import Stop
from respool.runs.stepping import Progress
from tests.support.directions import (
    INTO,
    Kind,
    TargetAccount,
    check_target_sound,
    folders_of,
    fresh_target,
    state_of,
    true_folders,
    unread,
)
from tests.support.imap_contents import quota_of
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages
from tests.support.restoring import Workplace, agreeing, restored, settings_for, wish
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
CONTACT = "share/contact@bluemind.loc"
SOURCE = SPOOLS["2.5.17"]
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n")
SMALL = {"STORAGE": 5, "MESSAGE": 500}  # contact has 11 KiB in 18 messages
RAISED = {"STORAGE": 17, "MESSAGE": 500}


@pytest.fixture
def place(
    request: pytest.FixtureRequest, unpacked: Callable[[Source], Path], tmp_path: Path
) -> Workplace:
    """The command, on a server that other tests use, too; a parameter names its layout."""
    layout = getattr(request, "param", "names")
    server: PrivateCyrus = request.getfixturevalue(f"restoring_{layout}")
    return Workplace(server=server, backups=unpacked(SOURCE), state=tmp_path / "state")


def limited(server: PrivateCyrus, kind: Kind, limits: Mapping[str, int]) -> TargetAccount:
    """A fresh account with ``limits``, whose readers may write to it."""
    target = fresh_target(server, kind)
    set_limits(server, target, limits)
    if kind == "share":
        with server.admin_client() as admin:
            for who in target.readers:
                admin.setacl(target.root, who, "lrswipte")
    return target


def set_limits(server: PrivateCyrus, target: TargetAccount, limits: Mapping[str, int]) -> None:
    words = " ".join(f"{resource} {limit}" for resource, limit in limits.items())
    with server.admin_client() as admin:
        admin._imap.setquota(f'"{target.root}"', f"({words})")


def limits_of(server: PrivateCyrus, target: TargetAccount) -> dict[str, int]:
    with server.admin_client() as admin:
        return {name: limit for name, (_, limit) in quota_of(admin, target.root).items()}


def used_by(server: PrivateCyrus, target: TargetAccount) -> dict[str, int]:
    with server.admin_client() as admin:
        return {name: used for name, (used, _) in quota_of(admin, target.root).items()}


def receive(server: PrivateCyrus, target: TargetAccount) -> None:
    """New mail, which a full account would refuse."""
    with server.client_as(target.readers[0]) as client:
        append_messages(client, target.name_for_readers("INBOX"), [NEW])


def empty(server: PrivateCyrus, target: TargetAccount) -> None:
    """Delete all that was restored, as its readers do."""
    with server.client_as(target.readers[0]) as client:
        for path in folders_of(server, target, target.readers[0]):
            inner = INTO if path == "INBOX" else f"{INTO}/{path}"
            client.select_folder(target.name_for_readers(inner))
            uids = client.search("ALL")
            if uids:
                client.delete_messages(uids)
                client.expunge()


@pytest.mark.parametrize(
    ("account", "kind", "limits"),
    [
        pytest.param(JDOE, "user", {"STORAGE": 66, "MESSAGE": 9000}, id="octets of a user"),
        pytest.param(JDOE, "user", {"STORAGE": 9000, "MESSAGE": 86}, id="messages of a user"),
        pytest.param(CONTACT, "share", {"STORAGE": 11}, id="octets of a mailshare"),
        pytest.param(CONTACT, "share", {"MESSAGE": 18}, id="messages of a mailshare"),
        pytest.param(CONTACT, "user", {"X-NUM-FOLDERS": 9}, id="folders"),
    ],
)
def test_a_restore_that_would_fill_an_account_is_refused_before_anything_is_changed(
    account: str, kind: Kind, limits: Mapping[str, int], place: Workplace
) -> None:
    """
    Also where it would only just be full: the next mail would bounce.
    """
    target = limited(place.server, kind, limits)
    before = state_of(place.server, target)
    settings = settings_for(place.server, place.backups, place.state)
    wanted = wish(account, to=target.written, into=INTO)
    with pytest.raises(PlanRefused) as refused:
        restored(settings, wanted)
    (resource,) = {"STORAGE", "MESSAGE", "X-NUM-FOLDERS"} & set(str(refused.value.why).split())
    assert resource in limits
    assert "--raise-quota" in str(refused.value.why)
    assert state_of(place.server, target) == before
    assert limits_of(place.server, target) == limits
    with_one_more = {**limits, resource: limits[resource] + 3}
    set_limits(place.server, target, with_one_more)
    receipt = restored(settings, wanted)
    assert (receipt.verdict.value, receipt.raised) == ("proven", ())
    receive(place.server, target)
    check_target_sound(place.server, target)


@pytest.mark.parametrize(
    ("place", "kind"), [("names", "user"), ("uuid", "share")], indirect=["place"]
)
def test_mail_flows_while_a_limit_is_raised_and_it_goes_back_when_all_fits_again(
    kind: Kind, place: Workplace
) -> None:
    """
    New mail is taken at every stage. Until it goes back, receipt and runs tell of it; it goes
    back at the first verify that finds room again, not before, and nothing else is touched.
    """
    server = place.server
    target = limited(server, kind, SMALL)
    stages: list[str] = []

    def on_progress(progress: Progress) -> None:
        if progress.kind not in stages:
            stages.append(progress.kind)
            receive(server, target)

    receipt = restore(
        settings_for(server, place.backups, place.state),
        wish(CONTACT, to=target.written, into=INTO, is_raising_quota=True),
        replace(agreeing(), on_progress=on_progress),
    )
    assert receipt.verdict.value == "proven"
    expected = unread(true_folders(SOURCE.truth, CONTACT))
    assert folders_of(server, target, target.readers[0]) == expected
    assert {"spool-raise-quota", "spool-rebuild-mailbox", "spool-settle-quota"} <= set(stages)
    assert [(each.former, each.limit) for each in receipt.raised] == [(5, 17)]
    assert limits_of(server, target) == RAISED
    assert used_by(server, target) == {"STORAGE": 11, "MESSAGE": 18 + len(stages)}
    check_target_sound(server, target)
    told = place.run("verify", "1", "--json").json
    assert [each["limit"] for each in told["quota_raised"]] == [17]
    assert "QUOTA RAISED" in place.run("runs").output
    assert place.run("runs", "--json").json["runs"][0]["quota_raised"] == told["quota_raised"]
    assert "is RAISED from 5 to 17" in (place.state / "runs/1/receipt.txt").read_text("utf-8")
    receive(server, target)
    assert limits_of(server, target) == RAISED
    empty(server, target)
    assert place.run("verify", "1", "--json").json["quota_raised"] == []
    assert limits_of(server, target) == SMALL
    assert "QUOTA RAISED" not in place.run("runs").output
    receive(server, target)
    check_target_sound(server, target)


def test_a_limit_that_somebody_set_since_is_left_alone(place: Workplace) -> None:
    server = place.server
    target = limited(server, "user", SMALL)
    words = ("restore", CONTACT, "--to", target.written, "--into", INTO, "--yes", "--json")
    refused = place.run(*words)
    assert (refused.status, refused.error["error"]) == (12, "plan-refused")
    ran = place.run(*words, "--raise-quota")
    assert (ran.status, len(ran.json["quota_raised"])) == (0, 1)
    theirs = {"STORAGE": 30, "MESSAGE": 500}
    set_limits(server, target, theirs)
    empty(server, target)
    assert place.run("verify", "1", "--json").json["quota_raised"] == []
    assert limits_of(server, target) == theirs
    assert "QUOTA RAISED" not in place.run("runs").output


def test_a_limit_that_is_large_enough_is_not_raised(place: Workplace) -> None:
    enough = {"STORAGE": 12, "MESSAGE": 19}
    target = limited(place.server, "share", enough)
    settings = settings_for(place.server, place.backups, place.state)
    wanted = wish(CONTACT, to=target.written, into=INTO, is_raising_quota=True)
    receipt = restored(settings, wanted)
    assert (receipt.verdict.value, receipt.raised) == ("proven", ())
    assert limits_of(place.server, target) == enough
    with_more = restored(settings, replace(wanted, into="more"))
    assert [(each.resource, each.former) for each in with_more.raised] == [
        ("STORAGE", 12),
        ("MESSAGE", 19),
    ]
    receive(place.server, target)
    check_target_sound(place.server, target)


def test_a_limit_raised_by_a_run_that_stopped_is_told_and_put_back_by_the_next_command(
    place: Workplace,
) -> None:
    server = place.server
    target = limited(server, "user", SMALL)
    stop = Stop()

    def on_progress(progress: Progress) -> None:
        if progress.kind == "spool-create-mailbox":
            stop.wish.set()

    settings = settings_for(server, place.backups, place.state)
    with pytest.raises(Interrupted) as stopped:
        restore(
            settings,
            wish(CONTACT, to=target.written, into=INTO, is_raising_quota=True),
            replace(agreeing(), on_progress=on_progress, stop=stop),
        )
    assert f"the STORAGE limit of {target.root} is raised" in str(stopped.value.changed)
    assert "QUOTA RAISED" in place.run("runs").output
    assert limits_of(server, target) == RAISED
    other = fresh_target(server, "user")
    assert restored(settings, wish(CONTACT, to=other.written)).verdict.value == "proven"
    assert limits_of(server, target) == SMALL
    assert "QUOTA RAISED" not in place.run("runs").output
