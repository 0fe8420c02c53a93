"""The live sample under the installed server says what the server said that wrote it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.support.cyrus_configuration import Layout
from tests.support.imap_contents import (
    HeldMessage,
    acl_of,
    folder_names,
    messages_in,
    name_for_others,
    name_for_owner,
    quota_of,
    rights_of,
    seen_uids,
    subscriptions_of,
)
from tests.support.live_server import live_truth, serve_golden_live
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.truth import TruthMailbox, TruthMessage

pytestmark = pytest.mark.needs_cyrus
TRUTH = live_truth()


@pytest.fixture(scope="module", params=["names", "uuid"])
def live(request: pytest.FixtureRequest) -> Iterator[PrivateCyrus]:
    layout: Layout = request.param
    with server_root() as root, serve_golden_live(root, layout) as server:
        yield server


@pytest.mark.parametrize("layout", ["names", "uuid"])
def test_it_is_up_within_five_seconds(layout: Layout) -> None:
    began = time.monotonic()
    with server_root() as root, serve_golden_live(root, layout):
        assert time.monotonic() - began < 5


def test_the_administrator_sees_all_mailboxes_deleted_ones_too(live: PrivateCyrus) -> None:
    with live.admin_client() as admin:
        assert folder_names(admin) == TRUTH.mailboxes.keys()


def test_messages_are_those_of_the_truth_with_flags_and_dates(live: PrivateCyrus) -> None:
    """
    Also with keywords, as their viewer sees them; those below DELETED included.
    """
    for box in TRUTH.mailboxes.values():
        assert _as_its_viewer_sees(live, box) == tuple(map(_held, box.messages)), box.name


def test_each_reader_has_seen_what_he_had_seen(live: PrivateCyrus) -> None:
    for box in TRUTH.mailboxes.values():
        for reader, uids in box.seen_by.items():
            with live.client_as(reader) as client:
                assert seen_uids(client, _name_for(box, reader)) == uids, (box.name, reader)


def test_uids_go_on_where_they_were(live: PrivateCyrus) -> None:
    with live.admin_client() as admin:
        for box in TRUTH.mailboxes.values():
            status = admin.folder_status(box.name, ["UIDNEXT", "UIDVALIDITY"])
            said = (status[b"UIDNEXT"], status[b"UIDVALIDITY"])
            assert said == (box.status["uidnext"], box.status["uidvalidity"]), box.name


def test_acls_are_those_of_the_truth(live: PrivateCyrus) -> None:
    with live.admin_client() as admin:
        for box in TRUTH.mailboxes.values():
            wanted = {who: rights_of(rights) for who, rights in box.acl.items()}
            assert acl_of(admin, box.name) == wanted, box.name


def test_quotas_are_those_of_the_truth(live: PrivateCyrus) -> None:
    with live.admin_client() as admin:
        for box in TRUTH.mailboxes.values():
            if box.quota is not None:
                assert quota_of(admin, box.name) == box.quota.resources, box.name


def test_subscriptions_are_those_of_the_truth(live: PrivateCyrus) -> None:
    for user, names in TRUTH.subscriptions.items():
        with live.client_as(user) as client:
            assert subscriptions_of(client) == frozenset(names), user


def test_special_use_is_that_of_the_truth(live: PrivateCyrus) -> None:
    with live.client_as("jdoe@bluemind.loc") as client:
        listed = {name: flags for flags, _, name in client.list_folders()}
    for box in TRUTH.of_user("jdoe@bluemind.loc"):
        for use in box.special_use:
            assert use.encode() in listed[name_for_owner(box.name)], box.name


def test_expunged_messages_can_still_be_had(live: PrivateCyrus) -> None:
    for box in TRUTH.mailboxes.values():
        listed = live.run_tool("unexpunge", "-l", box.imap_name).stdout
        uids = {int(line.split()[1]) for line in listed.splitlines() if line.startswith("UID:")}
        assert uids == {message.uid for message in box.expunged}, box.name


def test_reconstruct_has_nothing_to_mend(live: PrivateCyrus) -> None:
    names = {box.imap_name for box in TRUTH.mailboxes.values()}
    done = live.run_tool("reconstruct", "-n", "-G", *sorted(names))
    assert set(done.stdout.splitlines()) == names
    assert not done.stderr


def test_no_error_was_logged(live: PrivateCyrus) -> None:
    assert live.error_lines() == ()


def test_directories_are_those_of_the_layout(live: PrivateCyrus) -> None:
    for box in TRUTH.mailboxes.values():
        directory = live.run_tool("mbpath", "-7", box.imap_name).stdout
        assert ("/uuid/" in directory) == (live.layout == "uuid"), box.name


def _as_its_viewer_sees(live: PrivateCyrus, box: TruthMailbox) -> tuple[HeldMessage, ...]:
    if box.owner is None or box.is_deleted:
        with live.admin_client() as admin:
            return messages_in(admin, box.name)
    with live.client_as(box.owner) as owner:
        return messages_in(owner, name_for_owner(box.name))


def _name_for(box: TruthMailbox, reader: str) -> str:
    if box.owner == reader:
        return name_for_owner(box.name)
    return name_for_others(box.name, box.owner)


def _held(message: TruthMessage) -> HeldMessage:
    return HeldMessage(
        uid=message.uid,
        flags=message.flags,
        internaldate=message.internaldate,
        size_bytes=message.size_bytes,
        sha1=message.sha1,
    )
