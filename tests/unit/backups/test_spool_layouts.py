"""Ways that servers lay a spool out: hashed or not, split or not, under other names."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from respool.app.selection import Wanted, get_mailbox, select
from respool.backups import uuid_layout
from respool.backups.contents import accounts_in, mailboxes_of
from respool.backups.discovery import open_backup
from respool.backups.server_state import ServerState
from respool.backups.source import SourceMailbox
from respool.backups.spool_layout import find_partitions, newest_time_in
from respool.cyrus.spool_paths import PathRules, full_hash_letter, mailbox_directory
from respool.errors import BackupNotFound, FolderNotInGeneration
from respool.model.accounts import Account, AccountKind
from respool.model.names import MailboxName
from respool.system.read_only import ReadOnlyTree
from tests.support import golden
from tests.support.inventories import spool_generation
from tests.support.small_spools import mailbox_name, write_mailbox, write_spool

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")


def all_mailboxes(spool: Path) -> dict[str, SourceMailbox]:
    generation = spool_generation(spool)
    return {
        source.name.display: source
        for account in accounts_in(generation)
        for source in mailboxes_of(generation, account)
    }


def write_whole(partition: Path, names: list[str], rules: PathRules | None = None) -> None:
    """Mailboxes with their cyrus.* files beside the messages."""
    for name in names:
        directory = partition / mailbox_directory(mailbox_name(name), rules or PathRules())
        write_mailbox(directory, directory)


def test_fulldirhash_up_to_2_5_hashed_the_whole_login(tmp_path: Path) -> None:
    letter = full_hash_letter("john^doe")
    directory = f"domain/{full_hash_letter('b.loc')}/b.loc/{letter}/user/john^doe"
    base = tmp_path / "var/spool/cyrus"
    write_mailbox(base / "meta/b_loc" / directory, base / "data/b_loc" / directory)

    found = all_mailboxes(tmp_path)

    assert letter != full_hash_letter("john.doe")
    assert {name: source.findings for name, source in found.items()} == {"user/john.doe@b.loc": ()}


def test_partitions_before_the_split_hold_everything(tmp_path: Path) -> None:
    base = tmp_path / "var/spool/cyrus"
    write_whole(base / "b_loc", ["user/jdoe@b.loc", "contact/Archives@b.loc"])
    write_whole(base / "c_org", ["user/jdoe@c.org"])
    (base / "mail/stage.").mkdir(parents=True)

    found = all_mailboxes(tmp_path)

    assert {name: source.place.partition for name, source in found.items()} == {
        "user/jdoe@b.loc": "b_loc",
        "contact/Archives@b.loc": "b_loc",
        "user/jdoe@c.org": "c_org",
    }
    assert all(source.place.meta is None for source in found.values())


@pytest.mark.parametrize(
    "rules", [PathRules(), PathRules(is_hashed=False)], ids=["hashed", "flat"]
)
def test_one_plain_partition_without_domains_is_a_spool(tmp_path: Path, rules: PathRules) -> None:
    partition = tmp_path / "var/spool/cyrus/mail"
    write_whole(partition, ["user/jdoe", "user/jdoe/Sent", "contact"], rules)
    (partition / "lost+found").mkdir()
    (partition / "sync.").mkdir()

    assert set(all_mailboxes(tmp_path)) == {"user/jdoe", "user/jdoe/Sent", "contact"}


@pytest.mark.parametrize("base", ["var/spool/imap", "spool/cyrus", "imap"])
def test_a_spool_is_found_in_copies_from_further_below(tmp_path: Path, base: str) -> None:
    write_whole(tmp_path / base / "mail", ["user/jdoe"])

    assert set(all_mailboxes(tmp_path)) == {"user/jdoe"}


def test_folders_called_data_that_hold_other_things_are_no_spool(tmp_path: Path) -> None:
    (tmp_path / "data/photos/2024").mkdir(parents=True)

    assert find_partitions(ReadOnlyTree(tmp_path)) == ()
    with pytest.raises(BackupNotFound):
        open_backup(tmp_path)


def test_a_mailbox_may_lie_on_another_partition_than_its_inbox(tmp_path: Path) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc", "user/jdoe/Sent@b.loc"], partition="b_loc")
    write_spool(tmp_path, ["user/jdoe/Old@b.loc"], partition="slow")
    for kind in ("data", "meta"):
        (tmp_path / "var/spool/cyrus" / kind / "mail/stage.").mkdir(parents=True)

    found = all_mailboxes(tmp_path)

    assert {name: source.place.partition for name, source in found.items()} == {
        "user/jdoe@b.loc": "b_loc",
        "user/jdoe/Old@b.loc": "slow",
        "user/jdoe/Sent@b.loc": "b_loc",
    }


def test_a_folder_that_only_holds_others_is_known_and_is_no_mailbox(tmp_path: Path) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc", "user/jdoe/Above/Below@b.loc"])
    (tmp_path / "var/spool/cyrus/data/b_loc/domain/b/b.loc/j/user/jdoe/Empty").mkdir()

    selection = select(open_backup(tmp_path), Wanted(account="jdoe", folders=("Above",)))

    assert [source.name.parts[2:] for source in selection.mailboxes] == [("Above", "Below")]
    with pytest.raises(FolderNotInGeneration) as raised:
        get_mailbox(selection, "Above")
    assert raised.value.why == "below it are Above/Below"
    assert "user/jdoe/Empty@b.loc" not in all_mailboxes(tmp_path)


def test_an_index_in_data_dates_a_spool_whose_meta_has_only_caches(tmp_path: Path) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc"])
    (meta,) = (tmp_path / "var/spool/cyrus/meta").rglob("jdoe")
    (data,) = (tmp_path / "var/spool/cyrus/data").rglob("jdoe")
    for name in ("cyrus.index", "cyrus.header"):
        (meta / name).rename(data / name)
    (meta / "cyrus.cache").touch()
    os.utime(data / "cyrus.index", (1_700_000_000, 1_700_000_000))

    assert newest_time_in(ReadOnlyTree(tmp_path)) == datetime.fromtimestamp(1_700_000_000, UTC)
    assert set(all_mailboxes(tmp_path)) == {"user/jdoe@b.loc"}


@pytest.mark.parametrize(
    "part",
    ["E\u0301te\u0301", "line\nbreak", "&bad", "caf\udce9"],
    ids=["decomposed", "newline", "no-utf-7", "latin-1"],
)
def test_odd_names_of_directories_are_kept_as_they_are(tmp_path: Path, part: str) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc", f"user/jdoe/{part}@b.loc"])

    parts = {source.name.parts[-1] for source in all_mailboxes(tmp_path).values()}

    assert parts == {"jdoe", part}


def test_names_of_the_database_win_over_those_of_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uniqueid = "ab12cd"
    new = MailboxName(domain="b.loc", parts=("user", "jdoe", "New"))
    for kind, header in (("ab12cd", "user.jdoe.Old"), ("ef34ab", "user.jdoe")):
        directory = tmp_path / f"var/spool/cyrus/mail/uuid/{kind[0]}/{kind[1]}/{kind}"
        write_mailbox(directory, directory, header=f"%(I {kind} N b.loc!{header} A %(anyone lrs))")

    class Renamed(ServerState):
        def name_of_id(self, uniqueid: str) -> MailboxName | None:
            return new if uniqueid == "ab12cd" else None

    monkeypatch.setattr(uuid_layout, "server_state", lambda place: Renamed(ReadOnlyTree(place)))

    found = all_mailboxes(tmp_path)

    assert set(found) == {"user/jdoe@b.loc", "user/jdoe/New@b.loc"}
    data = found["user/jdoe/New@b.loc"].place.data
    assert data is not None
    assert data.name == uniqueid


def test_of_a_mailbox_on_two_partitions_the_database_says_which_is_live(tmp_path: Path) -> None:
    golden.unpack_spool("3.0.18", tmp_path)
    below = "domain/b/bluemind.loc/a/user/alice"
    for kind in ("data", "meta"):
        base = tmp_path / "var/spool/cyrus" / kind
        shutil.copytree(base / "bluemind_loc" / below, base / "aaa_first" / below)
    alice = Account(kind=AccountKind.USER, login="alice", domain="bluemind.loc")

    sources = mailboxes_of(spool_generation(tmp_path), alice)

    assert {source.name.parts[-1]: source.place.partition for source in sources} == {
        "alice": "bluemind_loc",
        "alice~2": "aaa_first",
    }
