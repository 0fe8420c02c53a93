"""What goes wrong with the published manual procedure does not go wrong with respool.

Each test is named after the error that does not happen. Those that other tests of the
project show already are listed with them in docs/how-to/replace-the-manual-procedure.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from respool.system.programs import PROGRAM_DIRECTORIES
from tests.support import golden
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
    as_owner,
    as_reader,
    check_sound,
    directory_of,
    part_1234,
    proven,
    serve_guide,
    share_as_backed_up,
)
from tests.support.imap_contents import acl_of, messages_in, seen_uids
from tests.support.restoring import Workplace, held
from tests.support.staging import Staging, stage_user
from tests.support.truth import read_truth

pytestmark = pytest.mark.needs_cyrus

YES = ("--yes", "--json")
JOHN = "john.doe@bluemind.loc"
NEIGHBOUR = "john.doe2@bluemind.loc"
INFO = "info@bluemind.loc"
BM4 = "dataprotect-bm4/truth-412.json"
BELOW = Path("var/spool/cyrus")
DOMAIN = Path("bluemind_loc/domain/b/bluemind.loc")


@pytest.fixture(scope="module")
def work(golden_backup: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """The guide's server for all tests here: each restores into a folder of its own."""
    with serve_guide(golden_backup, tmp_path_factory.mktemp("state")) as place:
        yield place


@pytest.fixture(scope="module")
def contact(work: Workplace) -> str:
    """The new folder of contact, restored from backup number 1234 beside the live ones."""
    proven(work.run("restore", CONTACT, *PART, "--into", RESTORED, *YES))
    return RESTORED


@pytest.fixture(scope="module")
def jdoe(work: Workplace) -> str:
    """The new folder of jdoe, restored from backup number 1234 beside the live ones."""
    proven(work.run("restore", JDOE, *PART, "--into", RESTORE_DIR, *YES))
    return RESTORE_DIR


