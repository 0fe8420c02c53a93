"""Same name, another person: what a golden backup and a live server say of one account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from respool.app.access import server_access
from respool.app.identity import compare_with_live
from respool.app.selection import Wanted, select
from respool.backups.contents import root_mailbox
from respool.backups.discovery import open_backup
from respool.model.accounts import Account, AccountKind
from respool.planning.identity import identity_findings, identity_reasons
from respool.planning.incarnation import Comparison, Says, Topic
from respool.planning.request import Person
from respool.system.cyrus_server import reach_server
from respool.targets.spool.names import NameRules
from tests.support import golden
from tests.support.cyrus_configuration import Layout
from tests.support.imap_contents import folder_names
from tests.support.live_server import serve_golden_live
from tests.support.private_cyrus import NewMessage, PrivateCyrus, server_root
from tests.support.restoring import settings_for
from tests.support.trees import unchanged

pytestmark = pytest.mark.needs_cyrus
OWNER = "lrswipkxtea"
HELLO = NewMessage(octets=b"Subject: Hello\r\n\r\nBody\r\n")


@pytest.fixture(params=["names", "uuid"])
def live(request: pytest.FixtureRequest) -> Iterator[PrivateCyrus]:
    layout: Layout = request.param
    with server_root() as root, serve_golden_live(root, layout) as server:
        yield server


@pytest.fixture
def live_names() -> Iterator[PrivateCyrus]:
    with server_root() as root, serve_golden_live(root, "names") as server:
        yield server


def user(login: str) -> Account:
    name, _, domain = login.partition("@")
    return Account(kind=AccountKind.USER, login=name, domain=domain)


def compared(
    server: PrivateCyrus, backups: Path, account: str, generation: str | None = None
) -> Comparison:
    """What is said of an account; neither the backup nor the server changes by the asking."""
    backup = open_backup(backups)
    selection = select(backup, Wanted(account=account, generation=generation))
    access = server_access(settings_for(server, backups, server.root / "state"))
    with unchanged(backups), reach_server(access) as reached:
        rules = NameRules(
            version=reached.version,
            separator=reached.separator,
            is_uuid_layout=server.layout == "uuid",
            default_domain=reached.default_domain,
        )
        return compare_with_live(backup, selection, reached, rules)


def said(comparison: Comparison) -> dict[Topic, Says]:
    """What the first comparison of each topic says: chosen generation against live."""
    return {each.topic: each.says for each in reversed(comparison.evidence)}


def recreate(server: PrivateCyrus, login: str, *folders: str) -> None:
    """Delete an account and make it anew, with ``folders``."""
    name, _, domain = login.partition("@")
    with server.admin_client() as admin:
        admin.delete_folder(f"user/{login}")
    server.create_user(login)
    for folder in folders:
        server.create_mailbox(f"user/{name}/{folder}@{domain}", "bluemind_loc")


def set_live_owner(server: PrivateCyrus, login: str, owner: str) -> None:
    """Name the owner of an INBOX as BlueMind does: by another identifier than his login."""
    with server.admin_client() as admin:
        admin.setacl(f"user/{login}", owner, OWNER)
        admin._imap.deleteacl(f"user/{login}", login)


@contextmanager
def changed_header(backups: Path, login: str, part_id: int) -> Iterator[list[bytes]]:
    """The header of an INBOX in one part alone, to be changed: parts share files."""
    for generation in open_backup(backups).generations:
        source = root_mailbox(generation, user(login))
        if source is not None and source.part_id == part_id and source.place.meta is not None:
            file = Path(source.spool / source.place.meta / "cyrus.header")
            octets = [file.read_bytes()]
            yield octets
            file.unlink()
            file.write_bytes(octets[0])
            return
    raise AssertionError(f"no part {part_id} with {login}")


def set_backup_owner(backups: Path, login: str, owner: str, part_id: int) -> None:
    with changed_header(backups, login, part_id) as octets:
        assert f"{login}\t".encode() in octets[0]
        octets[0] = octets[0].replace(f"{login}\t".encode(), f"{owner}\t".encode())


def set_backup_id(backups: Path, login: str, uniqueid: str, part_id: int) -> None:
    with changed_header(backups, login, part_id) as octets:
        before, tab, rest = octets[0].partition(b"\t--Jim")
        line, end, after = rest.partition(b"\n")
        root, _, others = after.partition(b"\t")
        _, newline, tail = others.partition(b"\n")
        octets[0] = b"".join(
            (before, tab, line, end, root, b"\t", uniqueid.encode(), newline, tail)
        )


@pytest.mark.parametrize("generation", ["87", "88", "89"])
@pytest.mark.parametrize(
    "account", ["jdoe@bluemind.loc", "john.doe@bluemind.loc", "1digit@bluemind.loc"]
)
def test_an_account_that_was_never_made_anew_is_the_same(
    golden_backup: Path, cyrus_live: PrivateCyrus, account: str, generation: str
) -> None:
    comparison = compared(cyrus_live, golden_backup, account, generation)

    assert said(comparison)[Topic.INBOX_ID] is Says.FOR
    assert said(comparison)[Topic.OWNER] is Says.NOTHING  # a plain Cyrus: the login itself
    assert not comparison.speaks_against


@pytest.fixture(scope="module", params=["names", "uuid"])
def cyrus_live(request: pytest.FixtureRequest) -> Iterator[PrivateCyrus]:
    """A live server that no test changes."""
    layout: Layout = request.param
    with server_root() as root, serve_golden_live(root, layout) as server:
        yield server


def test_a_mailshare_that_was_never_made_anew_is_the_same_and_has_no_owner(
    golden_backup: Path, cyrus_live: PrivateCyrus
) -> None:
    comparison = compared(cyrus_live, golden_backup, "contact@bluemind.loc", "87")

    assert said(comparison)[Topic.INBOX_ID] is Says.FOR
    assert all(each.topic is not Topic.OWNER for each in comparison.evidence)
    assert not comparison.speaks_against


def test_a_backup_of_another_server_is_another_account(
    as_root: None, tmp_path: Path, cyrus_live: PrivateCyrus
) -> None:
    backups = golden.unpack_dataprotect_bm4(tmp_path)

    comparison = compared(cyrus_live, backups, "jdoe@bluemind.loc")

    assert said(comparison)[Topic.INBOX_ID] is Says.AGAINST
    assert said(comparison)[Topic.FOLDER_IDS] is Says.AGAINST


def test_an_account_made_anew_with_mail_in_it_is_refused_until_a_person_says_whose_it_is(
    golden_backup: Path, live: PrivateCyrus
) -> None:
    recreate(live, "jdoe@bluemind.loc", "Sent", "Trash")
    live.add_messages("jdoe@bluemind.loc", "INBOX", [HELLO])

    comparison = compared(live, golden_backup, "jdoe@bluemind.loc", "87")

    assert said(comparison) == {
        Topic.OWNER: Says.NOTHING,
        Topic.INBOX_ID: Says.AGAINST,
        Topic.FOLDER_IDS: Says.AGAINST,
    }
    assert "the account was made anew since generation 89" in comparison.lines[-1]
    account = user("jdoe@bluemind.loc")
    reasons = identity_reasons(comparison, account, person=None, has_held_mail=True)
    assert set(comparison.lines) < set(reasons)
    for person in Person:
        assert not identity_reasons(comparison, account, person=person, has_held_mail=True)


def test_an_account_made_anew_and_empty_is_nobody_s_yet(
    golden_backup: Path, live: PrivateCyrus
) -> None:
    recreate(live, "alice@bluemind.loc")

    comparison = compared(live, golden_backup, "alice@bluemind.loc")

    account = user("alice@bluemind.loc")
    assert said(comparison)[Topic.INBOX_ID] is Says.AGAINST
    assert not identity_reasons(comparison, account, person=None, has_held_mail=False)
    findings = identity_findings(comparison, account, person=None, has_held_mail=False)
    assert [each.code for each in findings] == ["account-made-anew"]


def test_a_broken_record_has_no_id_and_stops_nothing(
    golden_backup: Path, live_names: PrivateCyrus
) -> None:
    recreate(live_names, "jdoe@bluemind.loc", "Drafts", "Trash")
    database = str(live_names.files.config_directory / "mailboxes.db")
    key = "Nbluemind.loc\x1duser\x1fjdoe\x1fSent"
    record = "%(T el P bluemind_loc A %(jdoe@bluemind.loc lrswipkxtecdan))"
    done = live_names.run_tool("cyr_dbtool", database, "twoskip", "set", key, record)
    assert done.returncode == 0

    comparison = compared(live_names, golden_backup, "jdoe@bluemind.loc", "89")

    assert comparison.lines[-1].endswith("live 2 known: none in common")


def test_a_mailshare_made_anew_is_only_noted(
    golden_backup: Path, live_names: PrivateCyrus
) -> None:
    with live_names.admin_client() as admin:
        names = [name for name in folder_names(admin) if name.startswith("contact")]
        for name in sorted(names, key=len, reverse=True):
            admin.delete_folder(name)
    live_names.create_mailbox("contact@bluemind.loc", "bluemind_loc")

    comparison = compared(live_names, golden_backup, "contact@bluemind.loc")

    contact = Account(kind=AccountKind.MAILSHARE, login="contact", domain="bluemind.loc")
    assert comparison.speaks_against
    assert not identity_reasons(comparison, contact, person=None, has_held_mail=True)
    findings = identity_findings(comparison, contact, person=None, has_held_mail=True)
    assert [each.code for each in findings] == ["account-made-anew"]


def test_an_owner_whom_bluemind_named_otherwise_differs_from_the_login(
    backup_tree: Path, live_names: PrivateCyrus
) -> None:
    set_backup_owner(backup_tree, "jdoe@bluemind.loc", "4F2A@bluemind.loc", 1234)

    comparison = compared(live_names, backup_tree, "jdoe@bluemind.loc")

    account = user("jdoe@bluemind.loc")
    assert comparison.lines[0] == (
        "owner: generation 89 4F2A@bluemind.loc, live jdoe@bluemind.loc: differ"
    )
    assert comparison.has_other_owner
    assert said(comparison)[Topic.INBOX_ID] is Says.FOR
    assert identity_reasons(comparison, account, person=None, has_held_mail=False)


@pytest.mark.parametrize(
    ("live_owner", "says"),
    [("4F2A@bluemind.loc", Says.FOR), ("77B1@bluemind.loc", Says.AGAINST)],
)
def test_owners_that_bluemind_named_are_compared(
    backup_tree: Path, live_names: PrivateCyrus, live_owner: str, says: Says
) -> None:
    set_backup_owner(backup_tree, "jdoe@bluemind.loc", "4F2A@bluemind.loc", 1234)
    set_live_owner(live_names, "jdoe@bluemind.loc", live_owner)

    comparison = compared(live_names, backup_tree, "jdoe@bluemind.loc")

    assert said(comparison)[Topic.OWNER] is says


def test_an_inbox_whose_id_changed_between_generations_is_said_with_both(
    backup_tree: Path, cyrus_live: PrivateCyrus
) -> None:
    """
    The chosen generation and the live account agree; that in between does not.
    """
    other = "00000000-0000-4000-8000-000000000000"
    set_backup_id(backup_tree, "jdoe@bluemind.loc", other, 1233)

    old = compared(cyrus_live, backup_tree, "jdoe@bluemind.loc", "87")
    new = compared(cyrus_live, backup_tree, "jdoe@bluemind.loc", "89")

    assert said(old)[Topic.INBOX_ID] is Says.FOR
    assert [line.partition(" (")[0] for line in old.lines if "made anew" in line] == [
        "the account was made anew between generation 87 and generation 88",
        "the account was made anew between generation 88 and generation 89",
    ]
    assert old.speaks_against
    assert not new.speaks_against


def test_a_newer_generation_without_the_account_or_its_header_is_passed_over(
    backup_tree: Path, cyrus_live: PrivateCyrus
) -> None:
    with changed_header(backup_tree, "jdoe@bluemind.loc", 1233) as octets:
        octets[0] = b""

    comparison = compared(cyrus_live, backup_tree, "jdoe@bluemind.loc", "87")

    assert comparison.speaks_for
    assert not comparison.speaks_against


def test_folders_speak_where_the_backup_s_inbox_has_no_header(
    backup_tree: Path, cyrus_live: PrivateCyrus
) -> None:
    with changed_header(backup_tree, "jdoe@bluemind.loc", 1234) as octets:
        octets[0] = b""

    comparison = compared(cyrus_live, backup_tree, "jdoe@bluemind.loc", "89")

    assert said(comparison) == {
        Topic.OWNER: Says.NOTHING,
        Topic.INBOX_ID: Says.NOTHING,
        Topic.FOLDER_IDS: Says.FOR,
    }


def test_a_root_that_the_generation_lacks_leaves_it_to_the_folders(
    backup_tree: Path, cyrus_live: PrivateCyrus
) -> None:
    source = root_mailbox(open_backup(backup_tree).generations[0], user("jdoe@bluemind.loc"))
    assert source is not None
    for directory in (source.place.meta, source.place.data):
        assert directory is not None
        for file in Path(source.spool / directory).iterdir():
            if file.is_file():
                file.unlink()

    comparison = compared(cyrus_live, backup_tree, "jdoe@bluemind.loc", "89")

    assert said(comparison)[Topic.INBOX_ID] is Says.NOTHING
    assert said(comparison)[Topic.FOLDER_IDS] is Says.FOR
