"""What is taken: expunged mail, deleted and chosen folders, and files without a record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from respool.errors import FolderNotInGeneration
from tests.support import golden
from tests.support.directions import (
    INTO,
    Folders,
    Kind,
    check_target_sound,
    folders_of,
    fresh_target,
    true_folders,
    unread,
    without_flags,
)
from tests.support.imap_contents import HeldMessage
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import held, restored, settings_for, wish
from tests.support.truth import read_truth
from tests.support.whole_account import SPOOLS, TREES, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
CONTACT = "share/contact@bluemind.loc"
ANNA = "user/anna@bluemind.loc"
SOURCE = SPOOLS["3.2.12"]
DELETED = "DELETED/Ancien/673A6780"
INBOX_OF_ANNA = Path("var/spool/cyrus/data/bluemind_loc/domain/b/bluemind.loc/a/user/anna")
BACKUPS = {**SPOOLS, **{name: TREES[name] for name in ("generation 89", "BlueMind 4")}}
LAYOUTS = ("names", "uuid")
each_in_turn = pytest.mark.parametrize(
    ("shared_server", "source", "account"),
    [
        pytest.param(layout, source, account, id=f"{layout}, {name}, {account}")
        for at, (name, source) in enumerate(BACKUPS.items())
        for layout, account in ((LAYOUTS[at % 2], (JDOE, CONTACT)[at // 2 % 2]),)
    ],
    indirect=["shared_server"],
)


def with_expunged(source: Source, account: str) -> Folders:
    """The true folders with what had been expunged, which is not to be deleted again."""
    true = dict(true_folders(source.truth, account))
    local, _, domain = account.removeprefix("share/").partition("@")
    for path, messages in true_folders(source.truth, account).items():
        name = f"{local}@{domain}" if path == "INBOX" else f"{local}/{path}@{domain}"
        box = source.truth.mailboxes.get(name)
        expunged = [held(each) for each in box.expunged] if box is not None else []
        kept = [replace(each, flags=each.flags - {"\\Deleted"}) for each in expunged]
        true[path] = tuple(sorted((*messages, *kept), key=lambda each: each.uid))
    return true


@each_in_turn
def test_expunged_mail_comes_back_when_that_is_asked_for(
    source: Source,
    account: str,
    shared_server: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    """
    Exactly what was expunged besides, with its flags but \\Deleted: else it would go again.
    """
    kind: Kind = "user" if account == JDOE else "share"
    target = fresh_target(shared_server, kind)
    receipt = restored(
        settings_for(shared_server, unpacked(source), tmp_path / "state"),
        wish(
            account, generation=source.generation, to=target.written, into=INTO, has_expunged=True
        ),
    )
    assert receipt.verdict.value == "proven"
    true, expected = true_folders(source.truth, account), with_expunged(source, account)
    more = sum(map(len, expected.values())) - sum(map(len, true.values()))
    assert sum(box.brought_back for box in receipt.head.mailboxes) == more >= 3
    assert sum(box.left_out for box in receipt.head.mailboxes) == 0
    seen = expected if kind == "user" else unread(expected)
    assert folders_of(shared_server, target, target.readers[0]) == seen
    check_target_sound(shared_server, target)


def test_expunged_mail_comes_back_without_metadata_too(
    restoring_uuid: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> None:
    target = fresh_target(restoring_uuid, "user")
    receipt = restored(
        settings_for(restoring_uuid, unpacked(SOURCE), tmp_path / "state"),
        wish(JDOE, to=target.written, into=INTO, has_expunged=True, is_without_metadata=True),
    )
    assert receipt.verdict.value == "proven"
    expected = without_flags(with_expunged(SOURCE, JDOE))
    assert folders_of(restoring_uuid, target, target.login) == expected


CHOSEN = {
    ("INBOX",): {"INBOX"},
    ("Projects",): {"Projects", "Projects/2017", "Projects/2017/Q3"},
    ("=Projects",): {"Projects"},
    ("Projects/*",): {"Projects/2017"},
    ("Projects/**",): {"Projects/2017", "Projects/2017/Q3"},
    ("=Projects/2017", "Sent"): {"Projects/2017", "Sent"},
    ("INBOX", "devis", "Éléments envoyés"): {"INBOX", "devis", "Éléments envoyés"},
    ("E\u0301le\u0301*", "*.2 notes", "R&D"): {"Éléments envoyés", "v1.2 notes", "R&D"},
    ("*/2017", "**/Q3"): {"Projects/2017", "Projects/2017/Q3"},
    ("D*",): {"DEVIS", "Drafts"},
    (DELETED,): {DELETED},
    ("DELETED", "Vide"): {DELETED, "Vide"},
    ("DELETED/Anc**",): {DELETED},
    (f"={DELETED}", "=INBOX"): {DELETED, "INBOX"},
}


@pytest.mark.parametrize(("folders", "wanted"), CHOSEN.items(), ids=map(" ".join, CHOSEN))
def test_exactly_the_folders_that_are_named_come_back(
    folders: tuple[str, ...],
    wanted: set[str],
    restoring_names: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    """
    Below the new folder, each by its whole path; those above them are empty.
    """
    target = fresh_target(restoring_names, "user")
    settings = settings_for(restoring_names, unpacked(SOURCE), tmp_path / "state")
    receipt = restored(settings, wish(JDOE, *folders, to=target.written, into=INTO))
    assert receipt.verdict.value == "proven"
    true = {**true_folders(SOURCE.truth, JDOE), DELETED: deleted_folder()}
    above = {path.rsplit("/", depth)[0] for path in wanted for depth in range(path.count("/") + 1)}
    expected = {path: true[path] if path in wanted else () for path in {"INBOX", *above, *wanted}}
    assert folders_of(restoring_names, target, target.login) == expected
    assert receipt.head.skipped == {}


def deleted_folder() -> tuple[HeldMessage, ...]:
    """What lies below DELETED, with the flags that its owner saw before."""
    truth = SOURCE.truth
    flags = {each.uid: each.flags for each in truth.deleted["user/jdoe/Ancien@bluemind.loc"]}
    box = truth.mailboxes["DELETED/user/jdoe/Ancien/673A6780@bluemind.loc"]
    assert len(flags) == 2
    return tuple(replace(held(each), flags=flags[each.uid]) for each in box.messages)


@pytest.mark.parametrize("folder", ["Ancien", "*/*/*/*", "=Projects/2016", "devis/**"])
def test_a_folder_that_nothing_is_called_is_told(
    folder: str,
    restoring_names: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    """
    A deleted folder is found only where DELETED is typed.
    """
    target = fresh_target(restoring_names, "user")
    settings = settings_for(restoring_names, unpacked(SOURCE), tmp_path / "state")
    with pytest.raises(FolderNotInGeneration):
        restored(settings, wish(JDOE, folder, to=target.written, into=INTO))


FALLING_BACK = (
    "index-cut-in-header",
    "index-zero-bytes",
    "data-without-meta",
    "index-cut-in-record-3",
    "hot-copy",
    "extra-message-without-record",
)


@pytest.mark.parametrize(
    ("shared_server", "version", "damage"),
    [
        (LAYOUTS[(at + turn) % 2], version, damage)
        for at, damage in enumerate(FALLING_BACK)
        for turn, version in enumerate(golden.DAMAGED_VERSIONS)
    ],
    indirect=["shared_server"],
)
def test_what_no_index_knows_comes_back_from_its_files_and_only_that(
    damage: str, version: str, shared_server: PrivateCyrus, tmp_path: Path
) -> None:
    """
    With the date of the file and no flag; what an index knows has its flags, and the other
    folders have all. Plan and receipt say which folder it was.
    """
    backups = golden.unpack_damaged(version, damage, tmp_path / "backup")
    target = fresh_target(shared_server, "user")
    settings = settings_for(shared_server, backups, tmp_path / "state")
    receipt = restored(settings, wish(ANNA, to=target.written, into=INTO))
    assert receipt.verdict.value == "proven, backup incomplete"
    truth = read_truth(f"damaged/{version}/truth.json")
    true = dict(true_folders(truth, ANNA))
    expected = golden.expected_of_damage(version, damage)
    sound = [each for each in true["INBOX"] if each.uid in expected["sound"]]
    files = [of_file(backups / INBOX_OF_ANNA / f"{uid}.") for uid in expected["bytes_only"]]
    assert files
    true["INBOX"] = tuple(sorted((*sound, *files), key=lambda each: each.uid))
    assert folders_of(shared_server, target, target.login) == true
    fallen = [box.source_path for box in receipt.head.mailboxes if box.is_without_metadata]
    assert fallen == ["INBOX"]
    told = [each for each in receipt.findings if each.code == "records-from-files"]
    assert [each.subject.partition(":")[0] for each in told] == ["INBOX"]
    lost = {each.uid for each in receipt.losses if each.uid is not None}
    assert lost >= set(expected["record_only"])
    text = (tmp_path / "state/runs/1/receipt.txt").read_text("utf-8")
    assert f"INBOX -> {INTO}, without metadata" in text
    check_target_sound(shared_server, target)


def of_file(file: Path) -> HeldMessage:
    """A message as its file alone tells of it."""
    octets = file.read_bytes()
    return HeldMessage(
        uid=int(file.name.rstrip(".")),
        flags=frozenset(),
        internaldate=datetime.fromtimestamp(int(file.stat().st_mtime), UTC),
        size_bytes=len(octets),
        sha1=hashlib.sha1(octets, usedforsecurity=False).hexdigest(),
    )
