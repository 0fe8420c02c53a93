"""What failed manual restores leave on a real server is named, and the printed cures cure it."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.model.accounts import Account, AccountKind
from respool.system.cyrus_server import ServerAccess, reach_server
from respool.system.imap_places import ImapAddress
from respool.targets.spool.leftover_search import find_leftovers
from respool.targets.spool.leftovers import Leftovers
from tests.support.cyrus_configuration import Layout
from tests.support.imap_contents import messages_in
from tests.support.live_server import serve_golden_live
from tests.support.manual_restore import restore_with_metadata, restore_without_metadata
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import Workplace
from tests.support.trees import unchanged

pytestmark = pytest.mark.needs_cyrus

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="bluemind.loc")
CONTACT = Account(kind=AccountKind.MAILSHARE, login="contact", domain="bluemind.loc")
LOGIN = "jdoe@bluemind.loc"
RESTORED = "user/jdoe/restore_dir@bluemind.loc"
WITHOUT_ID = ("leftover-record-without-id", RESTORED)
DIRECTORY = ("leftover-directory", RESTORED)
DOUBLED = ("leftover-doubled-id", RESTORED)
EMPTIED = ("leftover-index-emptied", RESTORED)


@pytest.fixture(params=["names", "uuid"])
def live(request: pytest.FixtureRequest) -> Iterator[PrivateCyrus]:
    layout: Layout = request.param
    with server_root() as root, serve_golden_live(root, layout) as server:
        yield server


@pytest.fixture
def names(as_root: None) -> Iterator[PrivateCyrus]:
    with server_root() as root, serve_golden_live(root, "names") as server:
        yield server


@pytest.fixture
def part(golden_backup: Path) -> Path:
    return next(golden_backup.rglob("imap/1234"))


def looked(server: PrivateCyrus, account: Account | None = JDOE) -> Leftovers:
    """What is found; nothing in the spool is touched by the search, nor in the mailbox list."""
    access = ServerAccess(
        imapd_conf=server.imapd_conf,
        address=ImapAddress(port=server.port),
        password=server.password,
    )
    listed = mailbox_list(server)
    with unchanged(server.root / "spool"), reach_server(access) as reached:
        found = find_leftovers(reached, account)
    assert mailbox_list(server) == listed
    return found


def mailbox_list(server: PrivateCyrus) -> str:
    database = str(server.files.config_directory / "mailboxes.db")
    return server.run_tool("cyr_dbtool", database, "twoskip", "show").stdout


def told(found: Leftovers) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in found.findings]


def cured(found: Leftovers) -> None:
    """Each cure, run as it is printed, in the order in which it is printed."""
    for one in found.found:
        assert one.cure is not None, one
        assert one.cure in one.finding.text
        subprocess.run(["sh", "-c", one.cure], check=True, cwd="/", capture_output=True)


def check_sound(server: PrivateCyrus) -> None:
    """Nothing is left, INBOX works, a folder can be made and deleted, no imapd died."""
    assert told(looked(server)) == []
    assert told(looked(server, None)) == []
    before = [line for line in server.error_lines() if "imap[" in line]
    with server.client_as(LOGIN) as client:
        assert client.select_folder("INBOX")[b"EXISTS"] == 51
    with server.admin_client() as admin:
        for name in ("user/jdoe/restore_dir@bluemind.loc", "user/jdoe/other@bluemind.loc"):
            if not admin.folder_exists(name):
                server.create_mailbox(name)
            admin.delete_folder(name)
    done = server.run_tool("reconstruct", "-r", "user/jdoe@bluemind.loc")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in server.error_lines() if "imap[" in line] == before
    server.restart()
    assert told(looked(server, None)) == []


@pytest.mark.parametrize("account", [JDOE, CONTACT, None], ids=["jdoe", "contact", "all"])
def test_a_sound_server_has_no_leftovers(live: PrivateCyrus, account: Account | None) -> None:
    found = looked(live, account)
    assert (found.findings, found.directories) == ((), frozenset())


def test_the_guide_with_metadata_leaves_what_is_named_and_cured(
    live: PrivateCyrus, part: Path
) -> None:
    """
    In the uuid layout reconstruct finds nothing, and says nothing: the copy just lies there.
    """
    status = restore_with_metadata(live, part)

    found = looked(live)

    assert status == (-11 if live.layout == "names" else 0)
    assert told(found) == ([WITHOUT_ID, DIRECTORY] if live.layout == "names" else [DIRECTORY])
    assert told(looked(live, None)) == told(found)
    assert f"with {copied(live)} message files" in found.findings[-1].text
    assert {"user/jdoe/restore_dir", "user/jdoe/restore_dir/Sent"} <= {
        name.admin.partition("@")[0] for name in found.directories
    }
    cured(found)
    check_sound(live)


def test_the_guide_without_metadata_leaves_what_is_named_and_cured(
    live: PrivateCyrus, part: Path
) -> None:
    assert restore_without_metadata(live, part) == -11

    found = looked(live)

    assert told(found) == [WITHOUT_ID, DIRECTORY]
    assert told(looked(live, None)) == told(found)
    cured(found)
    check_sound(live)


def test_a_restart_after_the_guide_doubles_an_id_which_is_named_and_cured(
    names: PrivateCyrus, part: Path
) -> None:
    """
    At its start the server gives the record the id in the copied header: that of INBOX.
    """
    restore_with_metadata(names, part)
    names.restart()

    found = looked(names)

    assert told(found) == [DOUBLED, DIRECTORY]
    assert told(looked(names, None)) == told(found)
    cured(found)
    check_sound(names)


def test_a_restart_after_the_guide_without_metadata_leaves_an_empty_index_and_loose_folders(
    names: PrivateCyrus, part: Path
) -> None:
    restore_without_metadata(names, part)
    names.restart()

    found = looked(names)

    assert EMPTIED in told(found)
    loose = [subject for code, subject in told(found) if code == DIRECTORY[0]]
    assert "user/jdoe/restore_dir/Projects@bluemind.loc" in loose
    assert "user/jdoe/restore_dir/Projects/2024@bluemind.loc" not in loose
    assert RESTORED not in loose
    cured(found)
    with names.client_as(LOGIN) as client:
        assert len(messages_in(client, "restore_dir")) == 55
    check_sound(names)


def test_a_copied_header_is_named_and_cured(live: PrivateCyrus) -> None:
    """
    Whoever makes the folder first and copies files and metadata into it gets there.
    """
    copy_inbox_into(live, RESTORED)
    shutil.copy2(meta_of(live, "user/jdoe@bluemind.loc") / "cyrus.header", meta_of(live, RESTORED))

    found = looked(live)

    assert told(found) == [DOUBLED]
    assert told(looked(live, None)) == told(found)
    cured(found)
    check_sound(live)


def test_an_empty_header_beside_an_index_is_named_and_cured_with_all_flags(
    live: PrivateCyrus,
) -> None:
    copy_inbox_into(live, RESTORED)
    (meta_of(live, RESTORED) / "cyrus.header").write_bytes(b"")

    found = looked(live)

    assert told(found) == [("leftover-header-empty", RESTORED)]
    assert told(looked(live, None)) == told(found)
    cured(found)
    with live.client_as(LOGIN) as client:
        wanted = messages_in(client, "INBOX")
        shown = messages_in(client, "restore_dir")
    assert [as_kept(message.flags) for message in shown] == [
        as_kept(message.flags) for message in wanted
    ]
    check_sound(live)


def test_a_folder_of_a_share_that_was_only_copied_is_found_under_its_letter(
    names: PrivateCyrus,
) -> None:
    meta = names.root / "spool/meta/bluemind_loc/domain/b/bluemind.loc"
    shutil.copytree(meta / "c/contact", meta / "r/contact/restored-20171003")

    found = looked(names, CONTACT)

    assert told(found) == [("leftover-directory", "contact/restored-20171003@bluemind.loc")]
    assert looked(names, JDOE).findings == ()
    cured(found)
    assert told(looked(names, None)) == []


def test_files_above_a_folder_that_is_owned_are_moved_away_alone(names: PrivateCyrus) -> None:
    """
    The share has zzz/inner, and no mailbox zzz above it.
    """
    loose = names.root / "spool/data/bluemind_loc/domain/b/bluemind.loc/z/contact/zzz"
    shutil.copy2(directory_of(names, "contact/zzz/inner@bluemind.loc") / "1.", loose)

    found = looked(names, CONTACT)

    assert told(found) == [("leftover-directory", "contact/zzz@bluemind.loc")]
    assert "with 1 message files" in found.findings[0].text
    cured(found)
    assert [entry.name for entry in loose.iterdir()] == ["inner"]
    assert told(looked(names, None)) == []


def test_a_directory_of_an_id_that_nobody_has_is_found_in_the_whole_server(as_root: None) -> None:
    """
    For one account alone it is not looked for: all headers of the server would be read.
    """
    with server_root() as root, serve_golden_live(root, "uuid") as server:
        for kind in ("data", "meta"):
            shelf = root / "spool" / kind / "bluemind_loc/uuid"
            inbox = next(shelf.glob("2/6/2643674d-*"))
            shutil.copytree(inbox, shelf / "z/z/zz43674d-4e4c-4245-802a-5670a5987542")

        found = looked(server, None)

        directory = "uuid/z/z/zz43674d-4e4c-4245-802a-5670a5987542"
        assert told(found) == [("leftover-directory", directory)]
        assert told(looked(server)) == []
        cured(found)
        assert told(looked(server, None)) == []


def test_a_database_that_cannot_be_read_is_said_and_nothing_is_guessed(
    names: PrivateCyrus, part: Path
) -> None:
    """
    Without the list of mailboxes every directory would look as if nobody owned it.
    """
    restore_with_metadata(names, part)
    text = names.imapd_conf.read_text("utf-8")
    elsewhere = f"mboxlist_db_path: {names.root}/nowhere.db\n"
    names.imapd_conf.write_text(elsewhere + text, "utf-8")

    with reach_server(
        ServerAccess(
            imapd_conf=names.imapd_conf,
            address=ImapAddress(port=names.port),
            password=names.password,
        )
    ) as reached:
        found = [find_leftovers(reached, account) for account in (JDOE, None)]

    assert [one.code for each in found for one in each.findings] == 2 * ["leftovers-not-searched"]


def test_doctor_prints_each_leftover_with_its_cure_and_is_content_once_they_were_run(
    names: PrivateCyrus, part: Path, golden_backup: Path
) -> None:
    """
    Leftovers are notes: the machine is ready for a restore all the same.
    """
    work = Workplace(server=names, backups=golden_backup, state=names.root / "state")
    restore_with_metadata(names, part)

    ran = work.run("doctor", "--json")
    said = work.run("doctor")

    rows = [check for check in ran.json["checks"] if check["check"] == "leftovers"]
    assert (ran.status, ran.json["ready"], said.status) == (0, True, 0)
    assert [row["status"] for row in rows] == ["note", "note"]
    for row in rows:
        assert f"leftovers: {row['hint']}\n" in said.output
        subprocess.run(["sh", "-c", row["hint"]], check=True, cwd="/", capture_output=True)
    [row] = [
        one for one in work.run("doctor", "--json").json["checks"] if one["check"] == "leftovers"
    ]
    assert (row["status"], row["found"], row["hint"]) == ("ok", "none", None)


def copied(server: PrivateCyrus) -> int:
    """Message files below the directory that was copied."""
    return len(list((server.root / "spool/data").glob("**/user/jdoe/restore_dir/**/*.")))


def copy_inbox_into(server: PrivateCyrus, name: str) -> None:
    """Make a folder, and copy messages, index and cache of INBOX into it, as people do."""
    server.create_mailbox(name)
    inbox = "user/jdoe@bluemind.loc"
    data = directory_of(server, name)
    data.mkdir(exist_ok=True)
    for file in directory_of(server, inbox).glob("*."):
        shutil.copy2(file, data)
    for kind in ("index", "cache"):
        shutil.copy2(meta_of(server, inbox) / f"cyrus.{kind}", meta_of(server, name))
    subprocess.run(["chown", "-R", "cyrus:mail", data, meta_of(server, name)], check=True)


def directory_of(server: PrivateCyrus, name: str) -> Path:
    return Path(server.run_tool("mbpath", "-7", name).stdout.strip())


def meta_of(server: PrivateCyrus, name: str) -> Path:
    return Path(server.run_tool("mbpath", "-m", "-7", name).stdout.strip())


def as_kept(flags: frozenset[str]) -> Counter[str]:
    """System flags by name, keywords by their number: their names were lost."""
    return Counter(flag if flag.startswith("\\") else "keyword" for flag in flags)
