from __future__ import annotations

from dataclasses import replace

import pytest

from respool.model.rooms import FreeRoom
from respool.planning.load import Load
from respool.targets.spool.rooms import room_reasons
from respool.targets.spool.survey import SpoolSurvey
from tests.unit.targets.spool.plans import ROOM, SURVEY

MIB = 1 << 20
LOAD = Load(messages=10, size_bytes=10 * MIB + 1, mailboxes=2)


def room(size_mib: int, *, disk: int = 1, inodes: int | None = 1000) -> FreeRoom:
    """A file system of 1000 MiB and 1000 inodes, a twentieth of which is kept."""
    return replace(
        ROOM,
        directory=f"/disk{disk}",
        pool=str(disk),
        size_bytes=size_mib * MIB,
        inodes=inodes,
        total_bytes=1000 * MIB,
        total_inodes=None if inodes is None else 1000,
    )


def lacking(survey: SpoolSurvey, load: Load = LOAD) -> list[str]:
    """The first directory that each reason names."""
    return [reason.split()[2].rstrip(",") for reason in room_reasons(survey, load)]


@pytest.mark.parametrize(
    ("data", "meta", "names"),
    [
        (room(61), room(61), []),
        (room(60), room(60), ["/disk1"]),
        (room(61), room(51, disk=2), []),
        (room(60), room(51, disk=2), ["/disk1"]),
        (room(61), room(50, disk=2), ["/disk2"]),
        (room(0), room(0, disk=2), ["/disk1", "/disk2"]),
        (room(61, inodes=80), room(61, inodes=80), []),
        (room(61, inodes=79), room(61, inodes=79), ["/disk1"]),
        (room(61, inodes=62), room(61, disk=2, inodes=68), []),
        (room(61, inodes=61), room(61, disk=2, inodes=67), ["/disk1", "/disk2"]),
        (room(61, inodes=None), room(61, inodes=None), []),
        (room(0, inodes=0), room(0, inodes=0), ["/disk1", "/disk1"]),
    ],
    ids=[
        "just-room",
        "no-room",
        "two-disks",
        "no-room-for-mail",
        "no-room-for-meta",
        "no-room-on-either",
        "just-inodes",
        "no-inodes",
        "inodes-of-two-disks",
        "no-inodes-on-either",
        "inodes-not-counted",
        "neither",
    ],
)
def test_a_twentieth_stays_free_on_each_disk(
    data: FreeRoom, meta: FreeRoom, names: list[str]
) -> None:
    """Mail and metadata on one disk are added up; the rest is for everybody's new mail."""
    assert lacking(replace(SURVEY, data_room=data, meta_room=meta)) == names


@pytest.mark.parametrize(("free", "names"), [(267, []), (266, ["/disk1"])])
def test_on_a_large_disk_a_quarter_of_a_gibibyte_is_enough(free: int, names: list[str]) -> None:
    large = replace(room(free), total_bytes=1 << 42, total_inodes=1 << 30, inodes=1030)

    assert lacking(replace(SURVEY, data_room=large, meta_room=large)) == names


@pytest.mark.parametrize(
    ("data", "archive", "names"),
    [
        (room(56), room(56, disk=3), []),
        (room(55), room(56, disk=3), ["/disk1"]),
        (room(56), room(55, disk=3), ["/disk3"]),
        (room(56, inodes=76), room(56, disk=3, inodes=56), []),
        (room(56, inodes=75), room(56, disk=3, inodes=55), ["/disk1", "/disk3"]),
        (room(61), room(61), []),
        (room(60), room(60), ["/disk1"]),
        (room(61), None, []),
        (room(60), None, ["/disk1"]),
    ],
    ids=[
        "just-room",
        "no-room-for-the-rest",
        "no-room-in-the-archive",
        "just-inodes",
        "no-inodes-on-either",
        "all-on-one-disk",
        "all-on-one-disk-and-no-room",
        "no-archive",
        "no-archive-and-no-room",
    ],
)
def test_what_was_archived_needs_its_room_where_the_archive_is(
    data: FreeRoom, archive: FreeRoom | None, names: list[str]
) -> None:
    """Of ten MiB half goes to the archive, if there is one; metadata is with the data."""
    there = archive is not None
    load = replace(LOAD, archived=4 if there else 0, archived_bytes=5 * MIB if there else 0)
    survey = replace(SURVEY, data_room=data, meta_room=data, archive_room=archive)

    assert lacking(survey, load) == names


