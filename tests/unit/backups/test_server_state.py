from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from respool.backups.contents import mailboxes_of
from respool.backups.mailboxes import read_with_state
from respool.backups.server_state import ServerState, server_state
from respool.backups.source import SourceMailbox
from respool.cyrus.index import IndexHeader, render_index
from respool.model.accounts import account_of
from respool.model.inventory import RECORD, Rows, StoredMailbox
from respool.model.state import Annotation, MailboxState
from tests.support.inventories import spool_generation
from tests.support.small_spools import mailbox_name, write_mailbox, write_spool
from tests.unit.cyrus.database_builders import TwoskipBuilder

CONFIG = "var/lib/cyrus"
JDOE = "user/jdoe@b.loc"
CONTACT = "contact@b.loc"
SHARED_SEEN = 4


def state(place: Path) -> ServerState:
    return server_state(PurePosixPath(place))


def codes(place: Path) -> set[str]:
    return {finding.code for finding in state(place).findings} - {"database-missing"}


def put(place: Path, relative: str, entries: Mapping[bytes, bytes]) -> Path:
    """A twoskip file of some records below the configuration directory."""
    built = TwoskipBuilder()
    for key, value in entries.items():
        built.store(key, value)
    built.commit()
    return put_octets(place, relative, bytes(built.octets))


def put_octets(place: Path, relative: str, octets: bytes) -> Path:
    file = place / CONFIG / relative
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(octets)
    return file


def seen(uids: str, changed: int = 1) -> bytes:
    return b"1 0 0 %d %s" % (changed, uids.encode())


def annotation(value: bytes, flags: int = 0) -> bytes:
    head = len(value).to_bytes(4) + bytes(4)
    return head + value + b"\0text/plain\0" + bytes(16) + bytes((flags,))


def source_of(place: Path, name: str) -> SourceMailbox:
    wanted = mailbox_name(name)
    account = account_of(wanted)
    assert account is not None
    found = mailboxes_of(spool_generation(place), account)
    return next(each for each in found if each.name == wanted)


def read(place: Path, name: str) -> tuple[StoredMailbox, MailboxState]:
    account = account_of(mailbox_name(name))
    assert account is not None
    return read_with_state(source_of(place, name), account)


def readers(place: Path, name: str) -> dict[str, str]:
    return {reader: str(uids) for reader, uids in read(place, name)[1].seen_by.items()}


def give_index(place: Path, name: str, version: int, options: int = 0) -> None:
    """Another index for a mailbox: UIDs 1 to 4, nothing seen."""
    rows: Rows = np.zeros(4, dtype=RECORD)
    rows["uid"] = 1, 2, 3, 4
    octets = render_index(version, IndexHeader(last_uid=4, uidvalidity=7, options=options), rows)
    meta = source_of(place, name).place.meta
    assert meta is not None
    (place / meta / "cyrus.index").write_bytes(octets)


