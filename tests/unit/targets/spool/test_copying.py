from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from respool.backups import presence
from respool.backups.source import tree_at
from respool.errors import StepFailed
from respool.planning.source_place import SourcePlace
from respool.planning.step import PlannedMessage
from respool.runs.actor import Note
from respool.system.cyrus_server import MailboxDirectories
from respool.system.kernel_copy import KernelCopy
from respool.system.message_files import CopiedFile, MessageCopier, NewFile
from respool.system.ownership import Owner, Ownership
from respool.targets.spool.copying import CopiedGroup, Destination, Task, copy, flush
from respool.targets.spool.steps import CopyMessages
from tests.support.small_spools import OCTETS, write_mailbox

DATA, META = PurePosixPath("data/j"), PurePosixPath("meta/j")
GUID = hashlib.sha1(OCTETS).hexdigest()
UIDS = (1, 2, 3, 4)
OWNERSHIP = Ownership(
    owner=Owner(uid=os.geteuid(), gid=os.getegid()), file_mode=0o640, directory_mode=0o750
)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A spool of a backup with one mailbox."""
    root = tmp_path / "backup"
    write_mailbox(root / META, root / DATA, uids=UIDS)
    tree_at.cache_clear()
    return root


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The data directory of the mailbox to be filled, which the server has not made yet."""
    return tmp_path / "live" / "j"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_PAUSE_SECONDS", 0.0)


def step(backup: Path, *, guid: str | None = GUID) -> CopyMessages:
    return CopyMessages(
        lane="user/j",
        source=SourcePlace(
            spool=PurePosixPath(backup), partition="p", data=DATA, meta=META, archive=None
        ),
        keeps_archive=False,
        messages=tuple(
            PlannedMessage(
                uid=uid, guid=guid, internaldate=uid * 1000, size_bytes=len(OCTETS), flags=()
            )
            for uid in UIDS
        ),
    )


def destination(target: Path) -> Destination:
    directories = MailboxDirectories(data=target, meta=target.with_name("meta"))
    return Destination(directories=directories, ownership=OWNERSHIP)


