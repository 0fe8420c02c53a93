"""Whole runs of exports: what stands there, by our own proof and as others read it."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from respool.exports.manifest_head import ExportForm
from respool.planning.proof import ProveExport
from respool.runs.hands import many_hands
from respool.targets.export.contents import Contents
from respool.targets.export.pages import pages
from respool.targets.export.steps import WriteMessages
from respool.verification.exported import ExportProofActor
from tests.support import golden
from tests.support.exporting import ExportWorld, planned_export, settings_of
from tests.support.judged_exports import flags_in_maildir, judged
from tests.support.truth import TruthMailbox, TruthMessage, read_truth

VERSION = "3.4.9"
JDOE = "user/jdoe@bluemind.loc"
FORMS = tuple(ExportForm)
PLACES = {
    ExportForm.MAILDIR: (".", ".Sent", ".Projects.2017"),
    ExportForm.MBOX: ("INBOX.mbox", "Sent.mbox", "Projects/2017.mbox"),
    ExportForm.ZIP: ("INBOX", "Sent", "Projects/2017"),
    ExportForm.EML: ("INBOX", "Sent", "Projects/2017"),
}
PAGES = frozenset({"manifest.json", "index.html"})
SYSTEM = frozenset({"\\Draft", "\\Flagged", "\\Answered", "\\Seen", "\\Deleted"})


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return golden.unpack_spool(VERSION, tmp_path_factory.mktemp("backup"))


@pytest.fixture(scope="module", params=FORMS)
def exported(
    request: pytest.FixtureRequest, backup: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ExportForm, ExportWorld]:
    """One whole account, in one form, for every test that only looks."""
    form: ExportForm = request.param
    place = tmp_path_factory.mktemp(form)
    settings = settings_of(backup, place / "state")
    plan = planned_export(settings, form, place / "out", JDOE, *FOLDERS)
    world = ExportWorld.begun(settings, plan)
    assert world.carry_out()
    return form, world


def boxes() -> tuple[TruthMailbox, ...]:
    truth = read_truth(VERSION)
    return tuple(truth.mailboxes[f"user/jdoe{each}@bluemind.loc"] for each in WANTED)


FOLDERS = ("=INBOX", "Sent", "Projects/2017")
WANTED = ("", "/Sent", "/Projects/2017")


def as_judged(form: ExportForm, message: TruthMessage, octets: dict[str, str]) -> tuple[str, int]:
    date = int(message.internaldate.timestamp())
    date -= date % 2 if form is ExportForm.ZIP else 0  # zipfile reads the two-second date
    return octets.get(message.sha1, message.sha1), date


def test_every_message_of_an_account_is_proven(exported: tuple[ExportForm, ExportWorld]) -> None:
    proofs = exported[1].proofs()

    assert [note for note in proofs.values() if note["differs"] or note["counts"]] == []
    assert all(note["proven"] == note["expected"] for note in proofs.values())
    assert all(note["messages_in_target"] == note["expected"] for note in proofs.values())
    assert sum(note["proven"] for note in proofs.values()) > 50


def test_others_read_the_same_octets_and_dates(exported: tuple[ExportForm, ExportWorld]) -> None:
    """Python's mailbox and zipfile know nothing of ours."""
    form, world = exported
    found = judged(form, world.path)

    for place, box in zip(PLACES[form], boxes(), strict=True):
        with_end = ended(world) if form is ExportForm.MBOX else {}
        wanted = sorted(as_judged(form, each, with_end) for each in box.messages)
        assert (place, found.get(place)) == (place, wanted)


def ended(world: ExportWorld) -> dict[str, str]:
    """SHA-1 of the messages whose last line has no end, as an mbox reader gives it one."""
    found = {}
    for file in backup_files(world):
        octets = file.read_bytes()
        if not octets.endswith(b"\n"):
            found[hashlib.sha1(octets).hexdigest()] = hashlib.sha1(octets + b"\n").hexdigest()
    return found


def backup_files(world: ExportWorld) -> list[Path]:
    steps = (world.run.step(row.number) for row in world.run.rows())
    step = next(each for each in steps if isinstance(each, WriteMessages))
    return sorted(Path(step.source.spool).rglob("[0-9]*."))


def test_flags_of_a_maildir_are_those_of_the_owner(
    exported: tuple[ExportForm, ExportWorld],
) -> None:
    form, world = exported
    if form is not ExportForm.MAILDIR:
        pytest.skip("of a Maildir")
    found = flags_in_maildir(world.path)
    for place, box in zip(PLACES[form], boxes(), strict=True):
        assert found[place] == sorted((m.sha1, sorted(m.flags & SYSTEM)) for m in box.messages)


def test_nobody_else_may_read_any_of_it(exported: tuple[ExportForm, ExportWorld]) -> None:
    _, world = exported
    everything = [world.path, *world.path.rglob("*")]
    modes = {stat.S_IMODE(each.lstat().st_mode) for each in everything if each.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(each.lstat().st_mode) for each in everything if each.is_dir()} <= {0o700}


def test_a_proof_sees_what_was_changed_since(exported: tuple[ExportForm, ExportWorld]) -> None:
    form, world = exported
    victim = world.path if world.path.is_file() else next(iter(sorted(victims(world.path))))
    former, status = victim.read_bytes(), victim.stat()
    octets = bytearray(former)
    at = octets.find(b"Subject: ") if form is not ExportForm.ZIP else octets.find(b".eml") + 40
    octets[at + 9] ^= 1
    victim.write_bytes(octets)

    notes = world.proven_again().values()
    victim.write_bytes(former)
    os.utime(victim, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert sum(sum(note["counts"].values()) for note in notes) >= 1
    assert sum(note["proven"] != note["expected"] for note in notes) == 1


def victims(path: Path) -> list[Path]:
    return [
        each
        for each in path.rglob("*")
        if each.is_file() and b"Subject: " in each.read_bytes() and each.suffix != ".json"
    ]


def test_pages_of_groups_that_were_just_written_are_those_that_the_journal_gives(
    exported: tuple[ExportForm, ExportWorld],
) -> None:
    form, world = exported
    if form is ExportForm.ZIP:
        pytest.skip("of files")

    for name, pieces in pages(Contents(record=world.run, form=form)):
        assert (world.path / name).read_bytes() == b"".join(pieces)


def test_several_processes_find_what_one_finds(
    exported: tuple[ExportForm, ExportWorld], tmp_path: Path
) -> None:
    """Of an export in which octets were altered, and files are gone."""
    form, world = exported
    damaged = tmp_path / "damaged"
    if form is ExportForm.ZIP:
        shutil.copy2(world.path, damaged)
    else:
        shutil.copytree(world.path, damaged)
    for number, file in enumerate(each for each in (damaged, *sorted(damaged.rglob("*")))):
        if file.is_file() and file.stat().st_size and file.name not in PAGES:
            damage(file, is_to_go=number % 7 == 0 and form is not ExportForm.ZIP)
    proof = ExportProofActor(record=world.run)
    steps = [
        replace(step, path=str(damaged))
        for row in world.run.rows()
        if isinstance(step := world.run.step(row.number), ProveExport)
    ]

    with many_hands(2) as hands:
        assert hands.count == 2
        by_several = [proof.perform_by(step, {}, hands) for step in steps]

    assert by_several == [proof.prove_again(step) for step in steps]
    assert any(note["differs"] for note in by_several)


def damage(file: Path, *, is_to_go: bool) -> None:
    if is_to_go:
        file.unlink()
        return
    octets = bytearray(file.read_bytes())
    octets[len(octets) // 3] ^= 1
    file.write_bytes(octets)
