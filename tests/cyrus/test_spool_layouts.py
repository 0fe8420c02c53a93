"""Names are found in what a real server wrote, in every layout that its settings give."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from respool.backups.contents import accounts_in, mailboxes_of, read_mailbox
from respool.backups.discovery import open_backup
from respool.backups.source import SourceMailbox
from tests.support.cyrus_configuration import Layout
from tests.support.private_cyrus import NewMessage, PrivateCyrus, server_root

pytestmark = pytest.mark.needs_cyrus
DOMAIN = "bluemind.loc"
ONE = NewMessage(octets=b"Subject: one\r\n\r\none\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A spool that a server wrote, copied after it stopped, and the names that it listed."""

    layout: Layout
    backup: Path
    names: frozenset[str]

    def found(self) -> dict[str, SourceMailbox]:
        """The mailboxes of the copy, by the administrator's decoded name."""
        (generation,) = open_backup(self.backup).generations
        return {
            source.name.display: source
            for account in accounts_in(generation)
            for source in mailboxes_of(generation, account)
        }


def fill(server: PrivateCyrus) -> frozenset[str]:
    """Users, a mailshare, a renamed and a deleted folder; the names that are there then."""
    for login in ("jdoe", "john.doe"):
        user = f"{login}@{DOMAIN}"
        server.add_user_with_messages(user, [ONE])
        with server.client_as(user) as client:
            client.create_folder("Été 1.0")
        server.add_messages(user, "Été 1.0", [ONE])
    for name in ("contact", "contact/Archives"):
        server.create_mailbox(f"{name}@{DOMAIN}", "bluemind_loc")
    server.create_mailbox(f"user/jdoe/Elsewhere@{DOMAIN}", "example_org")
    with server.client_as(f"jdoe@{DOMAIN}") as client:
        for name in ("Old", "Gone"):
            client.create_folder(name)
        client.rename_folder("Old", "New")
        client.delete_folder("Gone")
    with server.admin_client() as client:
        return frozenset(
            name
            for flags, _, name in client.list_folders()
            if b"\\NonExistent" not in flags and b"\\Noselect" not in flags
        )


@pytest.fixture(
    scope="module",
    params=[
        ("uuid", {}),
        ("names", {"fulldirhash": "yes"}),
        ("names", {"hashimapspool": "no", "metapartition_files": "cache"}),
    ],
    ids=["uuid", "fulldirhash", "not-hashed-cache-in-meta"],
)
def written(
    request: pytest.FixtureRequest, as_root: None, tmp_path_factory: pytest.TempPathFactory
) -> Written:
    layout, options = request.param
    backup = tmp_path_factory.mktemp("backup")
    with server_root() as root:
        with PrivateCyrus(root, layout=layout, overrides=options) as server:
            names = fill(server)
        shutil.copytree(root / "spool", backup / "var/spool/cyrus")
        ignored = shutil.ignore_patterns("socket", "proc", "lock", "*.pid")
        shutil.copytree(root / "conf", backup / "var/lib/cyrus", ignore=ignored)
    return Written(layout=layout, backup=backup, names=names)


def test_all_that_the_server_lists_is_found_and_nothing_else(written: Written) -> None:
    found = written.found()

    assert set(found) == written.names
    assert [each.findings for each in found.values() if each.findings] == []


def test_index_and_messages_are_read_where_they_lie(written: Written) -> None:
    found = written.found()

    for name in (f"user/jdoe/Été 1.0@{DOMAIN}", f"user/john.doe@{DOMAIN}"):
        mailbox = read_mailbox(found[name])
        assert mailbox.has_index
        assert mailbox.restorable().sum() == 1
    assert found[f"user/jdoe/Elsewhere@{DOMAIN}"].place.partition == "example_org"


def test_a_deleted_folder_says_when_it_was_deleted(written: Written) -> None:
    (deleted,) = [each.name for each in written.found().values() if each.name.is_deleted]

    assert deleted.parts[:-1] == ("DELETED", "user", "jdoe", "Gone")
    assert deleted.deleted_at is not None
    assert abs(datetime.now(UTC) - deleted.deleted_at) < timedelta(hours=1)


def test_without_databases_headers_name_what_directories_do_not(
    written: Written, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(written.backup / "var/spool", copy / "var/spool")
    alone = Written(layout=written.layout, backup=copy, names=written.names)

    assert set(alone.found()) == written.names