def test_where_nothing_is_left_to_add_a_full_disk_is_no_reason() -> None:
    """A run that has only to prove what it restored can come to its end."""
    full = room(0, inodes=0)
    survey = replace(SURVEY, data_room=full, meta_room=full, databases_room=full)

    assert lacking(survey, Load(messages=0, size_bytes=0, mailboxes=0)) == []


def test_a_full_archive_does_not_matter_where_nothing_goes_there() -> None:
    assert lacking(replace(SURVEY, archive_room=room(0, disk=3, inodes=0))) == []


def test_every_small_message_takes_a_whole_block() -> None:
    """A thousand messages of one octet take 4 MiB, not 2."""
    load = Load(messages=1000, size_bytes=1000, mailboxes=0)
    data = replace(room(53), inodes=None)

    (reason,) = room_reasons(replace(SURVEY, data_room=data), load)

    assert reason == (
        "no space: /disk1 has 53 MiB free, 4 MiB are needed and 50 MiB stay free for new mail"
    )


@pytest.mark.parametrize(
    ("changes", "load", "names"),
    [
        ({"search_room": room(55, disk=2)}, LOAD, []),
        ({"search_room": room(54, disk=2)}, LOAD, ["/disk2"]),
        ({"databases_room": room(51, disk=2)}, LOAD, []),
        ({"databases_room": room(50, disk=2)}, LOAD, ["/disk2"]),
        (
            {"databases_room": room(59, disk=2), "has_conversations": True},
            replace(LOAD, messages=10_000),
            ["/disk2"],
        ),
        ({"state_room": room(2, disk=2)}, LOAD, []),
        ({"state_room": room(1, disk=2)}, LOAD, ["/disk2"]),
        ({"state_room": room(2, disk=2, inodes=15)}, LOAD, ["/disk2"]),
    ],
    ids=[
        "room-to-search",
        "no-room-to-search",
        "room-for-databases",
        "no-room-for-databases",
        "no-room-for-conversations",
        "room-for-the-journal",
        "no-room-for-the-journal",
        "no-inode-for-the-journal",
    ],
)
def test_search_index_databases_and_journal_need_room_too(
    changes: dict[str, object], load: Load, names: list[str]
) -> None:
    """On a file system of the journal's own nothing is kept for mail."""
    assert lacking(replace(SURVEY, **changes), load) == names  # type: ignore[arg-type]


def test_all_that_lies_on_one_disk_is_named_once_and_added_up() -> None:
    data, meta = room(64), replace(room(64), directory="/meta")
    search = replace(room(64), directory="/search")

    (reason,) = room_reasons(
        replace(SURVEY, data_room=data, meta_room=meta, search_room=search),
        replace(LOAD, size_bytes=12 * MIB),
    )

    assert reason.startswith("no space: /disk1, /meta, /search have 64 MiB free, 19 MiB are")


def test_where_copies_can_share_octets_all_room_is_asked_for_nevertheless() -> None:
    data = replace(room(60), kind="btrfs")

    (reason,) = room_reasons(replace(SURVEY, data_room=data, meta_room=data), LOAD)

    assert reason.endswith("(asked for in full, though copies on btrfs may take less)")


def test_a_place_that_cannot_be_written_is_told_once_with_all_other_reasons() -> None:
    locked = replace(room(0), obstacle="/disk1 is on a file system that is mounted read-only")

    assert [
        reason.partition(":")[0]
        for reason in room_reasons(replace(SURVEY, data_room=locked, meta_room=locked), LOAD)
    ] == ["nothing can be written", "no space"]
