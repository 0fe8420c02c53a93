"""Whole runs of exports, uncut, cut at every call, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from respool.exports.manifest_head import ExportForm
from tests.support import golden
from tests.support.exporting import ExportWorld, planned_export, settings_of
from tests.support.power import Power

VERSION = "3.4.9"
JDOE = "user/jdoe@bluemind.loc"
FORMS = tuple(ExportForm)

NewWorld = Callable[..., ExportWorld]


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return golden.unpack_spool(VERSION, tmp_path_factory.mktemp("backup"))


@pytest.fixture
def new_world(backup: Path, tmp_path: Path) -> NewWorld:
    """Makes worlds that are all alike; nothing was run there."""
    numbers = iter(range(1 << 20))

    def new(form: ExportForm, *folders: str) -> ExportWorld:
        place = tmp_path / str(next(numbers))
        place.mkdir()
        settings = settings_of(backup, tmp_path / "state")
        plan = planned_export(settings, form, place / "out", JDOE, *folders)
        return ExportWorld.begun(settings, plan)

    return new


@pytest.mark.parametrize("form", FORMS)
def test_every_message_of_an_account_is_proven(form: ExportForm, new_world: NewWorld) -> None:
    world = new_world(form)
    assert world.carry_out()
    proofs = world.proofs()
    assert proofs
    assert [note for note in proofs.values() if note["differs"] or note["counts"]] == []
    assert all(note["proven"] == note["expected"] for note in proofs.values())
    assert all(note["messages_in_target"] == note["expected"] for note in proofs.values())
    assert sum(note["proven"] for note in proofs.values()) > 10
