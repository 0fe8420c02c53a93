from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from respool.backups.contents import accounts_in, findings_of, mailboxes_of, root_mailbox
from respool.backups.discovery import Backup, open_backup, open_staged
from respool.backups.source import SourceMailbox, open_message, read_mailbox
from respool.backups.staged import staged_kind
from respool.errors import BackupNotFound, UsageError
from respool.model.accounts import Account, AccountKind, folder_path
from respool.model.generations import GenerationState, StagedDirectories
from respool.model.inventory import IN_ARCHIVE, IN_DATA, StoredMailbox
from tests.support.small_spools import OCTETS, write_mailbox

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
CONTACT = Account(kind=AccountKind.MAILSHARE, login="contact", domain="b.loc")
USER_ACL = "\tid\n\njdoe@b.loc\tlrswipkxtecda\t\n"
SHARE_ACL = "\tid\n\njdoe@b.loc\tlrs\tanyone\tp\t\n"


def staged(
    data: list[Path], meta: list[Path] | None = None, archive: list[Path] | None = None
) -> Backup:
    """The backup that these directories are."""
    directories = StagedDirectories(
        data=tuple(map(PurePosixPath, data)),
        meta=tuple(map(PurePosixPath, meta or [])),
        archive=tuple(map(PurePosixPath, archive or [])),
    )
    return open_staged(directories)


def found(backup: Backup, account: Account = JDOE) -> dict[str, SourceMailbox]:
    """Mailboxes by path, as they come."""
    return {folder_path(each.name): each for each in mailboxes_of(backup.generations[0], account)}


def read(backup: Backup, account: Account = JDOE) -> Mapping[str, StoredMailbox]:
    return {path: read_mailbox(each) for path, each in found(backup, account).items()}


def write_messages(directory: Path, *uids: int) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for uid in uids:
        (directory / f"{uid}.").write_bytes(OCTETS)


@pytest.fixture
def jdoe(tmp_path: Path) -> tuple[Path, Path]:
    """Data and metadata as the guide stages them, with a folder and one below it."""
    data, meta = tmp_path / "jdoe", tmp_path / "jdoe-meta"
    for folder in ("", "Sent", "Projects/2017", "v1^2 notes"):
        write_mailbox(meta / folder, data / folder, uids=(1, 3))
    return data, meta


def test_data_and_metadata_are_joined_folder_by_folder(jdoe: tuple[Path, Path]) -> None:
    """A directory that only holds others is no mailbox; the dot is a dot again."""
    mailboxes = read(staged([jdoe[0]], [jdoe[1]]))

    assert list(mailboxes) == ["INBOX", "Projects/2017", "Sent", "v1.2 notes"]
    assert [each.name.display for each in mailboxes.values()][1] == "user/jdoe/Projects/2017@b.loc"
    for each in mailboxes.values():
        assert each.findings == ()
        assert each.records["uid"].tolist() == [1, 3]
        assert each.restorable().all()


def test_data_alone_gives_the_same_folders_and_their_files(jdoe: tuple[Path, Path]) -> None:
    mailboxes = read(staged([jdoe[0]]))

    assert list(mailboxes) == ["INBOX", "Projects/2017", "Sent", "v1.2 notes"]
    for each in mailboxes.values():
        assert not each.has_index
        assert each.orphans["uid"].tolist() == [1, 3]


def test_metadata_may_be_missing_for_some_folders(jdoe: tuple[Path, Path]) -> None:
    for file in (jdoe[1] / "Sent").iterdir():
        file.unlink()

    mailboxes = read(staged([jdoe[0]], [jdoe[1]]))

    assert [path for path, each in mailboxes.items() if not each.has_index] == ["Sent"]


def test_a_folder_without_messages_has_metadata_alone(jdoe: tuple[Path, Path]) -> None:
    write_mailbox(jdoe[1] / "Empty", jdoe[0] / "Empty", uids=())
    (jdoe[0] / "Empty").rmdir()

    empty = read(staged([jdoe[0]], [jdoe[1]]))["Empty"]

    assert empty.has_index
    assert empty.place.data is None


def test_metadata_beside_the_messages_are_used(tmp_path: Path) -> None:
    """As before a server split them off."""
    write_mailbox(tmp_path / "jdoe", tmp_path / "jdoe")
    write_mailbox(tmp_path / "jdoe" / "Sent", tmp_path / "jdoe" / "Sent")

    mailboxes = read(staged([tmp_path / "jdoe"]))

    assert {path: each.has_index for path, each in mailboxes.items()} == {
        "INBOX": True,
        "Sent": True,
    }


