"""Damage that servers and copies have left on disk: what can be read is, the rest is found.

Each case is of Cyrus's own tests or was seen when spools were copied by hand; of every one,
the right flags must come with the right UIDs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from respool.backups.contents import mailboxes_of
from respool.backups.source import read_mailbox, tree_at
from respool.cyrus.files_as_records import with_files_as_records
from respool.cyrus.header import MAGIC
from respool.cyrus.index_layouts import layout_of
from respool.model.accounts import account_of
from respool.model.inventory import Rows, StoredMailbox
from tests.support.inventories import spool_generation
from tests.support.small_spools import MOTTO, mailbox_name
from tests.unit.backups.checked_spools import JDOE, OWNER, counts, octets_of, write_sound

ANSWERED, FLAGGED = 1 << 0, 1 << 1
FLAGS = {1: ("\\Answered",), 2: ("\\Flagged",), 3: ("\\Answered", "\\Flagged")}


def with_flags(rows: Rows) -> None:
    """Flags that tell the first three messages apart."""
    rows["system_flags"][:3] = [ANSWERED, FLAGGED, ANSWERED | FLAGGED]


def read(root: Path) -> StoredMailbox:
    tree_at.cache_clear()
    account = account_of(mailbox_name(JDOE))
    assert account is not None
    [source] = mailboxes_of(spool_generation(root), account)
    return read_mailbox(source)


def flags(mailbox: StoredMailbox) -> Mapping[int, tuple[str, ...]]:
    """Flags of the messages that can be restored, by UID."""
    chosen = mailbox.messages(mailbox.restorable())
    return {int(each.uid): tuple(sorted(each.flags)) for each in chosen}


def without(uid: int) -> Mapping[int, tuple[str, ...]]:
    return {each: names for each, names in FLAGS.items() if each != uid}


def overwrite_record(meta: Path, number: int, octets: bytes, version: int = 13) -> None:
    """Octets over the beginning of a record, its CRC not mended."""
    layout = layout_of(version)
    at = layout.header_size + number * layout.record_size
    index = bytearray((meta / "cyrus.index").read_bytes())
    index[at : at + len(octets)] = octets
    (meta / "cyrus.index").write_bytes(index)


@pytest.mark.parametrize("version", [10, 12, 13, 17, 19])
def test_a_record_of_zeros_costs_its_own_flags_alone(tmp_path: Path, version: int) -> None:
    """Cassandane, reconstruct_zerouid."""
    _, meta = write_sound(tmp_path, version=version, change=with_flags)
    overwrite_record(meta, 1, bytes(layout_of(version).record_size), version)

    mailbox = read(tmp_path)

    assert flags(mailbox) == without(2)
    assert mailbox.orphans["uid"].tolist() == [2]
    lost = {"index-record-damaged", "index-record-impossible-uid"}
    assert lost & {each.code for each in mailbox.findings}
    if version >= 12:  # before that, nothing says that a record was there
        assert flags(with_files_as_records(mailbox)) == {**without(2), 2: ()}


@pytest.mark.parametrize("uid", [0, 1 << 31, (1 << 32) - 6])
def test_a_record_with_a_uid_that_no_server_gives_is_left_out(tmp_path: Path, uid: int) -> None:
    def change(rows: Rows) -> None:
        with_flags(rows)
        rows["uid"][2] = uid

    write_sound(tmp_path, change=change)

    mailbox = read(tmp_path)

    assert flags(mailbox) == without(3)
    assert mailbox.orphans["uid"].tolist() == [3]
    assert "index-record-impossible-uid" in {each.code for each in mailbox.findings}


@pytest.mark.parametrize(
    "name", ["4294967290.", "99999999999.", "007.", "0.", "2147483648.", "00000000001."]
)
def test_a_file_name_that_no_server_takes_is_found_and_left_alone(
    tmp_path: Path, name: str
) -> None:
    """`reconstruct` deletes other messages, stops, or renumbers at these (seen on 2.4, 3.6)."""
    data, _ = write_sound(tmp_path, change=with_flags)
    (data / name).write_bytes(octets_of(9))

    mailbox = read(tmp_path)

    assert flags(mailbox) == FLAGS
    assert len(mailbox.orphans) == 0
    [found] = mailbox.findings
    assert (found.code, found.subject) == ("odd-message-file-name", name)
    assert found.file is not None
    assert found.file.name == name
    assert counts(tmp_path) == {"odd-message-file-name": 1}


def test_an_empty_message_file_costs_that_message_alone(tmp_path: Path) -> None:
    """`reconstruct` deletes it and expunges the record."""
    data, _ = write_sound(tmp_path, change=with_flags)
    (data / "2.").write_bytes(b"")

    mailbox = read(tmp_path)

    assert flags(mailbox) == without(2)
    assert [(each.code, each.uid) for each in mailbox.findings] == [
        ("message-file-size-differs", 2)
    ]


@pytest.mark.parametrize(
    "octets", [b"Subject: a\0b\r\n\r\n\0\r\n", b"Subject: a\n\nbare\nlines\n", b"no header at all"]
)
def test_odd_octets_in_a_message_are_none_of_our_business(tmp_path: Path, octets: bytes) -> None:
    """NUL, bare line feeds, no header: APPEND would refuse them, a spool has them."""

    def change(rows: Rows) -> None:
        with_flags(rows)
        rows["size"][1] = len(octets)
        rows["guid"][1] = np.void(hashlib.sha1(octets).digest())

    data, _ = write_sound(tmp_path, change=change)
    (data / "2.").write_bytes(octets)

    assert flags(read(tmp_path)) == FLAGS
    assert counts(tmp_path) == {}


def test_a_hole_in_the_table_of_flags_moves_no_keyword(tmp_path: Path) -> None:
    """A dlist header with NIL between two names, and a bit of the slot without one."""

    def change(rows: Rows) -> None:
        rows["user_flags"][0, 0] = 1 << 0
        rows["user_flags"][1, 0] = 1 << 2
        rows["user_flags"][2, 0] = 1 << 1 | 1 << 2

    _, meta = write_sound(tmp_path, version=17, change=change)
    acl = OWNER.strip().replace("\t", " ")
    body = f"%(I id N b.loc!user.jdoe A %({acl}) U (Work NIL Home))\n"
    (meta / "cyrus.header").write_bytes(MAGIC + MOTTO + body.encode())

    mailbox = read(tmp_path)

    assert flags(mailbox) == {1: ("Work",), 2: ("Home",), 3: ("Home",)}
    assert [(each.code, each.subject) for each in mailbox.findings] == [
        ("keyword-without-name", "keyword 1")
    ]


@pytest.mark.parametrize("version", [10, 13, 17])
def test_an_index_that_is_cut_gives_what_is_before_the_cut(tmp_path: Path, version: int) -> None:
    """Cassandane, reconstruct_truncated: all come back under their UIDs."""
    _, meta = write_sound(tmp_path, version=version, change=with_flags)
    layout = layout_of(version)
    octets = (meta / "cyrus.index").read_bytes()
    (meta / "cyrus.index").write_bytes(octets[: layout.header_size + 2 * layout.record_size + 7])

    mailbox = read(tmp_path)

    assert flags(mailbox) == without(3)
    assert flags(with_files_as_records(mailbox)) == {**without(3), 3: ()}
    assert "index-cut" in {each.code for each in mailbox.findings}


def test_a_file_that_was_removed_costs_that_message_alone(tmp_path: Path) -> None:
    """Cassandane, reconstruct_removedfile."""
    data, _ = write_sound(tmp_path, change=with_flags)
    (data / "2.").unlink()

    mailbox = read(tmp_path)

    assert flags(mailbox) == without(2)
    assert [(each.code, each.uid) for each in mailbox.findings] == [("message-file-missing", 2)]


def test_an_empty_header_costs_no_flag_of_an_index_that_is_whole(tmp_path: Path) -> None:
    """`touch cyrus.header` makes every server throw the index away."""
    _, meta = write_sound(tmp_path, change=with_flags)
    (meta / "cyrus.header").write_bytes(b"")

    mailbox = read(tmp_path)

    assert flags(mailbox) == FLAGS
    assert [each.code for each in mailbox.findings] == ["header-unreadable"]
