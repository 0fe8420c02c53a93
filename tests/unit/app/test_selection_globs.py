from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from respool.app.selection import matching
from respool.backups.source import SourceMailbox
from respool.model.accounts import folder_path
from respool.model.folder_patterns import is_earlier_restore
from respool.model.inventory import MailboxPlace
from respool.model.messages import PartitionName
from tests.support.small_spools import mailbox_name

EARLIER = "restored-2017-10-03"
SECOND = "restored-2017-10-03-2/Sent"
OWN = ("restored", "restored-goods", "restored-2017-10-03a", "old/restored-2017-10-03")
FOLDERS = ("Sent", *OWN, EARLIER, f"{EARLIER}/Sent", SECOND, "restored-20171003/Sent")
ALL_EARLIER = [each for each in FOLDERS if each.startswith("restored-2017") and each not in OWN]


def meant(folder: str) -> list[str]:
    place = MailboxPlace(partition=PartitionName("b_loc"))
    sources = [
        SourceMailbox(
            name=mailbox_name(f"{name}@b.loc"), spool=PurePosixPath("/backup"), place=place
        )
        for name in (*(f"user/jdoe/{each}" for each in FOLDERS), "DELETED/user/jdoe/Sent/673A6780")
    ]
    return [folder_path(each.name) for each in matching(sources, folder)]


@pytest.mark.parametrize("path", ALL_EARLIER)
def test_what_a_restore_made_under_a_name_of_its_own_choice_is_known(path: str) -> None:
    assert is_earlier_restore(path)


@pytest.mark.parametrize("path", ["Sent", *OWN])
def test_what_a_user_called_so_is_his_folder(path: str) -> None:
    assert not is_earlier_restore(path)


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        ("**", ["Sent", *OWN]),
        ("*", ["Sent", "restored", "restored-goods", "restored-2017-10-03a"]),
        ("**Sent", ["Sent"]),
        ("*/Sent", []),
        ("re**", ["restored", "restored-goods", "restored-2017-10-03a"]),
    ],
)
def test_globs_leave_earlier_restores_and_deleted_folders_out(
    folder: str, found: list[str]
) -> None:
    assert meant(folder) == found


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        (EARLIER, [EARLIER, f"{EARLIER}/Sent"]),
        (f"={EARLIER}", [EARLIER]),
        ("restored-2017*/Sent", [f"{EARLIER}/Sent", SECOND, "restored-20171003/Sent"]),
        (f"{EARLIER}*", ["restored-2017-10-03a", EARLIER]),
        ("DELETED/**", ["DELETED/Sent/673A6780"]),
    ],
)
def test_they_are_meant_where_they_are_named(folder: str, found: list[str]) -> None:
    assert meant(folder) == found
