r"""What others have of a folder on a real Cyrus: rights, ``\Seen``, annotations, subscriptions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.planning.annotating import PlannedAnnotation
from respool.planning.placed import as_pairs
from respool.runs.actor import Undoing
from respool.system.imap_places import ImapAddress
from respool.system.imap_server import ImapServer
from respool.targets.imap.actor import imap_actor
from respool.targets.imap.steps import (
    CreateFolder,
    GiveReaderSeen,
    SetAcl,
    SetAnnotations,
    SetSubscription,
)
from tests.support.directions import fresh_target
from tests.support.imap_contents import acl_of, seen_uids, subscriptions_of
from tests.support.imap_groups import OneStep, message_group
from tests.support.imap_restoring import imap_server
from tests.support.private_cyrus import PrivateCyrus

pytestmark = pytest.mark.needs_cyrus
BODIES = [b"Subject: %d\r\n\r\nbody\r\n" % number for number in range(3)]
FOLDER = "shared"
MADE = CreateFolder(lane="", mailbox=FOLDER, made_as=FOLDER, use=None)


@pytest.fixture
def account(restoring_names: PrivateCyrus) -> Iterator[ImapServer]:
    """An account as an administrator reaches it, with a folder in it."""
    one = restoring_names
    target = fresh_target(one, "user")
    address = ImapAddress(host=one.host, port=one.port)
    server = imap_server(address, target.login, one.password, admin=one.admin)
    actor = imap_actor(server, OneStep(MADE))
    actor.perform(MADE, actor.observe(MADE))
    yield server
    server.close()


def test_others_get_their_rights_and_then_what_they_had_read(
    restoring_names: PrivateCyrus, account: ImapServer, tmp_path: Path
) -> None:
    reader = fresh_target(restoring_names, "user").login
    step = message_group(tmp_path, BODIES, mailbox=FOLDER)
    record = OneStep(step)
    actor = imap_actor(account, record)
    record.done = actor.perform(step, actor.observe(step))
    rights = SetAcl(lane=FOLDER, mailbox=FOLDER, rights={reader: "lrs"})
    given = actor.perform(rights, actor.observe(rights))
    assert given == {"given": {reader: "lrs"}, "not_given": {}}
    with restoring_names.client_as(account.user) as client:
        assert acl_of(client, FOLDER)[reader] == "lrs"
    seen = GiveReaderSeen(
        lane=FOLDER,
        domain="bluemind.loc",
        parts=("user", account.user.partition("@")[0], FOLDER),
        reader=reader,
        uids="1,3",
        mailbox=FOLDER,
    )
    done = actor.perform(seen, {})
    assert (done["marks"], done.get("left")) == (2, None)
    placed = as_pairs(record.done["placed"])
    with restoring_names.client_as(reader) as client:
        assert seen_uids(client, done["name"]) == {placed[1], placed[3]}
    with restoring_names.client_as(account.user) as client:
        assert seen_uids(client, FOLDER) == frozenset()


def test_a_reader_without_rights_gets_nothing_and_it_is_said_why(
    restoring_names: PrivateCyrus, account: ImapServer
) -> None:
    reader = fresh_target(restoring_names, "user").login
    seen = GiveReaderSeen(
        lane=FOLDER,
        domain="bluemind.loc",
        parts=("user", account.user.partition("@")[0], FOLDER),
        reader=reader,
        uids="1",
        mailbox=FOLDER,
    )
    done = imap_actor(account, OneStep(seen)).perform(seen, {})
    assert done["left"].startswith(f"no folder {FOLDER} of")


def test_annotations_are_written_and_read_back_and_what_is_refused_is_said(
    account: ImapServer, tmp_path: Path
) -> None:
    group = message_group(tmp_path, BODIES, mailbox=FOLDER)
    record = OneStep(group)
    actor = imap_actor(account, record)
    record.done = actor.perform(group, actor.observe(group))
    step = SetAnnotations(
        lane=FOLDER,
        mailbox=FOLDER,
        is_shared=True,
        annotations=(
            PlannedAnnotation(entry="/comment", value="für alle", uid=None),
            PlannedAnnotation(entry="/vendor/cmu/cyrus-imapd/size", value="x", uid=None),
            PlannedAnnotation(entry="/comment", value="of one", uid=2),
        ),
    )
    before = actor.observe(step)
    done = actor.perform(step, before)
    assert done["given"] == 2
    assert [each[:2] for each in done["refused"]] == [["/vendor/cmu/cyrus-imapd/size", None]]
    actor.take_back(step, Undoing(before=before, done=done))
    assert actor.observe(step) == before
    assert "/comment" not in before["had"]


def test_a_subscription_is_read_back_and_taken_back(
    restoring_names: PrivateCyrus, account: ImapServer
) -> None:
    step = SetSubscription(lane="", mailbox=FOLDER)
    actor = imap_actor(account, OneStep(step))
    before = actor.observe(step)
    done = actor.perform(step, before)
    assert (before, done["subscribed"]) == ({"was_subscribed": False}, FOLDER)
    actor.take_back(step, Undoing(before=before, done=done))
    with restoring_names.client_as(account.user) as client:
        assert FOLDER not in subscriptions_of(client)
