"""What a backup had archived: in the target's archive where it has one, else as any message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from imapclient import imap_utf7

from respool.cyrus.index import parse_index
from respool.model.inventory import ARCHIVED
from respool.verification.report import Receipt
from tests.support.cyrus_configuration import Layout
from tests.support.directions import (
    INTO,
    PARTITION,
    Folders,
    Kind,
    TargetAccount,
    all_folders_of,
    check_target_sound,
    folders_of,
    fresh_target,
    mailboxes_of,
    true_folders,
    unread,
    without_flags,
)
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import restored, settings_for, wish
from tests.support.whole_account import SPOOLS, TREES, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
CONTACT = "share/contact@bluemind.loc"
BM4 = TREES["BlueMind 4"]
ARCHIVES = Path(
    "dp_spool/rsync/192.168.122.56/mail/imap/412/var/spool/bm-hsm/cyrus-archives"
    "/bm-master__bluemind_loc/domain/b/bluemind.loc"
)
# What reconstruct says of each message in place whose answers it parses anew; all is right then.
REBUILT = "missing cache offset"
FILES_ALONE = {"into": INTO, "is_without_metadata": True}
Uids = Mapping[str, frozenset[int]]


@pytest.fixture(scope="module")
def archiving_servers(as_root: None) -> Iterator[Callable[[Layout], PrivateCyrus]]:
    """Servers with an archive, by layout."""
    with server_root() as one, server_root() as other:
        servers: dict[Layout, PrivateCyrus] = {}
        places: dict[Layout, Path] = {"names": one, "uuid": other}

        def serve(layout: Layout) -> PrivateCyrus:
            if layout not in servers:
                options = {
                    "archive_enabled": "yes",
                    "archive_after": "30d",
                    f"archivepartition-{PARTITION}": str(places[layout] / "archive"),
                }
                servers[layout] = PrivateCyrus(places[layout], layout, options)
                servers[layout].start()
            return servers[layout]

        yield serve
        for server in servers.values():
            server.stop()


@pytest.fixture(params=["names", "uuid"])
def archiving(
    request: pytest.FixtureRequest, archiving_servers: Callable[[Layout], PrivateCyrus]
) -> PrivateCyrus:
    """A server with an archive, in either layout."""
    return archiving_servers(request.param)


def uids_in(directory: Path) -> frozenset[int]:
    """UIDs of the message files in a directory."""
    files = directory.glob("*.") if directory.is_dir() else ()
    return frozenset(int(file.name.rstrip(".")) for file in files)


def archived_in_backup(backups: Path, account: str, true: Folders) -> Uids:
    """What lies in the backup's archive, by path, but for what had been expunged."""
    login = account.partition("/")[2].partition("@")[0]
    below = f"user/{login}" if account.startswith("user/") else login
    found: dict[str, frozenset[int]] = {}
    for directory in (backups / ARCHIVES).glob(f"?/{below}"):
        for inner in (directory, *(each for each in directory.rglob("*") if each.is_dir())):
            path = path_of(str(inner.relative_to(directory)).replace("^", "."))
            visible = {message.uid for message in true.get(path, ())}
            found[path] = found.get(path, frozenset()) | (uids_in(inner) & visible)
    return {path: uids for path, uids in found.items() if uids}


def path_of(name: str) -> str:
    """The decoded path of an encoded one, ``.`` or nothing being INBOX."""
    return imap_utf7.decode(name.encode()) if name.strip(".") else "INBOX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """Where messages lie on a server, by path; which ones its indexes say are archived."""

    data: Uids
    archive: Uids
    flagged: Uids


def lying(server: PrivateCyrus, target: TargetAccount, below: str) -> Lying:
    """How the messages of a folder of an account and of all below it lie."""
    places: dict[str, dict[str, frozenset[int]]] = {"data": {}, "archive": {}, "flagged": {}}
    above = target.mailbox(below).partition("@")[0]
    for name in mailboxes_of(server, target):
        local = name.partition("@")[0]
        if f"{local}/".startswith(f"{above}/"):
            data, meta = (directory_of(server, name, *words) for words in ((), ("-m",)))
            inner = data.relative_to(server.files.data(PARTITION))
            rows = parse_index((meta / "cyrus.index").read_bytes()).records
            flagged = rows["uid"][(rows["system_flags"] & ARCHIVED) != 0]
            path = path_of(local.removeprefix(above).removeprefix("/"))
            places["data"][path] = uids_in(data)
            places["archive"][path] = uids_in(server.root / "archive" / inner)
            places["flagged"][path] = frozenset(flagged.tolist())
    return Lying(**{k: {p: uids for p, uids in v.items() if uids} for k, v in places.items()})


def directory_of(server: PrivateCyrus, name: str, *words: str) -> Path:
    """What the server's own ``mbpath`` says of an encoded name."""
    return Path(server.run_tool("mbpath", *words, "-7", name).stdout.strip())


def others(true: Folders, archived: Uids) -> Uids:
    """The UIDs that are not archived, by path."""
    rest = {
        path: frozenset(message.uid for message in messages) - archived.get(path, frozenset())
        for path, messages in true.items()
    }
    return {path: uids for path, uids in rest.items() if uids}


def restore_all(
    server: PrivateCyrus,
    backups: Path,
    target: TargetAccount,
    account: str,
    **more: Any,  # noqa: ANN401 - of a wish
) -> Receipt:
    state = server.root / f"state-{target.login}"
    return restored(settings_for(server, backups, state), wish(account, to=target.written, **more))