def seen_in(place: Path, name: str) -> list[int]:
    records = read(place, name)[0].records
    found: list[int] = records["uid"][(records["system_flags"] & 16) != 0].tolist()
    return found


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two mailboxes with the uniqueid ``id``, no databases yet."""
    write_spool(tmp_path, [JDOE, CONTACT])
    return tmp_path


@pytest.mark.parametrize(
    ("file", "reader"),
    [
        ("domain/b/b.loc/user/a/alice.seen", "alice@b.loc"),
        ("domain/b/b.loc/user/j/john^doe.seen", "john.doe@b.loc"),
        ("domain/b/b.loc/user/j/john.doe.seen", "john.doe@b.loc"),
        ("domain/V/b.loc/user/E/fred.seen", "fred@b.loc"),
        ("domain/q/1.org/user/q/1digit.seen", "1digit@1.org"),
        ("domain/c/c/user/a/a.seen", "a@c"),
        ("domain/b.loc/user/alice.seen", "alice@b.loc"),
        ("user/a/admin0.seen", "admin0"),
    ],
)
def test_readers_are_found_wherever_a_server_keeps_their_files(
    place: Path, file: str, reader: str
) -> None:
    put(place, file, {b"id": seen("1"), b"other": seen("2")})

    assert readers(place, CONTACT) == {reader: "1"}


def test_of_two_files_of_one_reader_the_newer_record_counts(place: Path) -> None:
    put(place, "domain/b/b.loc/user/j/john^doe.seen", {b"id": seen("1:2", 50)})
    put(place, "domain/b/b.loc/user/j/john.doe.seen", {b"id": seen("3", 49)})

    assert readers(place, CONTACT) == {"john.doe@b.loc": "1:2"}


def test_who_has_seen_nothing_is_no_reader(place: Path) -> None:
    put(place, "user/a/admin0.seen", {b"id": seen("")})

    assert readers(place, CONTACT) == {}


def test_the_owner_is_none_of_the_readers(place: Path) -> None:
    put(place, "domain/b/b.loc/user/j/jdoe.seen", {b"id": seen("1")})
    put(place, "domain/b/b.loc/user/a/alice.seen", {b"id": seen("1")})

    assert readers(place, JDOE) == {"alice@b.loc": "1"}
    assert seen_in(place, JDOE) == []


@pytest.mark.parametrize("version", [6, 9, 10])
def test_before_version_12_the_owner_s_seen_is_put_into_the_records(
    place: Path, version: int
) -> None:
    put(place, "domain/b/b.loc/user/j/jdoe.seen", {b"id": seen("1,3:9")})
    put(place, "domain/b/b.loc/user/a/alice.seen", {b"id": seen("2")})
    give_index(place, JDOE, version)

    assert seen_in(place, JDOE) == [1, 3, 4]
    assert readers(place, JDOE) == {"alice@b.loc": "2"}


def test_before_version_12_what_is_shared_is_anyone_s(place: Path) -> None:
    put(place, "domain/b/b.loc/user/a/alice.seen", {b"id": seen("2")})
    put(place, "user/a/anyone.seen", {b"id": seen("1,4")})
    give_index(place, CONTACT, 9, options=SHARED_SEEN)

    assert seen_in(place, CONTACT) == [1, 4]
    assert readers(place, CONTACT) == {}


def test_a_mailshare_that_shares_nothing_has_readers_only(place: Path) -> None:
    put(place, "domain/b/b.loc/user/a/alice.seen", {b"id": seen("2")})
    put(place, "user/a/anyone.seen", {b"id": seen("1,4")})
    give_index(place, CONTACT, 9)

    assert seen_in(place, CONTACT) == []
    assert readers(place, CONTACT) == {"alice@b.loc": "2"}


def test_a_record_that_cannot_be_read_is_a_finding_of_its_mailbox(place: Path) -> None:
    put(place, "domain/b/b.loc/user/a/alice.seen", {b"id": b"1 what"})
    put(place, "domain/b/b.loc/user/b/bob.seen", {b"id": seen("2")})

    mailbox, found = read(place, CONTACT)

    assert list(found.seen_by) == ["bob@b.loc"]
    assert [finding.code for finding in mailbox.findings] == ["database-record-damaged"]


INBOX_ID = "ab1234"
UUID_FILE = f"domain/b/b.loc/user/uuid/a/b/{INBOX_ID}"


def test_a_user_s_files_by_uniqueid_are_his_whose_inbox_has_it(place: Path) -> None:
    put(place, f"{UUID_FILE}/seen.db", {b"id": seen("1")})
    put_octets(place, f"{UUID_FILE}/sub.db", b"\x1fVER\x1f\t2\nNINBOX\x1fSent\t\n")
    put(
        place,
        "mailboxes.db",
        {
            b"Nb.loc\x1duser\x1falice": b"%%(T e I %s P main)" % INBOX_ID.encode(),
            b"I" + INBOX_ID.encode(): b'%(T e N "b.loc\x1duser\x1falice" H ())',
        },
    )

    assert readers(place, CONTACT) == {"alice@b.loc": "1"}
    assert state(place).subscriptions("alice@b.loc") == (mailbox_name("user/alice/Sent@b.loc"),)
    assert codes(place) == set()


def test_without_mailboxes_db_the_header_of_that_inbox_tells(place: Path) -> None:
    put(place, f"{UUID_FILE}/seen.db", {b"id": seen("1")})
    base = place / "var/spool/cyrus"
    directory = f"b_loc/uuid/a/b/{INBOX_ID}"
    header = f"%(T e N b.loc!user.alice I {INBOX_ID} A %(alice@b.loc lrs))\n"
    write_mailbox(base / "meta" / directory, base / "data" / directory, header=header)

    assert readers(place, CONTACT) == {"alice@b.loc": "1"}


def test_files_of_a_user_whom_nothing_names_are_a_finding(place: Path) -> None:
    put(place, f"{UUID_FILE}/seen.db", {b"id": seen("1")})

    assert readers(place, CONTACT) == {}
    assert codes(place) == {"user-without-name"}


def test_annotations_are_found_by_name_or_by_uniqueid(place: Path) -> None:
    put(
        place,
        "annotations.db",
        {
            b"b.loc!user.jdoe\0/comment\0\0": annotation(b"all"),
            b"b.loc!user.jdoe\0/specialuse\0jdoe@b.loc\0": annotation(b"\\Sent \\Junk"),
            b"b.loc!user.jdoe.x\0/comment\0\0": annotation(b"another's"),
            b"b.loc!user.jdoe\0/vendor/x\0\0": annotation(b"", 1),
            b"\x1fVER\x1f": b"2",
        },
    )

    found = read(place, JDOE)[1]

    assert found.annotations == (
        Annotation(entry="/comment", userid="", value=b"all"),
        Annotation(entry="/specialuse", userid="jdoe@b.loc", value=b"\\Sent \\Junk"),
    )
    assert found.special_use("jdoe@b.loc") == ("\\Sent", "\\Junk")


def test_what_3_6_calls_the_owner_s_is_his(place: Path) -> None:
    put(place, "annotations.db", {b"id\0/comment\0[.OwNeR.]\0": annotation(b"mine")})

    expected = Annotation(entry="/comment", userid="jdoe@b.loc", value=b"mine")
    assert read(place, JDOE)[1].annotations == (expected,)


def test_annotations_of_messages_lie_with_the_mailbox(place: Path) -> None:
    put(place, "annotations.db", {})
    meta = source_of(place, JDOE).place.meta
    built = TwoskipBuilder()
    built.store(b"12\0/comment\0\0", annotation(b"a"))
    built.store(b"7\0/comment\0jdoe@b.loc\0", annotation(b"b"))
    built.store(b"x\0/comment\0\0", annotation(b"c"))
    built.commit()
    (place / str(meta) / "cyrus.annotations").write_bytes(built.octets)

    mailbox, found = read(place, JDOE)

    assert [(each.uid, each.userid, each.value) for each in found.on_messages] == [
        (7, "jdoe@b.loc", b"b"),
        (12, "", b"a"),
    ]
    assert [finding.code for finding in mailbox.findings] == ["database-record-damaged"]


def test_a_file_of_annotations_that_is_no_database_is_a_finding(place: Path) -> None:
    meta = source_of(place, JDOE).place.meta
    (place / str(meta) / "cyrus.annotations").write_bytes(b"\xa1\x02\x8b\x0dtwomfile\0\0\0\0")

    mailbox, found = read(place, JDOE)

    assert found == MailboxState()
    assert [(each.code, each.file) for each in mailbox.findings] == [
        ("database-container-unknown", PurePosixPath(str(meta)) / "cyrus.annotations")
    ]


def test_subscriptions_are_read_and_damage_in_them_is_said(place: Path) -> None:
    put_octets(place, "domain/b/b.loc/user/j/jdoe.sub", b"b.loc!contact\t\nb.loc!\t\n")

    assert state(place).subscriptions("jdoe@b.loc") == (mailbox_name(CONTACT),)
    assert state(place).subscriptions("nobody@b.loc") == ()
    assert codes(place) == {"database-record-damaged"}


MAILBOXES = {b"b.loc!user.jdoe": b"%(A %(jdoe@b.loc lrs) I id P b_loc V 1 M 2)"}


def test_mailboxes_are_those_of_the_database(place: Path) -> None:
    put(place, "mailboxes.db", {**MAILBOXES, b"b.loc!user.x": b"what"})

    assert list(state(place).mailbox_records()) == [mailbox_name(JDOE)]
    assert state(place).name_of_id("id") == mailbox_name(JDOE)
    assert codes(place) == {"database-record-damaged"}


@pytest.mark.parametrize("octets", [None, b"\xa1\x02\x8b\x0dtwoskip file\0\0\0\0", b"nothing"])
def test_a_copy_stands_in_for_a_database_that_is_lost(place: Path, octets: bytes | None) -> None:
    put(place, "db.backup2/mailboxes.db", MAILBOXES)
    put_octets(place, "db.backup1/mailboxes.db", b"\xa1\x02\x8b\x0dtwoskip file\0\0\0\0")
    if octets is not None:
        put_octets(place, "mailboxes.db", octets)

    assert list(state(place).mailbox_records()) == [mailbox_name(JDOE)]
    assert "database-copy-used" in codes(place)


def test_a_database_of_another_library_is_told_once(place: Path) -> None:
    twom = b"\xa1\x02\x8b\x0dtwomfile\0\0\0\0" + bytes(80)
    for file in ("mailboxes.db", "db.backup1/mailboxes.db"):
        put_octets(place, file, twom)

    assert len(state(place).mailbox_records()) == 0
    assert [finding.text for finding in state(place).findings] == [
        "a database of twom, which is not read"
    ]


def test_links_and_pipes_are_findings_and_never_opened(place: Path, tmp_path: Path) -> None:
    target = put(tmp_path / "elsewhere", "mailboxes.db", MAILBOXES)
    put(place, "annotations.db", {})
    (place / CONFIG / "mailboxes.db").symlink_to(target)
    seen_file = put_octets(place, "user/a/alice.seen", b"")
    seen_file.unlink()
    seen_file.symlink_to(target)

    assert len(state(place).mailbox_records()) == 0
    assert readers(place, CONTACT) == {}
    assert [finding.code for finding in state(place).findings] == ["database-unreadable"] * 2


def test_a_part_without_any_database_has_nothing_to_say(place: Path) -> None:
    assert not state(place).is_there
    assert read(place, CONTACT)[1] == MailboxState()
    assert state(place).subscriptions("jdoe@b.loc") == ()
    assert state(place).quota_root(mailbox_name(JDOE)) is None
    assert dict(state(place).mailbox_records()) == {}
    assert state(place).findings == ()


def test_the_databases_of_a_copied_spool_may_lie_beside_it(tmp_path: Path) -> None:
    write_spool(tmp_path, [JDOE])
    put(tmp_path, "mailboxes.db", MAILBOXES)

    beside = state(tmp_path / "var/spool/cyrus")

    assert list(beside.mailbox_records()) == [mailbox_name(JDOE)]


def test_databases_beside_a_copied_spool_are_not_looked_for_through_a_link(
    tmp_path: Path,
) -> None:
    """Where it leads on this machine is another server's, the live one's perhaps."""
    write_spool(tmp_path / "copy", [JDOE])
    put(tmp_path / "live", "mailboxes.db", MAILBOXES)
    (tmp_path / "copy/var/lib").mkdir()
    (tmp_path / "copy" / CONFIG).symlink_to(tmp_path / "live" / CONFIG)

    beside = state(tmp_path / "copy/var/spool/cyrus")

    assert (list(beside.mailbox_records()), beside.is_there) == ([], False)


def test_one_part_has_one_state(place: Path) -> None:
    assert state(place) is state(place)


def test_a_file_of_a_user_whose_name_has_controls_is_a_finding(place: Path) -> None:
    """It could forge a line of a receipt, and nobody can log in by it."""
    put(place, "domain/b/b.loc/user/a/al\nPROVEN.seen", {b"id": seen("1")})

    assert readers(place, CONTACT) == {}
    assert codes(place) == {"user-without-name"}
