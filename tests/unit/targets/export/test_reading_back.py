"""Round trip: a spool is exported, and the export read as a backup gives equal messages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pytest

from respool.app.verify_export import verify_export
from respool.backups.contents import list_accounts, mailboxes_of, read_mailbox
from respool.backups.discovery import open_backup
from respool.backups.export_manifest import manifest_lines
from respool.backups.export_places import written_export
from respool.backups.source import open_message
from respool.exports.manifest import ManifestReader
from respool.exports.manifest_head import ExportForm
from respool.model.accounts import Account, AccountKind
from respool.verification.report import Verdict
from tests.support import golden
from tests.support.exporting import ExportWorld, planned_export, settings_of
from tests.support.truth import read_truth

VERSION = "3.4.9"
JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="bluemind.loc")
ACCOUNT = "user/jdoe@bluemind.loc"
FOLDERS = ("=INBOX", "Sent", "Projects/2017")


@pytest.fixture(scope="module", params=tuple(ExportForm))
def export(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    backup = golden.unpack_spool(VERSION, tmp_path_factory.mktemp("backup"))
    place = tmp_path_factory.mktemp(request.param)
    settings = settings_of(backup, place / "state")
    plan = planned_export(settings, request.param, place / "out", ACCOUNT, *FOLDERS)
    world = ExportWorld.begun(settings, plan)
    assert world.carry_out()
    return world.path


def test_what_was_exported_reads_back_as_it_was_in_the_spool(export: Path) -> None:
    (generation,) = open_backup(export).generations
    truth = read_truth(VERSION)

    assert [each.account for each in list_accounts(generation)] == [JDOE]
    for source in mailboxes_of(generation, JDOE):
        mailbox = read_mailbox(source)
        found = []
        for message in mailbox.messages(mailbox.restorable()):
            with open_message(source, message.uid, 1) as file:
                assert len(file.read()) == message.size_bytes
            found.append(
                (message.uid, message.guid, message.internaldate, frozenset(message.flags))
            )
        wanted = [
            (each.uid, each.sha1, each.internaldate, frozenset(each.flags))
            for each in truth.mailboxes[source.name.admin].messages
        ]
        assert (source.name.admin, sorted(found)) == (source.name.admin, sorted(wanted))
        assert mailbox.findings == ()


def test_an_export_that_was_just_made_is_proven_by_its_manifest(export: Path) -> None:
    report = verify_export(export)

    assert (report.differs, report.added, report.damage) == ([], [], None)
    assert report.verdict is Verdict.PROVEN


def test_an_export_of_an_export_is_the_same(export: Path, tmp_path: Path) -> None:
    settings = settings_of(export, tmp_path / "state")
    plan = planned_export(settings, ExportForm.ZIP, tmp_path / "again.zip", ACCOUNT, *FOLDERS)
    world = ExportWorld.begun(settings, plan)

    assert world.carry_out()

    first, second = lines_of(export), lines_of(world.path)
    assert first == second
    assert len(first) > 50


def lines_of(export: Path) -> Sequence[object]:
    """What the manifest says of each message but where it stands."""
    written = written_export(PurePosixPath(export))
    assert written is not None
    reader = ManifestReader(manifest_lines(written.manifest))
    return sorted(
        (each.entry.folder, each.entry.uid, each.entry.sha256, tuple(sorted(each.entry.flags)))
        for each in reader.entries()
    )
