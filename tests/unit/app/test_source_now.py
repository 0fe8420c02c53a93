from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from respool.app.source_now import changed_while_read, left_reasons
from respool.backups.source import SourceMailbox
from respool.backups.still_there import stamps_of
from respool.model.inventory import IN_ARCHIVE
from respool.planning.chosen import ChosenMailbox
from respool.planning.source_place import SourcePlace
from respool.planning.step import PlannedMessage
from respool.planning.wanted_files import WantedFiles
from tests.unit.planning.plans import ACCOUNT
from tests.unit.targets.spool.plans import rows_of, stored

MESSAGE = PlannedMessage(uid=1, guid=None, internaldate=0, size_bytes=1, flags=())


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """Where a part of a backup lies."""
    directory = tmp_path / "part"
    directory.mkdir()
    return directory


@pytest.fixture
def place(part: Path) -> SourcePlace:
    """A folder with messages 1 and 2, and 3 on its archive partition."""
    for file in ("data/1.", "data/2.", "arc/3."):
        (part / file).parent.mkdir(exist_ok=True)
        (part / file).write_bytes(b"x")
    return SourcePlace(
        spool=PurePosixPath(part),
        partition="b_loc",
        data=PurePosixPath("data"),
        meta=None,
        archive=PurePosixPath("arc"),
    )


def files(*messages: PlannedMessage) -> WantedFiles:
    wanted = WantedFiles()
    wanted.add(messages)
    return wanted


def chosen(place: SourcePlace) -> ChosenMailbox:
    rows = rows_of(3)
    rows["place"][2] = IN_ARCHIVE
    return ChosenMailbox(place=place, mailbox=stored(rows))


def source(place: SourcePlace) -> SourceMailbox:
    where = replace(stored().place, data=place.data, archive=place.archive)
    return SourceMailbox(name=ACCOUNT.root, spool=place.spool, place=where)


def look_at_again(place: SourcePlace, change: object) -> tuple[tuple[str, ...], list[str]]:
    stamps = stamps_of([source(place)])
    assert callable(change)
    change()
    reasons, findings = changed_while_read(stamps, [chosen(place)], has_expunged=False)
    return reasons, [each.code for each in findings]


def later(directory: Path) -> None:
    """Let a change of the directory show, however coarse its clock is."""
    os.utime(directory, (0, directory.stat().st_mtime + 2))


def test_a_folder_at_rest_is_not_spoken_of(place: SourcePlace) -> None:
    assert look_at_again(place, lambda: None) == ((), [])


def test_a_message_that_goes_while_the_plan_is_made_is_a_reason(
    place: SourcePlace, part: Path
) -> None:
    def remove() -> None:
        (part / "arc/3.").unlink()
        later(part / "arc")

    (reason,), findings = look_at_again(place, remove)

    assert reason.startswith("INBOX: 1 message files are gone from the backup")
    assert findings == []


def test_a_message_that_comes_meanwhile_is_said(place: SourcePlace, part: Path) -> None:
    def add() -> None:
        (part / "data/4.").write_bytes(b"x")
        later(part / "data")

    assert look_at_again(place, add) == ((), ["backup-changing"])


def test_a_part_that_goes_as_a_whole_is_a_reason(place: SourcePlace, part: Path) -> None:
    (reason,), _ = look_at_again(place, lambda: part.rename(part.with_name("moved")))

    assert "3 message files" in reason


def test_a_run_goes_on_without_single_messages_that_have_gone(place: SourcePlace) -> None:
    """It names them as lost."""
    there, gone = MESSAGE, MESSAGE._replace(uid=9)

    assert list(left_reasons({place: WantedFiles()})) == []
    assert list(left_reasons({place: files(there, gone)})) == []


def test_a_run_does_not_go_on_where_all_that_it_needs_has_gone(
    place: SourcePlace, part: Path
) -> None:
    gone = MESSAGE._replace(uid=9)
    assert list(left_reasons({place: files(gone, gone._replace(uid=10))})) == [
        f"{part}/data: 2 message files are gone from the backup"
    ]
    (part / "arc/3.").unlink()
    (part / "arc").rmdir()
    assert list(left_reasons({place: WantedFiles()})) == [f"{part}/arc is gone from the backup"]
