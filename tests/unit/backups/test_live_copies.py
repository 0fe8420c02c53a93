"""Which live copy of a message answers which copy of a backup: the nearest first."""

from __future__ import annotations

from respool.backups.live_copies import Asked, LiveCopy, answering

ARCHIVE, PROJECTS = Asked("Archive", 1, "a"), Asked("Projects", 2, "p")


def copy(folder: str, uid: int, folder_id: str | None = None) -> LiveCopy:
    return LiveCopy(folder=folder, uid=uid, is_kept=False, folder_id=folder_id)


def test_the_copy_in_a_renamed_folder_answers_that_of_the_folder_with_its_id() -> None:
    renamed = copy("Work", 2, "p")

    assert answering([ARCHIVE, PROJECTS], [renamed]) == [None, renamed]


def test_a_folder_of_the_same_name_is_nearer_than_one_of_the_same_id() -> None:
    anew, renamed = copy("Projects", 9, "n"), copy("Work", 2, "p")

    assert answering([ARCHIVE, PROJECTS], [renamed, anew]) == [renamed, anew]


def test_in_a_renamed_folder_the_same_uid_comes_first() -> None:
    other, same = copy("Work", 1, "p"), copy("Work", 2, "p")
    twice = [Asked("Projects", 3, "p"), PROJECTS]

    assert answering(twice, [other, same]) == [other, same]


def test_folders_without_a_known_id_are_not_the_same_for_that() -> None:
    elsewhere = copy("Work", 2)

    assert answering([Asked("Archive", 1), Asked("Projects", 2)], [elsewhere]) == [elsewhere, None]