def test_metadata_that_were_named_go_before_those_beside_the_messages(
    jdoe: tuple[Path, Path],
) -> None:
    (jdoe[0] / "cyrus.index").write_bytes(b"an old one")

    assert read(staged([jdoe[0]], [jdoe[1]]))["INBOX"].has_index


def test_a_mailshare_is_put_together_from_all_letters(tmp_path: Path) -> None:
    folders = (("c", ""), ("c", "Clients"), ("r", "restored/2017"), ("q", "&AMk-t&AOk-"))
    for letter, folder in folders:
        data = tmp_path / "data" / letter / "contact" / folder
        write_mailbox(tmp_path / "meta" / letter / "contact" / folder, data)
    letters = ("r", "c", "q")

    backup = staged(
        [tmp_path / "data" / each / "contact" for each in letters],
        [tmp_path / "meta" / each / "contact" for each in letters],
    )
    mailboxes = read(backup, CONTACT)

    assert list(mailboxes) == ["INBOX", "Été", "Clients", "restored/2017"]
    assert str(mailboxes["INBOX"].place.data) == "data/c/contact"
    assert str(mailboxes["INBOX"].place.meta) == "meta/c/contact"
    assert all(each.findings == () and each.restorable().all() for each in mailboxes.values())


def test_a_mailshare_s_folder_under_a_letter_that_cannot_be_right_gets_a_finding(
    tmp_path: Path,
) -> None:
    write_messages(tmp_path / "c" / "contact", 1)
    write_messages(tmp_path / "c" / "contact" / "jobs" / "2017", 1)
    write_messages(tmp_path / "j" / "contact" / "jobs", 1)

    mailboxes = found(staged([tmp_path / "c/contact", tmp_path / "j/contact"]), CONTACT)

    assert {path: [each.code for each in one.findings] for path, one in mailboxes.items()} == {
        "INBOX": [],
        "jobs": [],
        "jobs/2017": ["letter-differs"],
    }


def test_a_folder_with_messages_in_two_directories_comes_twice(tmp_path: Path) -> None:
    write_mailbox(tmp_path / "meta", tmp_path / "one")
    write_messages(tmp_path / "two", 5)

    mailboxes = mailboxes_of(
        staged([tmp_path / "one", tmp_path / "two"], [tmp_path / "meta"]).generations[0], JDOE
    )

    assert [each.name.parts[-1] for each in mailboxes] == ["jdoe", "jdoe~2"]
    assert [str(each.place.data) for each in mailboxes] == ["one", "two"]
    assert [each.place.meta for each in mailboxes] == [PurePosixPath("meta"), None]
    assert [each.code for one in mailboxes for each in one.findings] == ["mailbox-found-twice"]


def test_archived_messages_are_joined(jdoe: tuple[Path, Path], tmp_path: Path) -> None:
    archive = tmp_path / "jdoe-archive"
    (archive / "Sent").mkdir(parents=True)
    (jdoe[0] / "Sent" / "3.").rename(archive / "Sent" / "3.")

    sent = read(staged([jdoe[0]], [jdoe[1]], [archive]))["Sent"]

    assert sent.records["place"].tolist() == [IN_DATA, IN_ARCHIVE]
    assert sent.restorable().all()


def test_messages_can_be_read(jdoe: tuple[Path, Path]) -> None:
    source = found(staged([jdoe[0]]))["INBOX"]

    with open_message(source, 3, IN_DATA) as file:
        assert file.read() == OCTETS


def test_the_place_is_the_deepest_directory_that_holds_all(jdoe: tuple[Path, Path]) -> None:
    data, meta = jdoe

    both, alone = staged([data], [meta]).root, staged([data, data]).root

    assert str(both.place) == str(data.parent)
    assert both.kind == "staged"
    assert both.description == f"directories of one account: data {data}, meta {meta}"
    assert str(alone.place) == str(data)
    assert alone.description == f"directories of one account: data {data}"


def test_many_directories_are_counted(tmp_path: Path) -> None:
    for letter in "acr":
        write_messages(tmp_path / letter / "contact", 1)

    description = staged([tmp_path / each / "contact" for each in "acr"]).root.description

    assert description.endswith(f"data {tmp_path}/a/contact and 2 more")


