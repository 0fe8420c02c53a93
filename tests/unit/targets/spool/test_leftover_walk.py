from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from respool.cyrus.imapd_conf import ServerConfiguration
from respool.model.accounts import Account, AccountKind
from respool.targets.spool.leftover_walk import (
    LiveSpool,
    account_starts,
    accounts_on_disk,
    as_loose,
    branch_at,
    loose_in,
    messages_in,
    open_spool,
)

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
CONTACT = Account(kind=AccountKind.MAILSHARE, login="contact", domain="b.loc")
DOMAIN = "domain/b/b.loc"
INBOX = f"{DOMAIN}/j/user/jdoe"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Where the files of the partition ``main`` are: ``data`` and ``meta``."""
    for kind in ("data", "meta"):
        (tmp_path / kind).mkdir()
    return tmp_path


def put(files: Path, *paths: str) -> None:
    for path in paths:
        file = files / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def opened(files: Path) -> LiveSpool:
    options = {
        "partition-main": str(files / "data"),
        "metapartition-main": str(files / "meta"),
        "metapartition_files": "header index",
        "hashimapspool": "yes",
        "virtdomains": "userid",
    }
    return open_spool(ServerConfiguration(options=options))


def loose(files: Path, account: Account, *owned: str) -> list[tuple[str, int, bool]]:
    """Each loose directory of an account with its messages, and whether all of it is loose."""
    spool = opened(files)
    spots = {("main", PurePosixPath(path)) for path in owned}
    found = []
    for shelf, start in account_starts(spool, account):
        for branch, is_whole in loose_in(branch_at(spool, shelf.partition, start, spots)):
            value = as_loose(spool, shelf.partition, branch, "x", is_whole=is_whole)
            found.append((str(branch.directory), value.message_count, is_whole))
    return found


def test_a_copied_tree_is_told_once_at_its_top_with_all_its_messages(files: Path) -> None:
    put(files, f"meta/{INBOX}/cyrus.header", f"data/{INBOX}/1.")
    put(files, f"data/{INBOX}/old/1.", f"data/{INBOX}/old/a/1.", f"data/{INBOX}/old/a/2.")

    assert loose(files, JDOE, INBOX) == [(f"{INBOX}/old", 3, True)]


def test_a_header_alone_counts_as_content(files: Path) -> None:
    put(files, f"meta/{INBOX}/cyrus.header", f"meta/{INBOX}/old/cyrus.header")

    assert loose(files, JDOE, INBOX) == [(f"{INBOX}/old", 0, True)]


def test_directories_without_mail_are_nothing(files: Path) -> None:
    put(files, f"meta/{INBOX}/cyrus.header", f"data/{INBOX}/empty/deeper/notes.txt")

    assert loose(files, JDOE, INBOX) == []


def test_a_directory_above_owned_ones_is_nothing_without_mail_of_its_own(files: Path) -> None:
    put(files, f"meta/{INBOX}/Old/cyrus.header", f"meta/{INBOX}/Old/deep/cyrus.header")

    assert loose(files, JDOE, INBOX, f"{INBOX}/Old/deep") == [(f"{INBOX}/Old", 0, False)]
    (files / f"meta/{INBOX}/Old/cyrus.header").unlink()
    assert loose(files, JDOE, INBOX, f"{INBOX}/Old/deep") == []


def test_where_the_account_lives_elsewhere_only_what_was_copied_is_told(files: Path) -> None:
    """In the uuid layout the account's directory is made for the copies alone."""
    put(files, f"data/{INBOX}/a/1.", f"data/{INBOX}/b/c/1.")

    assert [path for path, _, _ in loose(files, JDOE)] == [f"{INBOX}/a", f"{INBOX}/b"]


def test_folders_of_a_share_are_found_under_every_letter(files: Path) -> None:
    put(files, f"meta/{DOMAIN}/c/contact/cyrus.header")
    put(files, f"data/{DOMAIN}/r/contact/restored/1.", f"data/{DOMAIN}/u/DELETED/x/1.")

    found = loose(files, CONTACT, f"{DOMAIN}/c/contact")

    assert found == [(f"{DOMAIN}/r/contact/restored", 1, True)]


def test_places_are_those_that_are_there(files: Path) -> None:
    put(files, f"data/{INBOX}/a/1.")
    spool = opened(files)
    [(shelf, start)] = account_starts(spool, JDOE)
    [(branch, _)] = loose_in(branch_at(spool, shelf.partition, start, frozenset()))

    value = as_loose(spool, shelf.partition, branch, "x", is_whole=True)

    assert value.places == (PurePosixPath(files.resolve() / f"data/{INBOX}/a"),)


def test_links_are_not_followed(files: Path) -> None:
    put(files, f"meta/{INBOX}/cyrus.header", "elsewhere/1.")
    (files / f"meta/{INBOX}/link").symlink_to(files / "elsewhere")

    assert loose(files, JDOE, INBOX) == []


def test_accounts_are_known_by_their_directories(files: Path) -> None:
    put(files, f"meta/{INBOX}/cyrus.header", f"data/{DOMAIN}/r/contact/restored/1.")
    put(files, f"data/{DOMAIN}/u/DELETED/user/old^name/1.")

    found = {account.address for account in accounts_on_disk(opened(files))}

    assert found == {"jdoe@b.loc", "contact@b.loc", "old.name@b.loc"}


def test_a_spool_without_hash_letters_has_accounts_and_nothing_else(files: Path) -> None:
    put(files, "data/user/jdoe/1.", "data/contact/1.", "data/stage./1.", "data/uuid/a/b/ab/1.")

    found = {account.address for account in accounts_on_disk(opened(files))}

    assert found == {"jdoe", "contact"}


def test_a_partition_that_is_a_link_is_followed_but_no_link_below_it(files: Path) -> None:
    put(files, f"data/{INBOX}/a/1.")
    (files / "data").rename(files / "elsewhere")
    (files / "data").symlink_to(files / "elsewhere")

    assert loose(files, JDOE) == [(f"{INBOX}/a", 1, True)]


def test_what_was_counted_is_not_listed_again_for_what_lies_below(files: Path) -> None:
    put(files, f"data/{INBOX}/1.", f"data/{INBOX}/a/1.")
    spool = opened(files)
    inbox = ("main", PurePosixPath(INBOX))

    counted = messages_in(spool, inbox)
    put(files, f"data/{INBOX}/2.")

    branch = branch_at(spool, spool.partitions["main"], inbox[1], frozenset({inbox}))
    assert (counted, branch.message_count, branch.all_messages) == (1, 1, 2)


def test_whatever_is_called_like_a_message_counts_but_for_a_directory(files: Path) -> None:
    put(files, f"data/{INBOX}/1.", f"data/{INBOX}/99999999999.", f"data/{INBOX}/5./x")
    put(files, f"data/{INBOX}/1.x", f"data/{INBOX}/cyrus.index")
    (files / f"data/{INBOX}/7.").symlink_to("1.")

    assert messages_in(opened(files), ("main", PurePosixPath(INBOX))) == 3
