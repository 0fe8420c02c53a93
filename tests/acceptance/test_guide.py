"""The published manual procedure, heading by heading, each as one command of respool.

Names are those of the guide: jdoe and contact of bluemind.loc, backup number 1234, the
directories jdoe and jdoe-meta below /var/backups (here: of a test), the folders restore_dir
and restored-20171003. What each heading wants to reach is looked at over IMAP.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cyrus_configuration import Layout
from tests.support.guide import (
    ALICE,
    CONTACT,
    JDOE,
    PART,
    RESTORE_DIR,
    RESTORED,
    TRUTH,
    Held,
    as_backed_up,
    as_files,
    as_owner,
    as_reader,
    check_sound,
    make_contact,
    part_1234,
    proven,
    serve_guide,
    set_limit,
    share_as_backed_up,
    size_of,
    storage_used,
)
from tests.support.imap_contents import acl_of, folder_names, subscriptions_of
from tests.support.private_cyrus import NewMessage, PrivateCyrus, server_root
from tests.support.restoring import Workplace, check_server_sound
from tests.support.staging import Staging, stage_mailshare, stage_user

pytestmark = pytest.mark.needs_cyrus


@pytest.fixture(params=["names", "uuid"])
def layout(request: pytest.FixtureRequest) -> Layout:
    chosen: Layout = request.param
    return chosen


@pytest.fixture
def work(layout: Layout, golden_backup: Path, tmp_path: Path) -> Iterator[Workplace]:
    """The guide's server, on the morning after backup number 1234."""
    with serve_guide(golden_backup, tmp_path / "state", layout) as place:
        yield place


@pytest.fixture
def without_contact(layout: Layout, golden_backup: Path, tmp_path: Path) -> Iterator[Workplace]:
    """A server with two users, and no mailshare any more."""
    with server_root() as root, PrivateCyrus(root, layout) as server:
        for user in (JDOE, ALICE):
            server.create_user(user)
        yield Workplace(server=server, backups=golden_backup, state=tmp_path / "state")


@pytest.fixture
def staged(golden_backup: Path, tmp_path: Path) -> Staging:
    """What the guide puts into jdoe and jdoe-meta."""
    return stage_user(part_1234(golden_backup), tmp_path / "var/backups", "jdoe")


def test_directories(work: Workplace) -> None:
    """
    Backup number 1234 is found by that number, data and metadata together.
    """
    shown = work.run("show", JDOE, *PART, "--json").json

    (inbox,) = [box for box in shown["mailboxes"] if box["path"] == "INBOX"]
    box = TRUTH.mailboxes[f"user/{JDOE}"]
    assert shown["generation"] == "89"
    assert (inbox["messages"], inbox["keywords"]) == (len(box.messages), list(box.keywords))


@pytest.mark.parametrize("metadata", ["with-metadata", "without-metadata"])
def test_restoration_into_mailbox_other_than_the_users(
    metadata: str, work: Workplace, staged: Staging
) -> None:
    """
    Nobody has to save alice's sharings again: her rights hold, and jdoe has none.
    """
    has_meta = metadata == "with-metadata"

    ran = work.run(
        *("restore", JDOE, *staged.options(has_meta=has_meta)),
        *("--to", ALICE, "--into", RESTORE_DIR, "--yes", "--json"),
    )

    proven(ran)
    wanted = as_backed_up() if has_meta else as_files(staged)
    assert as_owner(work.server, ALICE) == wanted
    with work.server.admin_client() as admin:
        hers = acl_of(admin, f"user/{ALICE}")
        rights = [acl_of(admin, f"user/alice/{path}@bluemind.loc") for path in wanted]
    assert rights == [hers] * len(wanted)
    assert JDOE not in hers
    with work.server.client_as(JDOE) as client:
        assert not any(RESTORE_DIR in name for name in folder_names(client))
    check_server_sound(work.server, ALICE)


@pytest.mark.parametrize("source", ["staged", "the-backup-itself"])
def test_restoration_with_metadata(source: str, work: Workplace, staged: Staging) -> None:
    """
    Read, answered and forwarded marks, keywords and dates. Typed twice it is refused.
    """
    options = staged.options() if source == "staged" else PART
    words = ("restore", JDOE, *options, "--into", RESTORE_DIR, "--yes", "--json")

    ran, again = work.run(*words), work.run(*words)

    proven(ran)
    assert (again.status, again.error["error"]) == (12, "plan-refused")
    assert as_owner(work.server, JDOE) == as_backed_up()
    check_server_sound(work.server, JDOE)


