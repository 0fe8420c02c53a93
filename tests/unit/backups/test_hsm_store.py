"""Where a generation has BlueMind 3.5's archive, and which directory of it is whose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from respool.backups.discovery import open_backup
from respool.backups.hsm_store import body_fd, has_body, places_of, stores_of
from respool.errors import BackupFileMissing, UnsafeBackupEntry
from respool.model.accounts import Account, AccountKind
from respool.model.generations import Generation
from respool.model.hsm import StorePlace
from tests.support.hsm_store import (
    ID,
    OTHER_ID,
    STORE,
    Kept,
    letter,
    snappy_stream,
    write_body,
    write_messages,
)
from tests.support.small_spools import part_directory, write_description, write_spool

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
CONTACT = Account(kind=AccountKind.MAILSHARE, login="contact", domain="b.loc")
ALL, READ = "lrswipkxtea", "lrp"
STREAM = snappy_stream(letter("archived"))


def archive_directory(root: Path, part_id: int, address: str = "10.0.0.2") -> Path:
    return root / "dp_spool" / "rsync" / address / "mail" / "archive" / str(part_id)


def generations(root: Path) -> dict[str, Generation]:
    return {each.label: each for each in open_backup(root).generations}


def no_ids() -> Iterator[str]:
    raise AssertionError("the stubs were asked for")


def uids_of(places: tuple[StorePlace, ...]) -> list[str]:
    return [place.directory.name for place in places]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """One spool with the store inside, of two users and a mailshare."""
    write_messages(tmp_path, "user/jdoe@b.loc", [], acl={"anyone": "p", "E-1@b.loc": ALL})
    write_messages(tmp_path, "user/alice@b.loc", [], acl={"E-2@b.loc": ALL, "E-1@b.loc": READ})
    write_messages(tmp_path, "contact@b.loc", [Kept(octets=letter("a"))], acl={"E-1@b.loc": ALL})
    write_body(tmp_path, ("b.loc", "E-1"), ID, STREAM)
    write_body(tmp_path, ("b.loc", "E-2"), OTHER_ID, STREAM)
    (tmp_path / STORE / "b.loc" / "S-9").mkdir()
    return tmp_path


def the(root: Path) -> Generation:
    (generation,) = open_backup(root).generations
    return generation


def test_the_archive_part_that_the_description_names_is_the_generations_own(
    tmp_path: Path,
) -> None:
    for number in (7, 8, 9):
        (archive_directory(tmp_path, number) / STORE).mkdir(parents=True)
    for number in (1, 2):
        write_spool(part_directory(tmp_path, number), ["user/jdoe@b.loc"])
        archive = {"id": number + 6, "tag": "mail/archive"}
        write_description(tmp_path, number, [{"id": number}, archive])

    found = {label: stores_of(each) for label, each in generations(tmp_path).items()}

    assert {label: [place.spool.name for place in places] for label, places in found.items()} == {
        "1": ["7"],
        "2": ["8"],
    }


def test_an_archive_part_without_description_goes_to_those_that_have_none(tmp_path: Path) -> None:
    """
    As taken back from a tape, without its JSON; it may lie on a server of its own.
    """
    for number in (5, 7):
        (archive_directory(tmp_path, number) / STORE).mkdir(parents=True)
    write_spool(part_directory(tmp_path, 1), ["user/jdoe@b.loc"])
    write_description(tmp_path, 1, [{"id": 1}])
    write_spool(part_directory(tmp_path, 2), ["user/jdoe@b.loc"])

    found = {label: stores_of(each) for label, each in generations(tmp_path).items()}

    assert {label: [place.spool.name for place in places] for label, places in found.items()} == {
        "1": ["7", "5"],
        "part:2": ["7", "5"],
    }


@pytest.mark.parametrize("above", ["var/spool", "spool"])
def test_a_plain_tree_has_the_store_inside(tmp_path: Path, above: str) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc"])
    (tmp_path / "var/spool").rename(tmp_path / "spool")
    if above != "spool":
        (tmp_path / "var/spool").parent.mkdir(exist_ok=True)
        (tmp_path / "spool").rename(tmp_path / "var/spool")
    (tmp_path / above / "bm-hsm/snappy/user").mkdir(parents=True)

    (store,) = stores_of(the(tmp_path))

    assert store.directory == PurePosixPath(above, "bm-hsm/snappy/user")


def test_a_link_in_the_place_of_the_store_is_none(tmp_path: Path) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc"])
    (tmp_path / "elsewhere/user").mkdir(parents=True)
    (tmp_path / "var/spool/bm-hsm").mkdir()
    (tmp_path / "var/spool/bm-hsm/snappy").symlink_to(tmp_path / "elsewhere")

    assert stores_of(the(tmp_path)) == ()


def test_the_owner_of_an_inbox_names_the_directory(spool: Path) -> None:
    acl = {
        "anyone": "p",
        "admin0": ALL,
        "group:G-1@b.loc": ALL,
        "E-1@b.loc": ALL,
        "E-2@b.loc": READ,
    }
    assert uids_of(places_of(the(spool), JDOE, acl, no_ids)) == ["E-1"]


def test_of_several_with_all_rights_the_one_with_the_stubs_bodies_is_it(spool: Path) -> None:
    acl = {"E-1@b.loc": ALL, "E-2@b.loc": ALL}
    assert uids_of(places_of(the(spool), JDOE, acl, lambda: [ID])) == ["E-1"]
    assert places_of(the(spool), JDOE, acl, list) == ()


def test_an_owner_of_another_domain_names_nothing(spool: Path) -> None:
    assert places_of(the(spool), JDOE, {"E-1@c.loc": ALL}, list) == ()


def test_a_mailshare_is_known_by_its_stubs(spool: Path) -> None:
    write_body(spool, ("b.loc", "S-9"), "aaaaaaaa-8b86-4d01-b42d-00cf4fc964ff", STREAM)
    ids = ["aaaaaaaa-8b86-4d01-b42d-00cf4fc964ff", "bbbbbbbb-8b86-4d01-b42d-00cf4fc964ff"]
    assert uids_of(places_of(the(spool), CONTACT, {"E-1@b.loc": ALL}, lambda: ids)) == ["S-9"]


def test_a_stub_with_the_id_of_somebodys_mail_opens_nothing_of_his(spool: Path) -> None:
    """
    Whoever may write into a mailshare may put a stub there; E-1 is jdoe's by his INBOX.
    """
    assert places_of(the(spool), CONTACT, {}, lambda: [ID]) == ()


def test_where_no_stub_has_a_body_no_directory_is_taken(spool: Path) -> None:
    ids = ["bbbbbbbb-8b86-4d01-b42d-00cf4fc964ff"]
    assert places_of(the(spool), CONTACT, {}, lambda: ids) == ()


def test_a_backup_without_a_store_asks_for_no_stub(tmp_path: Path) -> None:
    write_spool(tmp_path, ["contact@b.loc"])
    assert places_of(the(tmp_path), CONTACT, {}, no_ids) == ()


def test_a_body_is_opened_by_its_id_alone(spool: Path) -> None:
    places = places_of(the(spool), JDOE, {"E-1@b.loc": ALL}, no_ids)
    assert has_body(places, ID)
    for hsm_id in (OTHER_ID, "", ".", "..", "../../E-2/0/b/" + OTHER_ID, ID.upper()):
        with pytest.raises(BackupFileMissing):
            body_fd(places, hsm_id)


def test_a_link_in_the_place_of_a_body_is_not_followed(spool: Path) -> None:
    file = spool / STORE / "b.loc/E-1/6/f" / ID
    file.unlink()
    file.symlink_to("/etc/passwd")
    places = places_of(the(spool), JDOE, {"E-1@b.loc": ALL}, no_ids)
    with pytest.raises(UnsafeBackupEntry):
        body_fd(places, ID)