def test_a_link_that_was_named_is_followed_and_no_link_below_it(
    jdoe: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "named").symlink_to(jdoe[0])
    (jdoe[0] / "Elsewhere").symlink_to(jdoe[0] / "Sent")

    assert set(found(staged([tmp_path / "named"]))) == {
        "INBOX",
        "Projects/2017",
        "Sent",
        "v1.2 notes",
    }


@pytest.mark.parametrize(
    ("data", "header", "kind"),
    [
        (["stage/jdoe"], "", AccountKind.MAILSHARE),
        (["stage/jdoe"], USER_ACL, AccountKind.USER),
        (["stage/jdoe"], SHARE_ACL.replace("jdoe", "asmith"), AccountKind.MAILSHARE),
        (["stage/jdoe"], f"b.loc!user.jdoe{SHARE_ACL}", AccountKind.USER),
        (["stage/jdoe"], f"b.loc!contact{USER_ACL}", AccountKind.MAILSHARE),
        (["stage/jdoe"], None, AccountKind.USER),
        (["j/user/jdoe"], None, AccountKind.USER),
        (["c/jdoe", "r/jdoe"], USER_ACL, AccountKind.MAILSHARE),
        (["c/jdoe", "r/other"], None, AccountKind.USER),
        (["one/jdoe", "two/jdoe"], None, AccountKind.USER),
        (["c/jdoe"], None, AccountKind.USER),
    ],
)
def test_user_or_mailshare_is_told_by_what_was_staged(
    tmp_path: Path, data: list[str], header: str | None, kind: AccountKind
) -> None:
    """By letters, by the name above, by a header's quota root or ACL; else it is a user."""
    for each in data:
        write_messages(tmp_path / each, 1)
    if header is not None:
        write_mailbox(tmp_path / data[0], tmp_path / data[0], header=header)
    part = staged([tmp_path / each for each in data]).generations[0].parts[0]

    assert staged_kind(part, "jdoe", "b.loc") is kind


def test_a_header_that_cannot_be_read_tells_nothing(tmp_path: Path) -> None:
    """The guide makes empty ones."""
    sub = tmp_path / "contact" / "Sub"
    write_mailbox(sub, sub, header=f"b.loc!contact{USER_ACL}")
    (tmp_path / "contact" / "cyrus.header").touch()
    part = staged([tmp_path / "contact"]).generations[0].parts[0]

    assert staged_kind(part, "contact", "b.loc") is AccountKind.MAILSHARE


def test_it_is_one_generation_as_old_as_its_newest_index(jdoe: tuple[Path, Path]) -> None:
    os.utime(jdoe[1] / "Sent" / "cyrus.index", (2_000_000_000, 2_000_000_000))
    os.utime(jdoe[0] / "Sent" / "1.", (2_100_000_000, 2_100_000_000))

    (generation,) = staged([jdoe[0]], [jdoe[1]]).generations

    assert (generation.label, generation.state) == ("undated", GenerationState.UNDATED)
    assert generation.is_about
    assert _seconds(generation.taken_at) == 2_000_000_000


def test_without_an_index_it_is_as_old_as_its_newest_message(jdoe: tuple[Path, Path]) -> None:
    os.utime(jdoe[0] / "Sent" / "1.", (2_100_000_000, 2_100_000_000))

    (generation,) = staged([jdoe[0]]).generations

    assert _seconds(generation.taken_at) == 2_100_000_000


def test_it_holds_the_account_that_is_asked_for(jdoe: tuple[Path, Path]) -> None:
    """The directories themselves do not say whose they are."""
    generation = staged([jdoe[0]], [jdoe[1]]).generations[0]

    root = root_mailbox(generation, CONTACT)

    assert list(accounts_in(generation)) == []
    assert findings_of(generation) == ()
    assert root is not None
    assert root.name.display == "contact@b.loc"


def test_what_is_no_mail_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos" / "1").mkdir(parents=True)

    with pytest.raises(BackupNotFound, match="no mail"):
        staged([tmp_path / "photos"])
    with pytest.raises(BackupNotFound, match="no directory"):
        staged([tmp_path / "photos"], [tmp_path / "nothing"])


def test_directories_inside_each_other_are_refused(jdoe: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match="lies inside"):
        staged([jdoe[0]], [jdoe[0] / "Sent"])


def test_a_place_of_one_account_is_no_spool(jdoe: tuple[Path, Path]) -> None:
    """Only ``--data`` says that it is a backup."""
    with pytest.raises(BackupNotFound):
        open_backup(jdoe[0])


def _seconds(moment: Any) -> int:  # noqa: ANN401 - a time, or None where the test fails
    return int(moment.timestamp())
