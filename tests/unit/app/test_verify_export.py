"""An export held against its manifest: what is other, what is missing, what is there besides."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from respool.app.export_report import ExportReport
from respool.app.verify_export import ExportProgress, verify_export
from respool.errors import BackupNotFound, FormatError
from respool.exports.manifest_head import ExportForm
from respool.verification.report import Verdict
from tests.support.small_exports import MESSAGES, write_export


@pytest.fixture(params=tuple(ExportForm))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_export(request.param, tmp_path)


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    return write_export(ExportForm.MAILDIR, tmp_path)


def aspects(report: ExportReport) -> list[tuple[int, str]]:
    return [(each.uid, each.aspect) for each in report.differs]


def message(maildir: Path, uid: int) -> Path:
    return next(maildir.rglob(f"*.Q{uid:010d}.*"))


def test_an_export_that_nobody_touched_is_proven(place: Path) -> None:
    told: list[ExportProgress] = []

    report = verify_export(place, told.append)

    assert (aspects(report), report.added, report.damage) == ([], [], None)
    assert (report.verdict, report.exit_status) == (Verdict.PROVEN, 0)
    assert report.proven == len(MESSAGES)
    assert report.octets == sum(len(each.octets) for each in MESSAGES)
    assert [each.messages for each in told] == [1, 2, 3]


def test_what_a_mail_program_did_in_a_maildir_is_told(maildir: Path) -> None:
    file = message(maildir, 3)
    file.rename(file.with_name(file.name.replace("Sa", "FSa")))

    report = verify_export(maildir)

    assert aspects(report) == [(3, "flags")]
    assert report.differs[0].found == "$Junk \\Flagged \\Seen"
    assert (report.verdict, report.exit_status) == (Verdict.DIFFERS, 30)


@pytest.mark.parametrize(
    ("octets", "aspect"), [(b"Subject: Onf\r\n\r\nBody\r\n", "octets"), (b"", "size")]
)
def test_a_message_that_was_altered_is_told(maildir: Path, octets: bytes, aspect: str) -> None:
    file = message(maildir, 3)
    before = file.stat()
    file.write_bytes(octets)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert aspects(verify_export(maildir)) == [(3, aspect)]


def test_a_date_that_was_lost_in_copying_is_told(maildir: Path) -> None:
    os.utime(message(maildir, 3), (1_600_000_000, 1_600_000_000))

    report = verify_export(maildir)

    assert aspects(report) == [(3, "date")]
    assert report.differs[0].expected == "2017-10-03T08:00:00Z"


def test_a_message_that_is_gone_is_missing(maildir: Path) -> None:
    message(maildir, 7).unlink()

    assert aspects(verify_export(maildir)) == [(7, "missing")]


def test_a_message_that_somebody_added_is_told(maildir: Path) -> None:
    (maildir / "new" / "1600000000.M1P1.host").write_bytes(b"new")

    report = verify_export(maildir)

    assert report.added == ["new/1600000000.M1P1.host"]
    assert report.verdict is Verdict.DIFFERS


def test_mail_that_a_program_added_to_an_mbox_is_told(tmp_path: Path) -> None:
    place = write_export(ExportForm.MBOX, tmp_path)
    with (place / "INBOX.mbox").open("ab") as file:
        file.write(b"From me Tue Oct  3 08:00:00 2017\n\nmore\n\n")

    assert verify_export(place).added == ["INBOX.mbox: octets besides its messages"]


def test_a_member_that_was_added_to_a_zip_is_told(tmp_path: Path) -> None:
    place = write_export(ExportForm.ZIP, tmp_path)
    with zipfile.ZipFile(place, "a") as archive:
        archive.writestr("INBOX/9.eml", b"more")

    assert verify_export(place).added == ["INBOX/9.eml"]


def test_an_export_unpacked_from_its_zip_is_read_as_files(tmp_path: Path) -> None:
    place = write_export(ExportForm.ZIP, tmp_path)
    with zipfile.ZipFile(place) as archive:
        archive.extractall(tmp_path / "unpacked")

    report = verify_export(tmp_path / "unpacked")

    assert set(report.counts) == {"date"}  # Python's zipfile unpacks no dates


def test_a_manifest_that_was_altered_is_told(place: Path) -> None:
    if place.suffix == ".zip":
        octets = place.read_bytes()
        place.write_bytes(octets.replace(octets[100:110], octets[100:110][::-1], 1))
    else:
        manifest = place / "manifest.json"
        manifest.write_bytes(manifest.read_bytes().replace(b'"uid": 7', b'"uid": 8'))

    assert verify_export(place).verdict is Verdict.DIFFERS


def test_where_no_export_is_none_is_verified(tmp_path: Path) -> None:
    with pytest.raises(BackupNotFound):
        verify_export(tmp_path)


def test_a_zip_that_was_cut_off_is_called_that(tmp_path: Path) -> None:
    place = write_export(ExportForm.ZIP, tmp_path)
    os.truncate(place, place.stat().st_size - 30)

    with pytest.raises(FormatError, match="is a zip file that was cut off"):
        verify_export(place)


def test_the_json_has_every_field_of_the_reference(maildir: Path) -> None:
    message(maildir, 7).unlink()

    found = verify_export(maildir).as_json()

    assert found["verdict"] == "differs"
    assert found["counts"] == {"missing": 1}
    assert found["differs"][0]["expected"] == "a message"
    assert (found["messages"], found["expected"]) == (2, 3)
