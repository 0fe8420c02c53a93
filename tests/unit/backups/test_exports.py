"""Exports as backups: every form is read like a spool, with its flags, keywords and dates."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from respool.backups.contents import list_accounts, mailboxes_of, read_mailbox
from respool.backups.counted import read_for_counts
from respool.backups.discovery import open_backup
from respool.backups.export_maildir import MaildirSource
from respool.backups.export_source import ExportFacts
from respool.backups.source import SourceMailbox, open_message
from respool.errors import BackupError, BackupFileMissing, BackupNotFound, BackupUnreadable
from respool.exports.manifest_head import ExportForm
from respool.model.accounts import folder_path
from respool.model.generations import Generation, GenerationState
from respool.model.inventory import IN_DATA
from respool.system.read_only import ReadOnlyTree
from tests.support.small_exports import (
    JDOE,
    MESSAGES,
    TAKEN_AT,
    Written,
    manifest_of,
    write_export,
)


@pytest.fixture(params=tuple(ExportForm))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_export(request.param, tmp_path)


def generation_at(place: Path) -> Generation:
    (generation,) = open_backup(place).generations
    return generation


def folders_at(place: Path) -> dict[str, SourceMailbox]:
    return {folder_path(each.name): each for each in mailboxes_of(generation_at(place), JDOE)}


def read_back(place: Path) -> list[Written]:
    """All messages of an export, in the order of folders and UIDs."""
    found = []
    for folder, source in folders_at(place).items():
        mailbox = read_mailbox(source)
        rows = mailbox.records[mailbox.restorable()]
        for row, message in zip(rows, mailbox.messages(mailbox.restorable()), strict=True):
            with open_message(source, message.uid, int(row["place"])) as file:
                octets = file.read()
            assert message.guid in {None, hashlib.sha1(octets).hexdigest()}
            found.append(
                Written(
                    folder=folder,
                    uid=message.uid,
                    octets=octets,
                    flags=message.flags,
                    internaldate=int(message.internaldate.timestamp()),
                )
            )
    return found


def flagged(messages: list[Written]) -> list[tuple[str, int, bytes, frozenset[str], int]]:
    return [
        (each.folder, each.uid, each.octets, frozenset(each.flags), each.internaldate)
        for each in messages
    ]


def test_an_export_is_a_generation_that_says_when_it_was_taken(place: Path) -> None:
    generation = generation_at(place)

    assert generation.label == "2024-11-19"
    assert generation.taken_at == TAKEN_AT
    assert generation.state is GenerationState.COMPLETE
    assert [each.account for each in list_accounts(generation)] == [JDOE]


def test_every_message_comes_back_with_flags_keywords_and_date(place: Path) -> None:
    assert flagged(read_back(place)) == flagged(list(MESSAGES))


def test_a_folder_without_messages_comes_back(place: Path) -> None:
    assert "Empty" in folders_at(place)


def test_it_has_no_finding(place: Path) -> None:
    for source in folders_at(place).values():
        assert read_mailbox(source).findings == ()


def test_its_counts_are_those_of_its_mailboxes(place: Path) -> None:
    counted = read_for_counts(folders_at(place)["INBOX"], most=1)

    assert int(counted.visible().sum()) == 2


@pytest.mark.parametrize("form", [ExportForm.MAILDIR, ExportForm.EML])
def test_a_message_that_is_gone_is_told(form: ExportForm, tmp_path: Path) -> None:
    place = write_export(form, tmp_path)
    gone = "cur/*.Q0000000003.*" if form is ExportForm.MAILDIR else "INBOX/3.eml"
    next(place.glob(gone)).unlink()

    mailbox = read_mailbox(folders_at(place)["INBOX"])

    assert [each.code for each in mailbox.findings] == ["message-file-missing"]


def test_a_maildir_that_a_mail_program_used_is_read_under_its_new_names(tmp_path: Path) -> None:
    place = write_export(ExportForm.MAILDIR, tmp_path)
    file = next(place.glob("cur/*.Q0000000007.*"))
    file.rename(file.with_name(file.name + "FS"))

    assert flagged(read_back(place)) == flagged(list(MESSAGES))


def test_a_maildir_without_its_manifest_has_flags_keywords_dates_and_uids(tmp_path: Path) -> None:
    place = write_export(ExportForm.MAILDIR, tmp_path).rename(tmp_path / "jdoe@b.loc")
    (place / "manifest.json").unlink()

    assert flagged(read_back(place)) == flagged(list(MESSAGES))
    assert generation_at(place).state is GenerationState.UNDATED


def test_a_maildir_of_somebody_else_is_numbered_by_its_names(tmp_path: Path) -> None:
    place = tmp_path / "jdoe@b.loc"
    for inner in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
        (place / inner).mkdir(parents=True)
    (place / "cur" / "1500000001.M2P1.host:2,FS").write_bytes(b"two")
    (place / "cur" / "1500000000.M9P1.host:2,").write_bytes(b"one")
    (place / "new" / "1500000009.M1P1.host").write_bytes(b"three")
    (place / "cur" / "link:2,S").symlink_to("/etc/passwd")

    found = read_back(place)

    assert [(each.uid, each.octets) for each in found] == [(1, b"one"), (2, b"two"), (3, b"three")]
    assert [set(each.flags) for each in found] == [set(), {"\\Flagged", "\\Seen"}, set()]
    assert set(folders_at(place)) == {"INBOX", "Sent"}


def test_a_manifest_that_was_altered_is_told(tmp_path: Path) -> None:
    place = write_export(ExportForm.MAILDIR, tmp_path)
    manifest = place / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"$Forwarded", b"$forwarded"))

    generation = generation_at(place)

    assert generation.state is GenerationState.PARTIAL
    assert [each.code for each in generation.findings] == ["manifest-damaged"]
    assert len(read_back(place)) == len(MESSAGES)


@pytest.mark.parametrize("file", ["../secret", "/etc/passwd", "cur/link"])
def test_a_manifest_never_leads_out_of_the_export(file: str, tmp_path: Path) -> None:
    place = tmp_path / "mail"
    (place / "cur").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"secret")
    (place / "cur" / "link").symlink_to(tmp_path / "secret")
    entry = Written(folder="INBOX", uid=1, octets=b"secret").entry(file)
    (place / "manifest.json").write_bytes(manifest_of(ExportForm.EML, MESSAGES, [entry]))

    source = folders_at(place)["INBOX"]

    with pytest.raises(BackupError):
        open_message(source, 1, IN_DATA)


def test_folders_that_were_joined_are_numbered_anew(tmp_path: Path) -> None:
    place = tmp_path / "mail"
    place.mkdir()
    twice = [
        Written(folder="INBOX", uid=uid, octets=bytes([65 + at]))
        for at, uid in enumerate((4, 9, 4))
    ]
    entries = []
    for number, each in enumerate(twice):
        (place / f"{number}.eml").write_bytes(each.octets)
        entries.append(each.entry(f"{number}.eml"))
    (place / "manifest.json").write_bytes(manifest_of(ExportForm.EML, twice, entries))

    assert [(each.uid, each.octets) for each in read_back(place)] == [
        (1, b"A"),
        (2, b"B"),
        (3, b"C"),
    ]


def test_an_mbox_that_was_written_to_gives_no_wrong_message(tmp_path: Path) -> None:
    place = write_export(ExportForm.MBOX, tmp_path)
    mbox = place / "INBOX.mbox"
    mbox.write_bytes(mbox.read_bytes()[10:])

    with pytest.raises(BackupFileMissing):
        open_message(folders_at(place)["INBOX"], 7, IN_DATA)


def test_an_mbox_that_was_cut_says_what_is_missing(tmp_path: Path) -> None:
    place = write_export(ExportForm.MBOX, tmp_path)
    mbox = place / "INBOX.mbox"
    mbox.write_bytes(mbox.read_bytes()[:-20])

    mailbox = read_mailbox(folders_at(place)["INBOX"])

    assert [each.code for each in mailbox.findings] == ["message-file-size-differs"]


def test_what_is_no_export_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_bytes(b"PK nothing")
    with zipfile.ZipFile(tmp_path / "other.zip", "x") as archive:
        archive.writestr("notes.txt", "nothing")

    for name in ("notes.zip", "other.zip"):
        with pytest.raises(BackupNotFound):
            open_backup(tmp_path / name)


def test_a_member_that_unpacks_to_more_than_it_says_is_refused(tmp_path: Path) -> None:
    place = write_export(ExportForm.ZIP, tmp_path)
    octets = place.read_bytes()
    at = octets.index(b"INBOX/3.eml", octets.index(b"PK\1\2")) - 46
    place.write_bytes(octets[: at + 24] + (3).to_bytes(4, "little") + octets[at + 28 :])

    with pytest.raises(BackupUnreadable):
        open_message(folders_at(place)["INBOX"], 3, IN_DATA)


def test_mbox_files_without_a_manifest_are_read_by_what_stands_in_them(tmp_path: Path) -> None:
    place = write_export(ExportForm.MBOX, tmp_path).rename(tmp_path / "jdoe@b.loc")
    (place / "manifest.json").unlink()

    found = read_back(place)

    assert [(each.folder, each.internaldate) for each in found] == [
        (each.folder, each.internaldate) for each in MESSAGES
    ]
    assert [each.octets.removesuffix(b"\n") for each in found] == [
        each.octets.removesuffix(b"\n") for each in MESSAGES
    ]
    assert [each.uid for each in found] == [1, 2, 1]


def test_an_mbox_file_by_itself_is_an_inbox(tmp_path: Path) -> None:
    place = tmp_path / "jdoe@b.loc.mbox"
    place.write_bytes(
        b"From a@b Tue Oct  3 08:00:00 2017\r\n"
        b"Status: RO\r\nX-Keywords: $Junk\r\n\r\n>From\r\n\r\n"
        b"From c@d Tue Oct  3 08:00:01 2017\nSubject: Two\n\n>From here\n"
    )

    first, second = read_back(place)

    assert first.octets == b"Status: RO\r\nX-Keywords: $Junk\r\n\r\n>From\r\n"
    assert set(first.flags) == {"\\Seen", "$Junk"}
    assert second.octets == b"Subject: Two\n\nFrom here\n"
    assert second.internaldate == 1_507_017_601


def test_mbox_files_among_other_things_are_not_taken_for_a_backup(tmp_path: Path) -> None:
    place = write_export(ExportForm.MBOX, tmp_path)
    (place / "manifest.json").unlink()
    (place / "2024-11-19").mkdir()
    (place / "2024-11-19" / "notes").write_bytes(b"")

    with pytest.raises(BackupNotFound):
        open_backup(place)


def test_maildirs_side_by_side_are_no_generations(tmp_path: Path) -> None:
    for login in ("alice", "bob"):
        for inner in ("cur", "new", "tmp"):
            (tmp_path / login / inner).mkdir(parents=True)

    with pytest.raises(BackupNotFound):
        open_backup(tmp_path)


def test_mail_that_comes_to_a_maildir_meanwhile_changes_no_other_message(tmp_path: Path) -> None:
    place = tmp_path / "jdoe@b.loc"
    for inner in ("cur", "new", "tmp"):
        (place / inner).mkdir(parents=True)
    for seconds, octets in ((1_500_000_001, b"one"), (1_500_000_002, b"two")):
        (place / "cur" / f"{seconds}.M1.host:2,").write_bytes(octets)
    tree = ReadOnlyTree(place)
    source = MaildirSource(tree, facts_of(place))
    row = source.table("INBOX").rows[1]
    (place / "cur" / "1500000000.M1.host:2,").write_bytes(b"zero")
    later = MaildirSource(tree, facts_of(place))

    where = later.where("INBOX", int(row["at"]), int(row["length"]))

    assert (place / where.file).read_bytes() == b"two"


def facts_of(place: Path) -> ExportFacts:
    return ExportFacts(
        form=ExportForm.MAILDIR, account=JDOE, label=place.name, taken_at=None, is_about=True
    )
