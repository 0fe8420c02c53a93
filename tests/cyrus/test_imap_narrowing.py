"""A new folder on a real Cyrus, below one that others may read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from respool.errors import StepFailed
from respool.system.imap_places import ImapAddress
from respool.system.imap_server import ImapServer
from respool.targets.imap.actor import imap_actor
from respool.targets.imap.steps import CreateFolder
from tests.support.directions import fresh_target
from tests.support.imap_contents import acl_of
from tests.support.imap_groups import OneStep
from tests.support.imap_restoring import imap_server
from tests.support.private_cyrus import PrivateCyrus

pytestmark = pytest.mark.needs_cyrus
FOLDER = "private"
MADE = CreateFolder(lane="", mailbox=FOLDER, made_as=FOLDER, use=None)
OTHERS = ("al@bluemind.loc", "bo@bluemind.loc")


@pytest.fixture
def account(restoring_names: PrivateCyrus) -> Iterator[ImapServer]:
    """An account whose INBOX two others may read."""
    one = restoring_names
    login = fresh_target(one, "user").login
    with one.client_as(login) as client:
        for who in OTHERS:
            client.setacl("INBOX", who, "lrs")
    server = imap_server(ImapAddress(host=one.host, port=one.port), login, one.password)
    yield server
    server.close()


def made(account: ImapServer, step: CreateFolder) -> None:
    """Create the folder; twice, as after a cut."""
    actor = imap_actor(account, OneStep(step))
    before = actor.observe(step)
    actor.perform(step, before)
    actor.perform(step, before)


def who_may(one: PrivateCyrus, account: ImapServer) -> dict[str, str]:
    """What others may do in the folder."""
    with one.client_as(account.user) as client:
        return {who: may for who, may in acl_of(client, FOLDER).items() if who != account.user}


def test_others_have_no_more_than_is_allowed_before_there_is_mail(
    restoring_names: PrivateCyrus, account: ImapServer
) -> None:
    made(account, replace(MADE, allowed={OTHERS[0]: "lrswi"}))
    assert who_may(restoring_names, account) == {OTHERS[0]: "lrs"}


def test_another_who_may_do_everything_is_not_taken_for_the_user(
    restoring_names: PrivateCyrus, account: ImapServer
) -> None:
    with restoring_names.client_as(account.user) as client:
        client.setacl("INBOX", OTHERS[0], "lrswipkxtea")
    made(account, replace(MADE, allowed={}))
    assert who_may(restoring_names, account) == {}


def test_what_nothing_is_said_of_has_the_rights_of_the_folder_above(
    restoring_names: PrivateCyrus, account: ImapServer
) -> None:
    made(account, MADE)
    assert who_may(restoring_names, account) == dict.fromkeys(OTHERS, "lrs")


def test_one_who_may_set_no_rights_fills_no_folder_that_stays_open(
    restoring_names: PrivateCyrus,
) -> None:
    one = restoring_names
    share, writer = fresh_target(one, "share"), fresh_target(one, "user").login
    name = f"Shared Folders/{share.login.partition('@')[0]}/{FOLDER}"
    with one.admin_client() as admin:
        admin.setacl(share.root, writer, "lrswik")
        admin.setacl(share.root, OTHERS[0], "lrs")
    server = imap_server(ImapAddress(host=one.host, port=one.port), writer, one.password)
    step = replace(MADE, mailbox=name, made_as=name, allowed={writer: "lr"}, is_own=False)

    with pytest.raises(StepFailed, match="open to people"):
        made(server, step)

    server.close()
