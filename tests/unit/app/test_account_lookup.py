from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from respool.app.account_lookup import find_account
from respool.app.accounts import list_generation_accounts
from respool.app.backups import backup_of
from respool.app.selection import Wanted, select
from respool.app.settings import read_settings
from respool.backups.addresses import Told
from respool.backups.discovery import open_backup
from respool.bluemind.postfix_maps import AddressBook, address_book
from respool.errors import AccountNotInGeneration, AmbiguousName
from respool.model.generations import Generation
from tests.support.small_spools import part_directory, write_description, write_spool

UID = "1718a2b3c4d.internal"
ALIASES = f"""\
jdoe@example.org john@{UID}
john@{UID} john@{UID}
boss@example.org john@{UID}
contact@example.org +info@{UID}
all@example.org john@{UID},alice@{UID}
gone@example.org gone@{UID}
"""
CONF = str(PurePosixPath("var/backups/bluemind", "work", "conf", "etc"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A generation of a technical domain, with its configuration part."""
    names = ["user/john", "user/alice", "user/contact", "info"]
    write_spool(part_directory(tmp_path, 12), [f"{name}@{UID}" for name in names])
    write_description(tmp_path, 1, [{"id": 12}, {"id": 11, "tag": "bm/conf"}])
    write_map(tmp_path, ALIASES)
    return tmp_path


def write_map(root: Path, text: str, below: str = CONF, tag: str = "bm/conf") -> None:
    postfix = root / "dp_spool/rsync/10.0.0.1" / tag / "11" / below / "postfix"
    postfix.mkdir(parents=True)
    (postfix / "virtual_alias-flat").write_text(text, "utf-8")


def generation_of(root: Path) -> Generation:
    return open_backup(root).generations[0]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("jdoe@example.org", f"john@{UID}"),
        ("Boss@Example.org", f"john@{UID}"),
        ("user/jdoe@example.org", f"john@{UID}"),
        ("share/contact@example.org", f"info@{UID}"),
        (f"john@{UID}", f"john@{UID}"),
        ("alice@example.org", f"alice@{UID}"),  # suspended ones are in no map
        ("john", f"john@{UID}"),
    ],
)
def test_what_people_write_finds_the_account_of_a_technical_domain(
    root: Path, text: str, address: str
) -> None:
    assert find_account(generation_of(root), text).address == address


def test_a_whole_selection_is_made_by_the_address_that_people_use(root: Path) -> None:
    selection = select(open_backup(root), Wanted(account="jdoe@example.org"))

    assert [source.name.display for source in selection.mailboxes] == [f"user/john@{UID}"]


def test_a_group_s_address_is_an_error_that_lists_its_members(root: Path) -> None:
    with pytest.raises(AmbiguousName) as raised:
        find_account(generation_of(root), "all@example.org")

    assert f"user/alice@{UID} and user/john@{UID}" in raised.value.what


def test_an_address_whose_mailbox_is_not_there_says_where_its_mail_goes(root: Path) -> None:
    with pytest.raises(AccountNotInGeneration) as raised:
        find_account(generation_of(root), "gone@example.org")

    assert f"user/gone@{UID}" in (raised.value.why or "")


def test_a_login_and_another_s_address_are_told_apart_by_a_person(tmp_path: Path) -> None:
    write_spool(part_directory(tmp_path, 12), ["user/jdoe@b.loc", "user/john@b.loc"])
    write_description(tmp_path, 1, [{"id": 12}, {"id": 11, "tag": "bm/conf"}])
    write_map(tmp_path, "jdoe@b.loc john@b.loc\n")
    generation = generation_of(tmp_path)

    with pytest.raises(AmbiguousName):
        find_account(generation, "jdoe@b.loc")
    assert find_account(generation, "user/jdoe@b.loc").login == "jdoe"


@pytest.mark.parametrize(
    "below", ["var/backups/bluemind/conf/etc", "var/backups/bluemind/conf/srv/etc"]
)
def test_the_configuration_of_bluemind_4_1_and_before_is_in_a_core_part(
    tmp_path: Path, below: str
) -> None:
    write_spool(part_directory(tmp_path, 12), [f"user/john@{UID}"])
    write_description(tmp_path, 1, [{"id": 12}, {"id": 11, "tag": "bm/core"}])
    write_map(tmp_path, ALIASES, below, "bm/core")

    assert find_account(generation_of(tmp_path), "jdoe@example.org").login == "john"


def test_a_copy_of_a_whole_server_has_its_maps_and_its_default_domain(tmp_path: Path) -> None:
    write_spool(tmp_path, ["user/john", "user/alice"])
    (tmp_path / "etc/postfix").mkdir(parents=True)
    (tmp_path / "etc/imapd.conf").write_text("defaultdomain: Example.org\n", "utf-8")
    generation = generation_of(tmp_path)

    assert find_account(generation, "alice@example.org").address == "alice"
    with pytest.raises(AccountNotInGeneration):
        find_account(generation, "alice@example.com")


def test_without_any_map_that_is_said_and_nothing_is_guessed(tmp_path: Path) -> None:
    write_spool(tmp_path, [f"user/john@{UID}"])

    with pytest.raises(AccountNotInGeneration) as raised:
        find_account(generation_of(tmp_path), "john@example.org")

    assert "nothing in the backup says which addresses" in (raised.value.why or "")


class Live:
    """A server that knows addresses."""

    def address_book(self, spool_domains: Sequence[str]) -> AddressBook:
        return address_book([ALIASES.encode()], [], spool_domains)

    def accounts_called(self, *_: object) -> Told:
        return Told()


def test_the_live_server_is_asked_where_the_backup_does_not_know(tmp_path: Path) -> None:
    write_spool(tmp_path, [f"user/john@{UID}"])

    assert find_account(generation_of(tmp_path), "jdoe@example.org", Live()).login == "john"


def test_the_backup_s_own_word_counts_before_the_live_server_s(root: Path) -> None:
    generation = generation_of(root)

    assert find_account(generation, "boss@example.org", Live()).login == "john"


class TestListing:
    def test_an_account_has_its_addresses_beside_it(self, root: Path) -> None:
        settings = read_settings({"backups": str(root)}, {}, file=root / "none.toml")

        listing = list_generation_accounts(settings, None)
        found = {each.account.login: each.addresses for each in listing.accounts}

        assert found["john"] == ("boss@example.org", "jdoe@example.org", f"john@{UID}")
        assert found["info"] == ("contact@example.org",)
        assert found["alice"] == ()
        assert listing.note is None

    def test_over_all_generations_too(self, root: Path) -> None:
        settings = read_settings({"backups": str(root)}, {}, file=root / "none.toml")

        listing = list_generation_accounts(settings, "all")

        assert {each.account.login: len(each.addresses) for each in listing.accounts}["john"] == 3

    def test_what_no_map_tells_is_said(self, tmp_path: Path) -> None:
        write_spool(tmp_path, [f"user/john@{UID}"])
        settings = read_settings({"backups": str(tmp_path)}, {}, file=tmp_path / "none.toml")

        note = list_generation_accounts(settings, None).note

        assert note is not None
        assert UID in note


def test_the_maps_of_this_machine_are_asked_last(tmp_path: Path) -> None:
    """They lie beside its imapd.conf; a command needs to be told nothing."""
    write_spool(tmp_path / "backup", [f"user/john@{UID}"])
    (tmp_path / "etc/postfix").mkdir(parents=True)
    (tmp_path / "etc/postfix/virtual_alias-flat").write_text(ALIASES, "utf-8")
    environment = {
        "RESPOOL_BACKUPS": str(tmp_path / "backup"),
        "RESPOOL_IMAPD_CONF": str(tmp_path / "etc/imapd.conf"),
    }
    backup = backup_of(read_settings({}, environment, file=tmp_path / "none.toml"))

    assert select(backup, Wanted(account="jdoe@example.org")).account.login == "john"
    with pytest.raises(AccountNotInGeneration):
        select(replace(backup, live=None), Wanted(account="jdoe@example.org"))
