"""The samples unpack as they are, and a change to an unpacked tree does not go unseen."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.support import golden
from tests.support.trees import differences, fingerprint, unchanged
from tests.support.truth import read_truth

LINKED = "message-file-is-symlink"
PIPED = "message-file-is-fifo"


@pytest.mark.parametrize("version", golden.VERSIONS)
def test_a_message_file_has_the_date_and_size_that_the_server_said(
    tmp_path: Path, version: str
) -> None:
    spool = golden.unpack_spool(version, tmp_path)
    [sent] = spool.glob("var/spool/cyrus/data/*/domain/b/*/j/user/jdoe/Sent")
    for message in read_truth(version).mailboxes["user/jdoe/Sent@bluemind.loc"].messages:
        status = (sent / f"{message.uid}.").stat()
        assert status.st_size == message.size_bytes
        assert status.st_mtime == message.internaldate.timestamp()


def test_parts_of_a_backup_share_files_by_hard_links(tmp_path: Path) -> None:
    root = golden.unpack_dataprotect(tmp_path)
    copies = list(
        root.glob("dp_spool/rsync/*/mail/imap/123?/var/spool/cyrus/data/*/domain/e/**/1.")
    )
    assert len(copies) == len(golden.DATAPROTECT_PARTS)
    assert len({copy.stat().st_ino for copy in copies}) == 1


@pytest.mark.parametrize("version", golden.DAMAGED_VERSIONS)
def test_links_and_pipes_come_as_they_are(tmp_path: Path, version: str) -> None:
    linked = golden.unpack_damaged(version, LINKED, tmp_path / "linked")
    piped = golden.unpack_damaged(version, PIPED, tmp_path / "piped")
    assert [str(path.readlink()) for path in linked.rglob("5.")] == ["/etc/passwd"]
    assert [stat.S_ISFIFO(path.lstat().st_mode) for path in piped.rglob("5.")] == [True]


@pytest.mark.parametrize("version", golden.DAMAGED_VERSIONS)
def test_each_damage_is_described(version: str) -> None:
    assert len(golden.damages()) == 22
    for damage in golden.damages():
        assert "sound" in golden.expected_of_damage(version, damage)


def test_taking_a_fingerprint_changes_nothing(tmp_path: Path) -> None:
    root = golden.unpack_dataprotect(tmp_path)
    assert differences(fingerprint(root), fingerprint(root)) == []


def test_reading_a_file_is_seen_in_its_access_time(tmp_path: Path) -> None:
    root = golden.unpack_damaged("3.8.7", golden.INTACT, tmp_path)
    before = fingerprint(root)
    message = next(root.rglob("1."))
    message.read_bytes()
    lines = differences(before, fingerprint(root))
    assert any("/1.'" in line and "atime_ns" in line for line in lines)


def test_a_change_within_unchanged_fails_the_test(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="is new"), unchanged(tmp_path):
        (tmp_path / "new").touch()
