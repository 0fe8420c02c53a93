"""Each way in which a spool can be unsound gives its finding, and nothing else does."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from respool.backups import hashed_directory
from respool.backups.stray_entries import DEPTH_LIMIT
from respool.model.inventory import EXPUNGED, UNLINKED, Rows
from tests.unit.backups.checked_spools import (
    BASE,
    OWNER,
    checked,
    counts,
    findings_in,
    octets_of,
    write_sound,
)
from tests.unit.cyrus.database_builders import TwoskipBuilder


def flagged(uid: int, flags: int) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows["system_flags"][rows["uid"] == uid] |= np.uint32(flags)

    return change


@pytest.mark.parametrize("version", [9, 10, 12, 13, 17, 19])
def test_a_sound_spool_has_no_findings(tmp_path: Path, version: int) -> None:
    write_sound(tmp_path, version=version)

    expected = {"guid-zero": 1} if version < 10 else {}
    assert counts(tmp_path) == expected


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_was_read_is_counted(tmp_path: Path, jobs: int) -> None:
    write_sound(tmp_path, change=flagged(3, EXPUNGED))
    write_sound(tmp_path, (1,), name="user/jdoe/Sent@b.loc")

    mailboxes = checked(tmp_path, jobs=jobs)

    assert [(each.name.display, each.messages, each.expunged) for each in mailboxes] == [
        ("user/jdoe@b.loc", 2, 1),
        ("user/jdoe/Sent@b.loc", 1, 0),
    ]
    assert sum(each.files for each in mailboxes) == 4
    assert sum(each.octets for each in mailboxes) == sum(map(len, map(octets_of, (1, 2, 3, 1))))


def test_octets_that_changed_are_found_by_their_hash_alone(tmp_path: Path) -> None:
    data, _ = write_sound(tmp_path)
    (data / "2.").write_bytes(octets_of(2).replace(b"Body", b"Bodx"))

    [found] = findings_in(tmp_path)

    assert (found.code, found.uid) == ("guid-differs", 2)
    assert found.file == PurePosixPath((data / "2.").relative_to(tmp_path))
    assert "deleted" not in found.text


def test_a_deleted_message_that_is_kept_is_hashed_too(tmp_path: Path) -> None:
    data, _ = write_sound(tmp_path, change=flagged(2, EXPUNGED))
    (data / "2.").write_bytes(b"rot")

    [found] = findings_in(tmp_path)

    assert (found.code, found.uid) == ("guid-differs", 2)
    assert "deleted and kept" in found.text


def test_of_a_message_that_a_server_has_thrown_away_nothing_is_expected(tmp_path: Path) -> None:
    data, _ = write_sound(tmp_path, change=flagged(2, EXPUNGED | UNLINKED))
    (data / "2.").unlink()

    assert counts(tmp_path) == {}


def test_another_size_is_told_once(tmp_path: Path) -> None:
    data, _ = write_sound(tmp_path)
    (data / "2.").write_bytes(b"")

    assert counts(tmp_path) == {"message-file-size-differs": 1}


def test_a_header_of_another_moment_is_a_note(tmp_path: Path) -> None:
    _, meta = write_sound(tmp_path)
    header = (meta / "cyrus.header").read_bytes()
    (meta / "cyrus.header").write_bytes(header.replace(b"\n\njdoe", b"\nWork \njdoe"))

    assert counts(tmp_path) == {"header-file-crc-differs": 1}


def test_files_with_several_names_are_read_once(tmp_path: Path) -> None:
    data, _ = write_sound(tmp_path)
    other, _ = write_sound(tmp_path, name="user/jdoe/Copy@b.loc")
    for uid in (1, 2, 3):
        (other / f"{uid}.").unlink()
        os.link(data / f"{uid}.", other / f"{uid}.")

    mailboxes = checked(tmp_path)

    assert sum(each.files for each in mailboxes) == 3
    assert sum(each.messages for each in mailboxes) == 6
    assert counts(tmp_path) == {}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_large_folder_is_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    monkeypatch.setattr(hashed_directory, "SLICE_FILES", 4)
    data, _ = write_sound(tmp_path, range(1, 30))
    (data / "5.").unlink()
    (data / "17.").write_bytes(b"x" * len(octets_of(17)))
    (data / "99.").write_bytes(octets_of(99))

    assert counts(tmp_path, jobs=jobs) == {
        "guid-differs": 1,
        "message-file-missing": 1,
        "message-file-without-record": 1,
    }


def test_two_mailboxes_with_one_id_are_found(tmp_path: Path) -> None:
    write_sound(tmp_path, header=("twin", OWNER))
    write_sound(tmp_path, name="user/jdoe/Copy@b.loc", header=("twin", OWNER))

    [found] = findings_in(tmp_path)

    assert (found.code, found.subject) == ("uniqueid-doubled", "user/jdoe/Copy@b.loc")
    assert "user/jdoe@b.loc" in found.text


@pytest.mark.parametrize(
    "acl",
    [
        "",
        "gone@b.loc\tlrswipkxtecda\t",
        "admin0\tlrswipkxtecda\t",
        "jdoe@b.loc\tlp\t",
        "jdoe@b.loc\tlr\t-jdoe@b.loc\tr\t",
    ],
)
def test_a_mailbox_that_nobody_can_read_is_found(tmp_path: Path, acl: str) -> None:
    write_sound(tmp_path)
    write_sound(tmp_path, name="contact@b.loc", header=(None, acl))

    assert counts(tmp_path) == {"rights-of-nobody": 1}


@pytest.mark.parametrize("acl", [OWNER, "anyone\tlr\t", "group:staff\tlr\t", "jdoe\tlrs\t"])
def test_a_mailbox_that_somebody_can_read_is_none(tmp_path: Path, acl: str) -> None:
    write_sound(tmp_path)
    write_sound(tmp_path, name="contact@b.loc", header=(None, acl))

    assert counts(tmp_path) == {}


def test_links_and_special_files_are_found_anywhere_and_never_followed(
    as_root: None,
    tmp_path: Path,
    unchanged: Callable[[Path], AbstractContextManager[None]],
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "1.").write_bytes(b"secret")
    root = tmp_path / "part"
    data, meta = write_sound(root)
    (data / "out").symlink_to(outside)
    (data / "9.").symlink_to(outside / "1.")
    os.mkfifo(data / "8.")
    (meta / "loop").symlink_to(".")
    os.mknod(root / BASE / "data" / "disk", 0o600 | 0o060000, os.makedev(7, 250))
    (root / "var" / "above").symlink_to("/")
    with socket.socket(socket.AF_UNIX) as listening:
        (root / "short").mkdir()
        here = Path.cwd()
        os.chdir(root / "short")
        listening.bind("socket")
        os.chdir(here)

    with unchanged(tmp_path):
        found = findings_in(root)

    assert sorted(str(each.file) for each in found) == sorted(
        str(path.relative_to(root))
        for path in (
            data / "out",
            data / "9.",
            data / "8.",
            meta / "loop",
            root / BASE / "data" / "disk",
            root / "var" / "above",
            root / "short" / "socket",
        )
    )
    assert {each.code for each in found} == {"unsafe-entry"}


def test_what_a_server_makes_while_it_runs_is_nothing_odd(tmp_path: Path) -> None:
    write_sound(tmp_path)
    runtime = tmp_path / "var" / "lib" / "cyrus" / "socket"
    runtime.mkdir(parents=True)
    os.mkfifo(runtime / "lmtp")

    assert counts(tmp_path) == {}


def test_a_tree_that_is_too_deep_is_told_and_left(tmp_path: Path) -> None:
    write_sound(tmp_path)
    here = Path.cwd()
    os.chdir(tmp_path)
    for _ in range(DEPTH_LIMIT + 900):
        Path("d").mkdir()
        os.chdir("d")
    os.chdir(here)

    try:
        assert counts(tmp_path) == {"tree-too-deep": 1}
    finally:
        os.system(f"rm -rf {tmp_path}/d")


def test_a_name_with_a_line_feed_is_kept_and_told(tmp_path: Path) -> None:
    _, meta = write_sound(tmp_path, name="user/jdoe/a\nb@b.loc", header=("id", OWNER))

    [found] = findings_in(tmp_path)

    assert found.code == "name-not-decodable"
    assert found.file == PurePosixPath(meta.relative_to(tmp_path))


def put_mailboxes(root: Path, records: dict[str, bytes]) -> None:
    """A ``mailboxes.db`` as 3.0 writes it: ACLs by internal name."""
    built = TwoskipBuilder()
    for name, acl in records.items():
        built.store(name.encode(), b"%%(A %%(%s) I id P b_loc T e V 7)" % acl)
    built.commit()
    file = root / "var/lib/cyrus/mailboxes.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes(built.octets))


def test_a_mailbox_that_the_database_names_and_that_has_no_directory_is_a_loss(
    tmp_path: Path,
) -> None:
    write_sound(tmp_path)
    mine = b"jdoe@b.loc lrs"
    put_mailboxes(tmp_path, {"b.loc!user.jdoe": mine, "b.loc!user.jdoe.Gone": mine})

    [found] = findings_in(tmp_path)

    assert (found.code, found.subject) == ("mailbox-without-directory", "user/jdoe/Gone@b.loc")


def test_a_mailbox_that_the_database_does_not_name_is_a_note(tmp_path: Path) -> None:
    write_sound(tmp_path)
    write_sound(tmp_path, name="user/jdoe/New@b.loc")
    put_mailboxes(tmp_path, {"b.loc!user.jdoe": b"jdoe@b.loc lrs"})

    [found] = findings_in(tmp_path)

    assert (found.code, found.subject) == ("mailbox-not-in-database", "user/jdoe/New@b.loc")


def test_rights_are_those_of_the_database_where_there_is_one(tmp_path: Path) -> None:
    write_sound(tmp_path)
    put_mailboxes(tmp_path, {"b.loc!user.jdoe": b"gone@b.loc lrs"})

    assert counts(tmp_path) == {"rights-of-nobody": 1}