@pytest.mark.parametrize(
    ("archiving", "account", "kind", "more"),
    [
        pytest.param("names", JDOE, "user", {"into": INTO}, id="user, names"),
        pytest.param("uuid", JDOE, "user", {"into": INTO}, id="user, uuid"),
        pytest.param("uuid", JDOE, "user", {"is_in_place": True}, id="user, in place, uuid"),
        pytest.param("names", JDOE, "user", FILES_ALONE, id="files alone, names"),
        pytest.param("uuid", CONTACT, "share", {"into": INTO}, id="mailshare, uuid"),
        pytest.param("names", CONTACT, "user", {"is_in_place": True}, id="in place, names"),
    ],
    indirect=["archiving"],
)
def test_what_was_archived_lies_in_the_archive_and_the_index_says_so(
    account: str,
    kind: Kind,
    more: dict[str, Any],
    archiving: PrivateCyrus,
    unpacked: Callable[[Source], Path],
) -> None:
    """
    All else lies beside it; every reader sees both, and the server has nothing to mend.
    """
    target = fresh_target(archiving, kind)
    backups = unpacked(BM4)
    before = len(archiving.error_lines())
    receipt = restore_all(archiving, backups, target, account, **more)
    told = archiving.error_lines()
    assert all("is_in_place" in more and REBUILT in line for line in told[before:])
    assert receipt.verdict.value == "proven"
    true = true_folders(BM4.truth, account)
    archived = archived_in_backup(backups, account, true)
    below = more.get("into", "INBOX")
    found = lying(archiving, target, below)
    assert sum(map(len, archived.values())) == sum(box.archived for box in receipt.head.mailboxes)
    assert sum(map(len, archived.values())) > 10
    assert (found.archive, found.flagged) == (archived, archived)
    assert found.data == others(true, archived)
    expected = true if (account, kind) == (JDOE, "user") else unread(true)
    expected = without_flags(true) if "is_without_metadata" in more else expected
    for reader in target.readers:
        if "into" in more:
            assert folders_of(archiving, target, reader) == expected
        else:
            assert all_folders_of(archiving, target, reader) == expected
    check_target_sound(archiving, target, told)


@pytest.mark.parametrize("archiving", ["names"], indirect=True)
def test_what_was_never_archived_is_not_archived_by_us(
    archiving: PrivateCyrus, unpacked: Callable[[Source], Path]
) -> None:
    """
    The server does that, when it is time; all is as before then, and sound.
    """
    target, told = fresh_target(archiving, "user"), archiving.error_lines()
    source = SPOOLS["3.8.7"]
    receipt = restore_all(archiving, unpacked(source), target, JDOE, into=INTO)
    assert receipt.verdict.value == "proven"
    true = true_folders(source.truth, JDOE)
    found = lying(archiving, target, INTO)
    assert (found.archive, found.flagged, found.data) == ({}, {}, others(true, {}))
    done = archiving.run_tool("cyr_expire", "-A", "1d", "-E", "3")
    assert done.returncode == 0
    found = lying(archiving, target, INTO)
    assert found.archive == found.flagged != {}
    assert folders_of(archiving, target, target.login) == true
    check_target_sound(archiving, target, told)


def test_an_archived_message_can_be_marked_moved_and_deleted_like_any_other(
    archiving: PrivateCyrus, unpacked: Callable[[Source], Path]
) -> None:
    target, told = fresh_target(archiving, "user"), archiving.error_lines()
    backups = unpacked(BM4)
    restore_all(archiving, backups, target, JDOE, into=INTO)
    archived = archived_in_backup(backups, JDOE, true_folders(BM4.truth, JDOE))
    uids = sorted(archived["INBOX"])
    with archiving.client_as(target.login) as client:
        client.select_folder(INTO)
        envelopes = client.fetch(uids, ["ENVELOPE"])
        assert sum(each[b"ENVELOPE"].subject is not None for each in envelopes.values()) > 5
        client.add_flags(uids[:1], ["\\Flagged"])
        client.copy(uids[:2], "INBOX")
        client.delete_messages(uids[2:3])
        client.expunge()
        assert uids[2] not in client.search("ALL")
        client.select_folder("INBOX", readonly=True)
        assert len(client.search("ALL")) == 2
    assert archiving.run_tool("cyr_expire", "-E", "1", "-X", "0").returncode == 0
    check_target_sound(archiving, target, told)


@pytest.mark.parametrize(
    ("shared_server", "account", "kind"),
    [("names", JDOE, "user"), ("uuid", CONTACT, "share")],
    ids=["user", "mailshare"],
    indirect=["shared_server"],
)
def test_without_an_archive_all_are_ordinary_messages(
    account: str,
    kind: Kind,
    shared_server: PrivateCyrus,
    unpacked: Callable[[Source], Path],
) -> None:
    target = fresh_target(shared_server, kind)
    receipt = restore_all(shared_server, unpacked(BM4), target, account, into=INTO)
    assert receipt.verdict.value == "proven"
    assert {box.archived for box in receipt.head.mailboxes} == {0}
    found = lying(shared_server, target, INTO)
    true = true_folders(BM4.truth, account)
    assert (found.archive, found.flagged, found.data) == ({}, {}, others(true, {}))
    check_target_sound(shared_server, target)
