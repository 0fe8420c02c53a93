"""What is chosen of a backup, in every form: stubs, what the backup has lost, files alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from respool.exports.manifest import ManifestReader
from respool.exports.manifest_entry import ManifestEntry
from respool.exports.manifest_head import ExportForm
from tests.support.exporting import ExportWorld, planned_export, settings_of
from tests.support.hsm_store import (
    ID,
    Kept,
    letter,
    snappy_stream,
    stub_of,
    write_body,
    write_messages,
)

FORMS = tuple(ExportForm)
WHOLE = letter("Plans", b"From all of it\r\n" * 50)
PLAIN = letter("plain", b"no end")


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """A plain message, a stub and its message, and one whose file will be gone."""
    spool = tmp_path / "spool"
    kept = [
        Kept(octets=PLAIN, keywords=(0,)),
        Kept(octets=stub_of(WHOLE, ID), keywords=(0, 1)),
        Kept(octets=letter("gone")),
    ]
    write_messages(spool, "user/jdoe@b.loc", kept, acl={"E-1@b.loc": "lrswipkxtea"})
    write_body(spool, ("b.loc", "E-1"), ID, snappy_stream(WHOLE))
    return spool


def exported(spool: Path, form: ExportForm, **more: object) -> ExportWorld:
    """A run that was begun, while all was there."""
    place = spool.parent / f"to-{form}"
    place.mkdir()
    settings = settings_of(spool, place / "state")
    return ExportWorld.begun(
        settings, planned_export(settings, form, place / "out", "user/jdoe@b.loc", **more)
    )


def entries(world: ExportWorld) -> list[ManifestEntry]:
    with (world.path / "manifest.json").open("rb") as file:
        return [placed.entry for placed in ManifestReader(file.readline).entries()]


@pytest.mark.parametrize("form", FORMS)
def test_a_stub_comes_as_the_message_that_it_stands_for(spool: Path, form: ExportForm) -> None:
    world = exported(spool, form)
    next(spool.rglob("3.")).unlink()
    assert world.carry_out()

    (proof,) = world.proofs().values()
    assert (proof["expected"], proof["proven"], proof["counts"]) == (2, 2, {})
    if form is not ExportForm.ZIP:
        plain, whole, gone = entries(world)
        assert whole.sha256 == hashlib.sha256(WHOLE).hexdigest()
        assert plain.sha256 == hashlib.sha256(PLAIN).hexdigest()
        assert (gone.file, (gone.lost or "").partition(":")[0]) == (None, "backup-file-missing")


@pytest.mark.parametrize("form", FORMS)
def test_of_files_alone_the_export_says_what_each_was(spool: Path, form: ExportForm) -> None:
    world = exported(spool, form, is_without_metadata=True)
    assert world.carry_out()
    (proof,) = world.proofs().values()
    assert (proof["expected"], proof["proven"], proof["counts"]) == (3, 3, {})


@pytest.mark.parametrize("form", FORMS)
def test_what_stands_there_by_now_is_not_written_over(spool: Path, form: ExportForm) -> None:
    world = exported(spool, form)
    if form is ExportForm.ZIP:
        mine = world.path
    else:
        world.path.mkdir()
        mine = world.path / "mine"
    mine.write_text("mine", "ascii")

    with pytest.raises(Exception, match="there by now"):
        world.carry_out()
    world.take_back()

    assert mine.read_text("ascii") == "mine"