def names(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


def waiting(*uids: int) -> list[str]:
    return [f".respool-{uid}." for uid in uids]


class Meanwhile(MessageCopier):
    """Lets something happen just before a message is copied."""

    def __init__(self, happens: Callable[[str, int], None]) -> None:
        super().__init__()
        self.happens = happens
        self.calls = 0

    def copy(self, source: int, wanted: NewFile, directory: int) -> CopiedFile:
        """What the real one does, after that."""
        self.calls += 1
        self.happens(wanted.name, self.calls)
        return super().copy(source, wanted, directory)


def copied(
    group: CopyMessages,
    goes_to: Destination,
    new_copier: Callable[[], MessageCopier] = MessageCopier,
) -> Note:
    """What a copy of a group says, once it is flushed."""
    done = CopiedGroup.of(copy(Task(step=group, destination=goes_to), new_copier))
    try:
        flush([done])
    finally:
        done.close()
    return done.note


def test_copies_wait_under_names_that_nothing_takes_for_a_message(
    backup: Path, target: Path
) -> None:
    note = copied(step(backup), destination(target))

    assert note == {"copied": 4, "lost": {}, "guids": {}}
    assert names(target) == waiting(*UIDS)
    found = (target / ".respool-3.").stat()
    assert (found.st_mode & 0o7777, found.st_nlink, found.st_mtime) == (0o640, 1, 3000)
    assert target.stat().st_mode & 0o7777 == 0o750


@pytest.mark.parametrize("keeps_archive", [True, False])
def test_what_was_archived_goes_to_the_archive_if_that_is_kept(
    backup: Path, target: Path, *, keeps_archive: bool
) -> None:
    group = step(backup)
    group = replace(
        group,
        source=replace(group.source, archive=DATA),
        keeps_archive=keeps_archive,
        messages=tuple(each._replace(is_archived=each.uid % 2 == 0) for each in group.messages),
    )
    archive = target.with_name("archive")
    directories = replace(destination(target).directories, archive=archive)

    copied(group, replace(destination(target), directories=directories))

    assert names(target) == waiting(*([1, 3] if keeps_archive else UIDS))
    assert not keeps_archive or names(archive) == waiting(2, 4)


def test_a_guid_that_the_backup_does_not_know_is_learnt(backup: Path, target: Path) -> None:
    note = copied(step(backup, guid=None), destination(target))

    assert note["guids"] == dict.fromkeys(map(str, UIDS), GUID)


def test_done_again_after_a_kill_it_is_the_same(backup: Path, target: Path) -> None:
    target.mkdir(parents=True)
    (target / ".respool-1.").write_bytes(OCTETS[:9])

    copied(step(backup), destination(target))
    copied(step(backup), destination(target))

    assert names(target) == waiting(*UIDS)
    assert all((target / name).read_bytes() == OCTETS for name in names(target))


def test_what_is_damaged_or_gone_is_lost_by_name_and_the_rest_is_copied(
    backup: Path, target: Path
) -> None:
    (backup / DATA / "1.").write_bytes(OCTETS[::-1])
    (backup / DATA / "3.").unlink()
    (backup / DATA / "4.").unlink()
    (backup / DATA / "4.").symlink_to("2.")

    note = copied(step(backup), destination(target))

    codes = {uid: text.partition(":")[0] for uid, text in note["lost"].items()}
    assert codes == {
        "1": "guid-differs",
        "3": "backup-file-missing",
        "4": "unsafe-backup-entry",
    }
    assert names(target) == waiting(2)


class Written(KernelCopy):
    """Writes to a source that is about to be copied, so many times."""

    def __init__(self, file: Path, texts: list[bytes]) -> None:
        super().__init__()
        self.file = file
        self.texts = texts

    def is_slower_for(self, _size_bytes: int) -> bool:
        """Never: so that each file comes by here."""
        return False

    def is_copied(self, source: int, target: int, size_bytes: int) -> bool:
        """What the real one says, of what the file has then."""
        if self.texts and os.path.samestat(os.fstat(source), self.file.stat()):
            self.file.write_bytes(self.texts.pop(0))
        return super().is_copied(source, target, size_bytes)


@pytest.mark.parametrize(
    ("texts", "lost"),
    [
        ([OCTETS[:9]], "guid-differs"),
        ([OCTETS[::-1], OCTETS], None),
        ([OCTETS[::-1], OCTETS[:-1] + b"?"], "changed-while-copied"),
    ],
    ids=["cut for good", "right the second time", "wrong twice"],
)
def test_a_file_that_is_written_to_while_it_is_read_is_read_once_more(
    backup: Path, target: Path, texts: list[bytes], lost: str | None
) -> None:
    kernel = Written(backup / DATA / "2.", texts)

    note = copied(step(backup), destination(target), new_copier=lambda: MessageCopier(kernel))

    codes = {uid: text.partition(":")[0] for uid, text in note["lost"].items()}
    assert codes == ({} if lost is None else {"2": lost})
    assert names(target) == (waiting(*UIDS) if lost is None else waiting(1, 3, 4))


def test_a_backup_that_is_gone_stops_the_run_and_keeps_what_was_copied(
    backup: Path, target: Path
) -> None:
    def moved_away(_name: str, call: int) -> None:
        if call == 3:
            shutil.rmtree(backup / DATA)

    with pytest.raises(StepFailed) as failed:
        copied(step(backup), destination(target), new_copier=lambda: Meanwhile(moved_away))

    assert failed.value.can_be_tried_again
    assert "going away" in failed.value.what
    assert "bring it back" in str(failed.value.hint)
    assert names(target) == waiting(1, 2, 3)


def test_a_full_disk_stops_the_step(backup: Path, target: Path) -> None:
    def full(_name: str, call: int) -> None:
        if call == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StepFailed, match="cannot be written"):
        copied(step(backup), destination(target), new_copier=lambda: Meanwhile(full))

    assert names(target) == waiting(1)