@pytest.fixture(scope="module")
def bluemind_4(work: Workplace, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The new folder of jdoe, restored from a backup of BlueMind 4 with archived mail."""
    backups = golden.unpack_dataprotect_bm4(tmp_path_factory.mktemp("bm4"))
    place = replace(work, backups=backups)
    proven(place.run("restore", JDOE, "--same-person", "--into", "bm4", *YES))
    return "bm4"


@pytest.fixture
def staged(golden_backup: Path, tmp_path: Path) -> Staging:
    return stage_user(part_1234(golden_backup), tmp_path / "var/backups", "jdoe")


@pytest.fixture
def other_backups(as_root: None, tmp_path: Path) -> Path:
    """A golden tree that the test may alter before it is read."""
    return golden.unpack_dataprotect(tmp_path / "altered")


# The number of a backup, and where it lies.


def test_the_number_of_a_part_is_not_taken_for_that_of_a_backup(work: Workplace) -> None:
    bare = work.run("plan", JDOE, "-g", "1234", "--json")
    named = work.run("plan", JDOE, *PART)

    assert (bare.status, bare.error["error"]) == (10, "generation-not-found")
    assert "part:1234" in f"{bare.error['why']} {bare.error['hint']}"
    assert "FROM  generation 89, Wed 20 Nov 2024" in named.output


def test_the_server_s_address_need_not_be_that_of_the_backup(
    work: Workplace, other_backups: Path
) -> None:
    (address,) = (other_backups / "dp_spool/rsync").iterdir()
    address.rename(address.with_name("10.0.0.7"))
    place = replace(work, backups=other_backups)

    proven(place.run("restore", JDOE, "=Drafts", *PART, "--into", "of-another-address", *YES))


def test_a_partition_of_another_name_is_no_hindrance(work: Workplace, bluemind_4: str) -> None:
    """
    The backup has bm-master__bluemind_loc; the live server puts it where its account lies.
    """
    data = directory_of(work.server, f"user/jdoe/{bluemind_4}@bluemind.loc")

    assert data.is_relative_to(work.server.root / "spool/data/bluemind_loc")
    assert list(data.glob("*."))


def test_archived_mail_is_not_left_behind(work: Workplace, bluemind_4: str) -> None:
    """
    Most messages of that backup lie in the archive directory, which the guide does not know.
    """
    boxes = [box for box in read_truth(BM4).of_user(JDOE) if not box.is_deleted]
    found = as_owner(work.server, JDOE, bluemind_4)

    assert found == {
        "/".join([bluemind_4, *box.name.rpartition("@")[0].split("/")[2:]]): tuple(
            map(held, box.messages)
        )
        for box in boxes
    }


def test_a_stub_of_bluemind_3_5_keeps_the_keyword_that_leads_to_its_body(
    work: Workplace, jdoe: str
) -> None:
    stubs = {
        message.uid
        for message in TRUTH.mailboxes[f"user/{JDOE}"].messages
        if "BMARCHIVED" in message.flags
    }
    found = {
        message.uid
        for message in as_owner(work.server, JDOE)[jdoe]
        if "BMARCHIVED" in message.flags
    }

    assert found == stubs != set()


# Names and directories.


def test_programs_are_found_where_bluemind_4_has_them_too() -> None:
    """
    /usr/sbin there, /usr/lib/cyrus/bin before.
    """
    assert {Path("/usr/lib/cyrus/bin"), Path("/usr/sbin")} <= set(PROGRAM_DIRECTORIES)


@pytest.mark.parametrize("name", ["INBOX", "a/b", "50%", "all*", " ", "two\nlines"])
def test_a_folder_name_that_is_none_is_refused_at_once(work: Workplace, name: str) -> None:
    ran = work.run("restore", JDOE, *PART, "--into", name, *YES)

    assert (ran.status, ran.error["error"]) == (2, "usage")


@pytest.mark.parametrize("into", ["v1.3 notes", "Été & Co", "2017 (bis)"])
def test_a_folder_name_is_written_as_the_server_writes_it(work: Workplace, into: str) -> None:
    """
    Dots, accents and digits first: on disk they are another thing than what is typed.
    """
    proven(work.run("restore", JDOE, "=INBOX", *PART, "--into", into, *YES))

    with work.server.client_as(JDOE) as client:
        wanted = tuple(map(held, TRUTH.mailboxes[f"user/{JDOE}"].messages))
        assert messages_in(client, into) == wanted


@pytest.mark.parametrize(
    ("into", "place"),
    [
        ("restored-20171004", "r/contact/restored-20171004"),
        ("Zurück", "z/contact/Zur&APw-ck"),
        ("2017", "q/contact/2017"),
    ],
)
def test_a_mailshare_s_new_folder_lies_under_its_own_letter_and_all_below_it_too(
    work: Workplace, into: str, place: str
) -> None:
    """
    And reconstruct visits them there: one that starts at the mailshare's root would not.
    """
    proven(work.run("restore", CONTACT, "Clients", "zzz", *PART, "--into", into, *YES))

    made = ["", "/Clients", "/Clients/2018", "/zzz", "/zzz/inner"]
    assert set(as_reader(work.server, ALICE, into)) == {f"{into}{path}" for path in made}
    check_sound(work.server, [f"contact/{into}{path}@bluemind.loc" for path in made])
    directory = work.server.root / "spool/meta" / DOMAIN / place
    assert [path for path in made if not (directory / f".{path}/cyrus.header").exists()] == []


def test_a_folder_below_one_that_is_no_mailbox_is_found(work: Workplace, contact: str) -> None:
    """
    contact has zzz/inner, and no mailbox zzz: reconstruct would stop looking there.
    """
    found = as_reader(work.server, ALICE, contact)

    assert found[f"{contact}/zzz"] == ()
    assert found[f"{contact}/zzz/inner"] != ()


# Identity and rights.


def test_no_restored_folder_has_the_uniqueid_of_another(
    work: Workplace, contact: str, jdoe: str
) -> None:
    records = json.loads(work.server.run_tool("ctl_mboxlist", "-d").stdout)
    ids = {name: record["uniqueid"] for name, record in records.items()}
    restored = {each for name, each in ids.items() if contact in name or jdoe in name}

    assert len(set(ids.values())) == len(ids)
    assert len(restored) >= len(as_backed_up()) + len(share_as_backed_up())
    assert not restored & {box.uniqueid for box in TRUTH.mailboxes.values()}


def test_the_acl_of_the_source_does_not_come_along(work: Workplace, contact: str) -> None:
    """
    The share's rights are altered since the backup; the new folders have those of today.
    """
    server = work.server
    with server.admin_client() as admin:
        admin.setacl(CONTACT, JOHN, "lr")
        try:
            proven(work.run("restore", CONTACT, "=Été", *PART, "--into", "rights-of-today", *YES))
            path = "contact/rights-of-today/Été@bluemind.loc"
            assert acl_of(admin, path)[JOHN] == "lr"
            assert acl_of(admin, path) == acl_of(admin, CONTACT)
        finally:
            admin.setacl(CONTACT, JOHN, "lrs")


def test_another_user_gets_no_acl_of_the_former_owner(work: Workplace) -> None:
    proven(work.run("restore", JDOE, *PART, "--to", ALICE, "--into", "of-jdoe", *YES))

    with work.server.admin_client() as admin:
        hers = acl_of(admin, f"user/{ALICE}")
        for path in as_backed_up("of-jdoe"):
            assert acl_of(admin, f"user/alice/{path}@bluemind.loc") == hers, path
    assert as_owner(work.server, ALICE, "of-jdoe") == as_backed_up("of-jdoe")


# Flags, dates, and what had been deleted.


def test_flags_and_dates_of_a_mailshare_s_root_are_not_left_behind(
    work: Workplace, contact: str
) -> None:
    root = share_as_backed_up(contact)[contact]

    assert any(message.flags for message in root)
    assert as_reader(work.server, ALICE, contact)[contact] == root


def test_a_mailshare_s_root_and_its_folders_are_treated_alike(
    work: Workplace, contact: str
) -> None:
    assert as_reader(work.server, ALICE, contact) == share_as_backed_up(contact)


def test_what_all_readers_have_read_together_does_not_become_unread(work: Workplace) -> None:
    """
    info shares its read state: it is in the index, and comes back with it.
    """
    proven(work.run("restore", INFO, *PART, "--into", "read-together", *YES))

    seen = TRUTH.mailboxes[INFO].seen_by
    assert seen[ALICE]
    for reader in (JDOE, ALICE):
        with work.server.client_as(reader) as client:
            found = seen_uids(client, "Shared Folders/info/read-together")
        assert found == seen[reader]


def test_dates_that_a_copy_lost_are_taken_from_the_index(work: Workplace, staged: Staging) -> None:
    """
    A plain cp makes every file new.
    """
    for file in staged.data[0].rglob("*."):
        os.utime(file)

    into = "dates-of-the-index"

    proven(work.run("restore", JDOE, "=INBOX", *staged.options(), "--into", into, *YES))

    assert as_owner(work.server, JDOE, into) == {into: as_backed_up(into)[into]}


def test_dates_that_a_copy_lost_without_an_index_are_said_before(
    work: Workplace, staged: Staging
) -> None:
    for file in staged.data[0].rglob("*."):
        os.utime(file)

    ran = work.run("plan", JDOE, *staged.options(has_meta=False))

    assert ran.status == 0
    assert "as if copied without their times" in ran.output


def test_mail_that_was_deleted_does_not_come_back_unasked(work: Workplace, jdoe: str) -> None:
    """
    With metadata, and without them too, as long as the backup has an index.
    """
    deleted = sum(len(box.expunged) for box in TRUTH.of_user(JDOE))
    assert as_owner(work.server, JDOE, jdoe) == as_backed_up()

    proven(work.run("restore", JDOE, *PART, "--without-metadata", "--into", "unread", *YES))
    asked = work.run("restore", JDOE, *PART, "--include-expunged", "--into", "all", *YES)

    counts = [count(as_owner(work.server, JDOE, into)) for into in (jdoe, "unread", "all")]
    proven(asked)
    assert counts == [counts[0], counts[0], counts[0] + deleted]


def count(found: Held) -> int:
    return sum(map(len, found.values()))
