"""The live account read from a server's own spool, as it lies there."""

from __future__ import annotations

import os
import shutil
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from respool.app.live_account import LiveAccount, LiveNotLooked, find_live, look_at_live
from respool.backups.counted import read_by_names, read_names_alone
from respool.backups.live_mailboxes import Read, read_steadily
from respool.backups.server_state import server_state
from respool.backups.source import SourceMailbox, open_message, read_mailbox
from respool.model.accounts import Account, AccountKind, folder_path
from respool.model.inventory import COMPARED, IN_ARCHIVE, StoredMailbox
from tests.support import golden
from tests.support.live_spool import at_its_place, settings_for
from tests.support.small_spools import write_mailbox
from tests.support.trees import unchanged

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="bluemind.loc")
WITHOUT_DOMAIN = Account(kind=AccountKind.USER, login="jdoe", domain=None)
CONTACT = Account(kind=AccountKind.MAILSHARE, login="contact", domain="bluemind.loc")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of the live server of the story, read by these tests alone."""
    return at_its_place(golden.unpack_live(tmp_path_factory.mktemp("live")))


def looked(imapd_conf: Path, account: Account, read: Read = read_mailbox) -> LiveAccount:
    found = look_at_live(settings_for(imapd_conf), account, read)
    assert isinstance(found, LiveAccount), found
    return found


@pytest.mark.parametrize("account", [JDOE, CONTACT])
@pytest.mark.parametrize(
    "read", [read_mailbox, read_names_alone, partial(read_by_names, columns=COMPARED)]
)
def test_it_has_what_the_server_itself_said(live: Path, account: Account, read: Read) -> None:
    truth = golden.truth("dataprotect/truth-live.json")["mailboxes"]

    with unchanged(live.parents[1] / "var"):
        found = looked(live, account, read)

    assert {source.name.display for source, _ in found.pairs} == {
        name for name in truth if f"/{account.login}" in f"/{name}" and account.domain in name
    }
    for source, mailbox in found.pairs:
        said = truth[source.name.display]
        assert mailbox.records["uid"][mailbox.visible()].tolist() == [
            each["uid"] for each in said["messages"]
        ]
        assert mailbox.records["uid"][mailbox.recoverable()].tolist() == [
            each["uid"] for each in said.get("expunged", [])
        ]


def test_deleted_mailboxes_are_told_apart(live: Path) -> None:
    found = looked(live, JDOE)

    assert {folder_path(source.name) for source, _ in found.deleted} == {
        "DELETED/Ancien/673A6781",
        "DELETED/Projects/2017/673C4583",
        "DELETED/Projects/2017/Q3/673C4583",
    }
    assert len(found.present) + len(found.deleted) == len(found.pairs)
    assert "Projects/2024" in {folder_path(source.name) for source, _ in found.present}


def test_what_is_kept_below_another_prefix_is_known_as_deleted(tmp_path: Path) -> None:
    names = ("jdoe", "jdoe/Sent")
    for name in names:
        write_mailbox(tmp_path / "mail/user" / name, tmp_path / "mail/user" / name)
    gone = tmp_path / "mail/GONE/user/jdoe/Old/673C4583"
    write_mailbox(gone, gone)
    (tmp_path / "db").mkdir()
    (tmp_path / "db/mailboxes.db").write_text(
        "GONE.user.jdoe.Old.673C4583\t0 default \nuser.jdoe\t0 default \n"
        "user.jdoe.Sent\t0 default \n"
    )
    conf = tmp_path / "imapd.conf"
    conf.write_text(
        f"configdirectory: {tmp_path}/db\npartition-default: {tmp_path}/mail\n"
        "deletedprefix: GONE\n"
    )

    found = looked(conf, Account(kind=AccountKind.USER, login="jdoe", domain=None))

    assert [folder_path(source.name) for source, _ in found.deleted] == ["DELETED/Old/673C4583"]
    assert [len(mailbox.records) for _, mailbox in found.deleted] == [1]
    assert len(found.present) == 2


def test_a_folder_that_another_server_has_is_named(tmp_path: Path) -> None:
    write_mailbox(tmp_path / "mail/user/jdoe", tmp_path / "mail/user/jdoe")
    (tmp_path / "db").mkdir()
    (tmp_path / "db/mailboxes.db").write_text(
        "user.jdoe\t0 default \nuser.jdoe.Far\t1 other.b.loc!default \n"
    )
    conf = tmp_path / "imapd.conf"
    conf.write_text(f"configdirectory: {tmp_path}/db\npartition-default: {tmp_path}/mail\n")

    found = looked(conf, Account(kind=AccountKind.USER, login="jdoe", domain=None))

    assert [(each.subject, each.text) for each in found.unread] == [
        ("Far", "it is on another server, or on its way to one")
    ]


def test_a_folder_whose_entry_is_damaged_is_named_by_its_path_and_no_other_accounts(
    tmp_path: Path,
) -> None:
    write_mailbox(tmp_path / "mail/user/jdoe", tmp_path / "mail/user/jdoe")
    (tmp_path / "db").mkdir()
    (tmp_path / "db/mailboxes.db").write_text(
        "user.jdoe\t0 default \nuser.jdoe.Old.2017\t%(( \nuser.jdoe2.Old\t%(( \n"
    )
    conf = tmp_path / "imapd.conf"
    conf.write_text(f"configdirectory: {tmp_path}/db\npartition-default: {tmp_path}/mail\n")

    found = looked(conf, Account(kind=AccountKind.USER, login="jdoe", domain=None))

    assert [each.subject for each in found.unread] == ["Old/2017"]


def test_its_messages_can_be_read_as_those_of_a_backup(live: Path) -> None:
    source, mailbox = looked(live, JDOE).present[0]
    row = mailbox.records[mailbox.restorable()][0]

    with open_message(source, int(row["uid"]), int(row["place"])) as file:
        assert len(file.read()) == int(row["size"])


def test_what_its_server_keeps_beside_is_read_from_its_own_databases(live: Path) -> None:
    found = looked(live, CONTACT)
    truth = golden.truth("dataprotect/truth-live.json")["mailboxes"]["contact@bluemind.loc"]
    source, mailbox = found.present[0]

    state = server_state(source.spool).of_mailbox(source, mailbox, CONTACT)

    uids = mailbox.records["uid"][mailbox.visible()]
    seen = {who: seen.mask(uids).sum() for who, seen in state.seen_by.items()}
    assert seen == {who: len(uids) for who, uids in truth["seen_by"].items() if uids}


def test_a_directory_that_the_server_does_not_list_is_no_folder_of_it(tmp_path: Path) -> None:
    imapd_conf = at_its_place(golden.unpack_live(tmp_path))
    user = "domain/b/bluemind.loc/j/user/jdoe"
    for kind in ("meta", "data"):
        at = tmp_path / "var/spool/cyrus" / kind / "bluemind_loc" / user
        shutil.copytree(at / "Sent", at / "Left over")

    assert "Left over" not in {
        folder_path(each.name) for each, _ in looked(imapd_conf, JDOE).pairs
    }

    (tmp_path / "var/lib/cyrus/mailboxes.db").write_bytes(b"no database")
    assert "Left over" in {folder_path(each.name) for each, _ in looked(imapd_conf, JDOE).pairs}


def test_archived_messages_lie_where_the_configuration_says(tmp_path: Path) -> None:
    root = golden.unpack_dataprotect_bm4(tmp_path) / "dp_spool/rsync/192.168.122.56/mail/imap/412"
    partition = "bm-master__bluemind_loc"
    conf = tmp_path / "imapd.conf"
    conf.write_text(
        f"configdirectory: {root}/var/lib/cyrus\n"
        f"partition-{partition}: {root}/var/spool/cyrus/data/{partition}\n"
        f"metapartition-{partition}: {root}/var/spool/cyrus/meta/{partition}\n"
        f"archivepartition-{partition}: {root}/var/spool/bm-hsm/cyrus-archives/{partition}\n"
        "hashimapspool: yes\nvirtdomains: userid\n"
    )

    inbox = looked(conf, JDOE).present[0][1]

    assert IN_ARCHIVE in inbox.records["place"]
    assert inbox.restorable().sum() == inbox.visible().sum()


def test_a_spool_whose_directories_are_called_by_ids_is_found_by_its_list(tmp_path: Path) -> None:
    for uniqueid in ("ab12", "cd34", "ef56"):
        directory = tmp_path / f"mail/uuid/{uniqueid[0]}/{uniqueid[1]}/{uniqueid}"
        write_mailbox(directory, directory, header=f"\t{uniqueid}\n\nanyone\tlrs\t\n")
    (tmp_path / "db").mkdir()
    listed = {"user\x1fjdoe": "ab12", "user\x1fjdoe\x1fSent": "cd34", "user\x1fjdoeb": "ef56"}
    (tmp_path / "db/mailboxes.db").write_text(
        "".join(f"Nb.loc\x1d{name}\t%(I {each} P default)\n" for name, each in listed.items())
    )
    conf = tmp_path / "imapd.conf"
    conf.write_text(f"configdirectory: {tmp_path}/db\npartition-default: {tmp_path}/mail\n")

    found = looked(conf, Account(kind=AccountKind.USER, login="jdoe", domain="b.loc"))

    assert [folder_path(source.name) for source, _ in found.pairs] == ["INBOX", "Sent"]
    assert [mailbox.uniqueid for _, mailbox in found.pairs] == ["ab12", "cd34"]


def test_the_default_domain_is_no_part_of_a_live_name(tmp_path: Path) -> None:
    directory = tmp_path / "mail/user/jdoe"
    write_mailbox(directory, directory)
    conf = tmp_path / "imapd.conf"
    conf.write_text(
        f"configdirectory: {tmp_path}/db\npartition-default: {tmp_path}/mail\n"
        "virtdomains: userid\ndefaultdomain: bluemind.loc\n"
    )

    place = find_live(settings_for(conf), JDOE)

    assert not isinstance(place, LiveNotLooked)
    assert place.account.domain is None
    assert place.is_there


def test_an_account_that_is_gone_is_no_error(live: Path) -> None:
    nobody = Account(kind=AccountKind.USER, login="nobody", domain="bluemind.loc")

    place = find_live(settings_for(live), nobody)

    assert not isinstance(place, LiveNotLooked)
    assert not place.is_there


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "there is no"),
        ("partition-default: /nowhere/at/all\n", "none of the partitions of"),
        ("this is no option\n", "is no option"),
    ],
)
def test_why_it_was_not_looked_at_is_a_value(tmp_path: Path, text: str | None, why: str) -> None:
    conf = tmp_path / "imapd.conf"
    if text is not None:
        conf.write_text(text)

    found = look_at_live(settings_for(conf), JDOE)

    assert isinstance(found, LiveNotLooked)
    assert why in found.why


def test_an_index_that_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    imapd_conf = at_its_place(golden.unpack_live(tmp_path))
    source = looked(imapd_conf, JDOE).present[0][0]
    index = Path("/") / (source.place.meta or "") / "cyrus.index"
    changes = [False, True]

    def read(from_where: SourceMailbox) -> StoredMailbox:
        mailbox = read_mailbox(from_where)
        if changes.pop():
            os.utime(index)
        return mailbox

    assert "live-changing" not in {each.code for each in read_steadily(source, read).findings}
    assert not changes


def test_an_index_that_never_stands_still_is_a_finding(tmp_path: Path) -> None:
    imapd_conf = at_its_place(golden.unpack_live(tmp_path))
    source = looked(imapd_conf, JDOE).present[0][0]
    index = Path("/") / (source.place.meta or "") / "cyrus.index"

    def read(from_where: SourceMailbox) -> StoredMailbox:
        mailbox = read_mailbox(from_where)
        os.utime(index)
        return mailbox

    assert "live-changing" in {each.code for each in read_steadily(source, read).findings}


def test_a_folder_renamed_while_it_is_looked_at_is_read_under_its_new_name(tmp_path: Path) -> None:
    conf = with_one_folder(tmp_path, "Old")

    def read(source: SourceMailbox) -> StoredMailbox:
        if (tmp_path / "mail/user/jdoe/Old").exists():
            rename(tmp_path, "Old", "New name")
        return read_mailbox(source)

    found = looked(conf, WITHOUT_DOMAIN, read)

    assert [folder_path(source.name) for source, _ in found.pairs] == ["INBOX", "New name"]
    assert [len(mailbox.records) for _, mailbox in found.pairs] == [1, 1]
    assert found.findings == ()


def test_a_folder_that_is_renamed_each_time_it_is_looked_at_is_not_called_damaged_alone(
    tmp_path: Path,
) -> None:
    conf = with_one_folder(tmp_path, "Old 0")
    numbers = count()

    def read(source: SourceMailbox) -> StoredMailbox:
        if source.name.parts[-1] == "jdoe":
            at = next(numbers)
            rename(tmp_path, f"Old {at}", f"Old {at + 1}")
        return read_mailbox(source)

    found = looked(conf, WITHOUT_DOMAIN, read)

    (_, inbox), (_, gone) = found.present
    assert [each.code for each in inbox.findings] == []
    codes = {each.code for each in gone.findings}
    assert {"index-missing", "live-changing"} <= codes
    assert [each.code for each in found.findings] == ["live-changing", "live-folder-unread"]


def with_one_folder(place: Path, name: str) -> Path:
    """The configuration of a server whose only account has an INBOX and that folder."""
    (place / "db").mkdir()
    for path in ("jdoe", f"jdoe/{name}"):
        write_mailbox(place / "mail/user" / path, place / "mail/user" / path)
    list_of(place, name)
    conf = place / "imapd.conf"
    conf.write_text(f"configdirectory: {place}/db\npartition-default: {place}/mail\n")
    return conf


def rename(place: Path, before: str, after: str) -> None:
    (place / "mail/user/jdoe" / before).rename(place / "mail/user/jdoe" / after)
    list_of(place, after)


def list_of(place: Path, name: str) -> None:
    database = place / "db/mailboxes.db"
    database.write_text(f"user.jdoe\t0 default \nuser.jdoe.{name}\t0 default \n")
