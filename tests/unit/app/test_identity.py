from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from respool.app.identity import _newer, _of_generation
from respool.app.selection import Selection
from respool.backups.discovery import Backup
from respool.model.accounts import Account, AccountKind
from respool.model.generations import BackupRoot, Generation, GenerationState
from tests.support.inventories import spool_generation
from tests.support.small_spools import write_mailbox, write_spool

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
CONTACT = Account(kind=AccountKind.MAILSHARE, login="contact", domain="b.loc")
BEGUN = datetime(2024, 1, 1, tzinfo=UTC)
MAILBOX = Path("var/spool/cyrus")
ADMINS = frozenset({"admin0"})


def generation(place: Path, number: int) -> Generation:
    """A dated generation whose INBOX of jdoe has its number as id."""
    write_spool(place, ["user/jdoe@b.loc"])
    below = "b_loc/domain/b/b.loc/j/user/jdoe"
    header = f"\t{number}\n\n4F2A@b.loc\tlrswipkxtea\tadmin0\tlrswipkxtea\t\n"
    base = place / MAILBOX
    write_mailbox(base / "meta" / below, base / "data" / below, header=header)
    return dated(place, number)


def dated(place: Path, number: int) -> Generation:
    return replace(
        spool_generation(place),
        generation_id=number,
        label=str(number),
        state=GenerationState.COMPLETE,
        taken_at=BEGUN + timedelta(days=number),
    )


def newer(generations: list[Generation], chosen: Generation) -> list[tuple[str, str | None]]:
    root = BackupRoot(kind="plain", place=PurePosixPath("/"), description="")
    backup = Backup(root=root, generations=tuple(reversed(generations)))
    selection = Selection(generation=chosen, account=JDOE, mailboxes=())
    return [(each.where, each.inbox_id) for each in _newer(backup, selection, ADMINS, [None])]


def test_newer_generations_come_oldest_first(tmp_path: Path) -> None:
    generations = [generation(tmp_path / str(number), number) for number in (85, 86, 87, 88)]

    assert newer(generations, generations[1]) == [
        ("generation 87", "87"),
        ("generation 88", "88"),
    ]
    assert newer(generations, generations[-1]) == []


def test_of_many_generations_some_are_read_the_newest_always(tmp_path: Path) -> None:
    generations = [generation(tmp_path / str(number), number) for number in range(50)]

    found = [where for where, _ in newer(generations, generations[0])]

    assert 20 < len(found) <= 40
    assert found[-1] == "generation 49"


def test_a_newer_generation_that_lacks_the_account_or_cannot_be_read_is_passed_over(
    tmp_path: Path,
) -> None:
    write_spool(tmp_path / "2", ["user/asmith@b.loc"])
    generations = [
        generation(tmp_path / "1", 1),
        dated(tmp_path / "2", 2),
        dated(tmp_path / "gone", 3),
        generation(tmp_path / "4", 4),
    ]

    assert newer(generations, generations[0]) == [("generation 4", "4")]


def test_a_chosen_generation_that_is_not_of_the_backup_has_no_newer_ones(tmp_path: Path) -> None:
    one = generation(tmp_path / "1", 1)

    assert newer([one], dated(tmp_path / "1", 7)) == []


def test_the_owner_is_read_of_a_user_and_not_of_a_mailshare(tmp_path: Path) -> None:
    one = generation(tmp_path, 1)
    write_spool(tmp_path, ["contact@b.loc"])

    user = _of_generation(one, JDOE, ADMINS, [None])
    share = _of_generation(one, CONTACT, ADMINS, [None])

    assert user is not None
    assert user.owners == frozenset({"4F2A@b.loc"})
    assert share is not None
    assert (share.owners, share.inbox_id) == (None, "id")


@pytest.mark.parametrize(
    ("label", "number", "state", "where"),
    [
        ("87", 87, GenerationState.COMPLETE, "generation 87"),
        ("part:1234", None, GenerationState.AT_RISK, "part:1234"),
        ("undated", None, GenerationState.UNDATED, "backup"),
    ],
)
def test_people_are_told_which_generation_it_is(
    tmp_path: Path, label: str, number: int | None, state: GenerationState, where: str
) -> None:
    write_spool(tmp_path, ["user/jdoe@b.loc"])
    one = replace(spool_generation(tmp_path), label=label, generation_id=number, state=state)

    found = _of_generation(one, JDOE, ADMINS, [None])

    assert found is not None
    assert found.where == where