def test_restoration_without_metadata(work: Workplace, staged: Staging) -> None:
    """
    Every message that is on disk, unread, dated by its file; and that is said before.
    """
    ran = work.run(
        *("restore", JDOE, *staged.options(has_meta=False)),
        *("--into", RESTORE_DIR, "--yes", "--json"),
    )

    proven(ran)
    assert "WITHOUT METADATA" in ran.errors
    assert "mail that was deleted may come back" in ran.errors
    assert as_owner(work.server, JDOE) == as_files(staged)
    check_server_sound(work.server, JDOE)


def test_restoration_without_metadata_of_a_backup_that_has_them(work: Workplace) -> None:
    """
    Unread, too. But what jdoe had deleted stays deleted: the index tells it apart.
    """
    ran = work.run(
        *("restore", JDOE, *PART, "--without-metadata"),
        *("--into", RESTORE_DIR, "--yes", "--json"),
    )

    proven(ran)
    found = as_owner(work.server, JDOE)
    assert octets(found) == octets(as_backed_up())
    assert {message.flags for messages in found.values() for message in messages} == {frozenset()}


def test_finalizing_in_all_scenarios(work: Workplace) -> None:
    """
    Quota is counted, for no other account; the folders show at once, and search finds mail.
    """
    server = work.server
    before = {login: storage_used(server, f"user/{login}") for login in (JDOE, ALICE)}

    work.run("restore", JDOE, *PART, "--into", RESTORE_DIR, "--yes")

    wanted = as_backed_up()
    added = storage_used(server, f"user/{JDOE}") - before[JDOE]
    assert abs(added - size_of(wanted) / 1024) <= 1
    assert storage_used(server, f"user/{ALICE}") == before[ALICE]
    with server.client_as(JDOE) as client:
        assert {name for name in folder_names(client) if RESTORE_DIR in name} == set(wanted)
        assert f"{RESTORE_DIR}/Sent" in subscriptions_of(client)
        assert RESTORE_DIR in subscriptions_of(client)
        client.select_folder(f"{RESTORE_DIR}/Sent", readonly=True)
        for message in TRUTH.mailboxes["user/jdoe/Sent@bluemind.loc"].messages:
            if message.subject and "=?" not in message.subject:
                assert message.uid in client.search(["SUBJECT", message.subject])
    check_server_sound(server, JDOE)


def test_finalizing_where_the_quota_would_be_reached(work: Workplace) -> None:
    """
    The guide looks afterwards. Here nothing begins before the limit allows it.
    """
    server = work.server
    limit = storage_used(server, f"user/{JDOE}") + 20
    set_limit(server, f"user/{JDOE}", limit)
    words = ("restore", JDOE, *PART, "--into", RESTORE_DIR, "--yes", "--json")

    refused, raised = work.run(*words), work.run(*words, "--raise-quota")

    assert (refused.status, refused.error["error"]) == (12, "plan-refused")
    assert refused.error["changed"] is None
    assert "--raise-quota" in refused.error["why"]
    proven(raised)
    assert as_owner(server, JDOE) == as_backed_up()
    assert "QUOTA RAISED" in work.run("runs").output
    server.add_messages(JDOE, "INBOX", [NewMessage(octets=b"Subject: new\r\n\r\nmail\r\n")])


@pytest.mark.parametrize("way", ["made-anew-before", "created-as-a-step"])
def test_mailshare_restoration(way: str, without_contact: Workplace) -> None:
    """
    Folders of every letter, the root's own flags and dates, and a limit that is counted.

    The guide makes the mailshare anew first; on a plain Cyrus that can be a step of the plan.
    """
    server = without_contact.server
    is_made = way == "made-anew-before"
    if is_made:
        make_contact(server)

    ran = without_contact.run(
        *("restore", CONTACT, *PART, "--into", RESTORED, "--yes", "--json"),
        *(() if is_made else ("--create-account",)),
    )

    proven(ran)
    wanted = share_as_backed_up()
    assert as_reader(server, ALICE) == wanted
    assert any(message.flags for message in wanted[RESTORED])
    check_sound(server, [f"contact/{path}@bluemind.loc" for path in wanted])
    assert abs(storage_used(server, CONTACT) - size_of(wanted) / 1024) <= 1


def test_mailshare_restoration_from_staged_letters(
    without_contact: Workplace, golden_backup: Path, tmp_path: Path
) -> None:
    """
    Each letter's directory is named, and the folders are put together again.
    """
    staged = stage_mailshare(part_1234(golden_backup), tmp_path, "contact")
    make_contact(without_contact.server)

    ran = without_contact.run(
        *("restore", CONTACT, *staged.options()),
        *("--into", RESTORED, "--yes", "--json"),
    )

    proven(ran)
    assert len(staged.data) > 2
    assert as_reader(without_contact.server, ALICE) == share_as_backed_up(reader=None)


def octets(found: Held) -> dict[str, list[tuple[int, str]]]:
    return {
        path: [(message.uid, message.sha1) for message in messages]
        for path, messages in found.items()
    }
