"""Damage costs what is damaged and nothing else, and each kind has its finding."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from respool.backups.source import SourceMailbox, read_mailbox
from respool.model.inventory import NOWHERE, StoredMailbox
from tests.support import golden
from tests.support.inventories import files_that_differ, sources_in, spool_generation

INBOX = "user/anna@bluemind.loc"

# Finding codes of INBOX for each damage; without an entry there are none.
CODES: dict[str, set[str]] = {
    "index-cut-in-header": {"index-unreadable"},
    "index-cut-in-record-3": {"index-cut", "message-file-without-record"},
    "index-zero-bytes": {"index-unreadable"},
    "index-header-record-count-too-high": {"index-count-too-high"},
    "header-empty": {"header-unreadable", "keyword-without-name"},
    "header-missing": {"header-missing", "keyword-without-name"},
    "header-garbage": {"header-unreadable", "keyword-without-name"},
    "message-file-missing": {"message-file-missing"},
    "message-file-empty": {"message-file-size-differs"},
    "message-file-truncated": {"message-file-size-differs"},
    "extra-message-without-record": {"message-file-without-record"},
    "directory-with-symlink-to-etc-passwd": {"unsafe-entry"},
    "message-file-is-symlink": {"unsafe-entry", "message-file-missing"},
    "message-file-is-fifo": {"unsafe-entry", "message-file-missing"},
    "meta-without-data": {"message-file-missing"},
    "data-without-meta": {"index-missing", "header-missing"},
    "hot-copy": {"message-file-missing", "message-file-without-record"},
}

CASES = [
    (version, damage)
    for version in golden.DAMAGED_VERSIONS
    for damage in (golden.INTACT, *golden.damages())
]


def read_all(place: Path) -> dict[str, tuple[SourceMailbox, StoredMailbox]]:
    generation = spool_generation(place)
    sources = tuple(sources_in(generation))
    return {source.name.display: (source, read_mailbox(source)) for source in sources}


def states(source: SourceMailbox, mailbox: StoredMailbox) -> dict[str, object]:
    """The UIDs of a mailbox by what can be done with each, as expected.json has them."""
    visible = mailbox.records[mailbox.visible()]
    differing = set(visible[visible["file_size"] != visible["size"].astype("i8")]["uid"].tolist())
    missing = set(visible[visible["place"] == NOWHERE]["uid"].tolist())
    differing |= set() if missing else set(files_that_differ(source, mailbox))
    sound = set(visible["uid"].tolist()) - missing - differing
    hidden = mailbox.records[~mailbox.visible()]
    return {
        "sound": sorted(sound),
        "bytes_only": mailbox.orphans["uid"].tolist(),
        "record_only": sorted(missing),
        "doubtful": sorted(differing - missing),
        "expunged": hidden["uid"].tolist(),
        "flags": {str(each.uid): sorted(each.flags) for each in mailbox.messages()},
    }


@pytest.mark.parametrize(("version", "damage"), CASES)
def test_what_is_intact_is_read_and_what_is_not_is_found(
    version: str, damage: str, as_root: None, tmp_path: Path
) -> None:
    expected = golden.expected_of_damage(version, damage)
    found = read_all(golden.unpack_damaged(version, damage, tmp_path))

    source, mailbox = found[INBOX]
    read = states(source, mailbox)

    assert read == {key: expected[key] for key in read}
    assert {finding.code for finding in mailbox.findings} == CODES.get(damage, set())


@pytest.mark.parametrize(("version", "damage"), CASES)
def test_the_mailboxes_beside_are_whole(
    version: str, damage: str, as_root: None, tmp_path: Path
) -> None:
    found = read_all(golden.unpack_damaged(version, damage, tmp_path))

    beside = {name: pair for name, pair in found.items() if name != INBOX}
    codes = {finding.code for _, mailbox in beside.values() for finding in mailbox.findings}

    assert len(beside) == 2
    assert [int(mailbox.restorable().sum()) for _, mailbox in beside.values()] in ([1, 2], [2, 1])
    assert codes == ({"name-not-decodable"} if damage.startswith("name-") else set())


@pytest.mark.parametrize("version", golden.DAMAGED_VERSIONS)
@pytest.mark.parametrize(
    ("damage", "directory"),
    [("name-with-newline", "Fac\ntures"), ("name-not-valid-utf7", "Factures &AOk")],
)
def test_a_name_that_is_none_is_kept_octet_by_octet(
    version: str, damage: str, directory: str, as_root: None, tmp_path: Path
) -> None:
    found = read_all(golden.unpack_damaged(version, damage, tmp_path))

    names = [source.name.parts[-1] for source, _ in found.values()]

    assert directory in names


@pytest.mark.parametrize("version", golden.DAMAGED_VERSIONS)
@pytest.mark.parametrize("damage", golden.damages())
def test_reading_damage_changes_nothing_and_waits_for_nothing(
    version: str,
    damage: str,
    as_root: None,
    tmp_path: Path,
    unchanged: Callable[[Path], AbstractContextManager[None]],
) -> None:
    place = golden.unpack_damaged(version, damage, tmp_path)

    with unchanged(place):
        reader = threading.Thread(target=read_all, args=(place,), daemon=True)
        reader.start()
        reader.join(timeout=20)

    assert not reader.is_alive(), "it opened the named pipe"
