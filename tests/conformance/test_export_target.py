"""The target of files against the suite, in each of its forms: no server, cut between calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from respool.exports.manifest_head import ExportForm
from tests.conformance.targets import TargetSuite, Touch, World
from tests.support import golden
from tests.support.cut_counts import is_long
from tests.support.export_world import ExportPlace
from tests.support.exporting import ExportWorld, planned_export, settings_of
from tests.support.power import Power
from tests.support.truth import read_truth

VERSION = "3.4.9"
JDOE = "user/jdoe@bluemind.loc"
FOLDERS = ("=Sent", "=Projects/2017/Q3")


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacked once; exports leave it as it is."""
    return golden.unpack_spool(VERSION, tmp_path_factory.mktemp("backup"))


class ExportSuite(TargetSuite):
    form: ClassVar[ExportForm]
    places: ClassVar[tuple[str, ...]] = ("Projects/2017/Q3", "Sent")
    cuts = None if is_long() else 4

    @pytest.fixture
    def new_world(self, backup: Path, tmp_path: Path) -> Callable[[], ExportPlace]:
        settings = settings_of(backup, tmp_path / "state")
        numbers = iter(range(1 << 20))

        def new() -> ExportPlace:
            around = tmp_path / f"{next(numbers):04d}"
            around.mkdir()
            plan = planned_export(settings, self.form, around / "out", JDOE, *FOLDERS)
            world = ExportWorld.begun(settings, plan)
            return ExportPlace(form=self.form, world=world, wanted=self.wanted())

        return new

    def wanted(self) -> object:
        """What the server itself said of the two folders."""
        truth = read_truth(VERSION)
        step = 2 if self.form is ExportForm.ZIP else 1  # of the dates that zipfile reads
        return {
            place: sorted(
                (each.sha1, int(each.internaldate.timestamp()) // step * step)
                for each in truth.mailboxes[f"user/jdoe/{name}@bluemind.loc"].messages
            )
            for place, name in zip(self.places, ("Projects/2017/Q3", "Sent"), strict=True)
        }

    @pytest.mark.parametrize("how", ["add", "flag"])
    def test_what_somebody_touched_is_kept_as_he_left_it(
        self, how: Touch, new_world: Callable[[], World]
    ) -> None:
        world = new_world()
        assert isinstance(world, ExportPlace)
        world.carry_out(Power())
        victim = world.victim()
        assert world.touch(how)
        touched = (world.folder(), _octets(victim))
        assert world.take_back(Power())
        is_beside = how == "add" and self.form is ExportForm.ZIP
        assert world.folder() == touched[0]
        assert bool(world.kept()) == (not is_beside)
        if how == "flag":
            assert _octets(victim) == touched[1]

    @pytest.mark.parametrize("how", ["add"])
    def test_an_undo_that_was_cut_keeps_what_was_touched_meanwhile(
        self, how: Touch, new_world: Callable[[], World]
    ) -> None:
        for cut in self.points(self.calls_of_undo(new_world), part=4):
            world = new_world()
            world.carry_out(Power())
            assert not world.take_back(Power(calls=cut))
            if not world.touch(how):
                break  # it has gone already
            touched = world.folder()
            assert world.take_back(Power())
            assert (cut, world.folder()) == (cut, touched)


def _octets(file: Path | None) -> bytes | None:
    return file.read_bytes() if file is not None and file.is_file() else None


class TestMaildir(ExportSuite):
    form = ExportForm.MAILDIR
    places = (".Projects.2017.Q3", ".Sent")

    def test_new_flags_of_a_message_keep_it(self, new_world: Callable[[], ExportPlace]) -> None:
        world = new_world()
        world.carry_out(Power())
        victim = world.victim()
        assert victim is not None
        flagged = victim.with_name(f"{victim.name}T")
        victim.rename(flagged)
        assert world.take_back(Power())
        assert flagged.is_file()
        assert any("1 messages were changed" in why for why in world.kept())
        assert world.take_back(Power(), is_forced=True)
        assert not world.world.path.exists()

    def test_a_message_that_got_new_flags_in_a_run_that_was_cut_is_there_once(
        self, new_world: Callable[[], ExportPlace]
    ) -> None:
        calls = self.clean(new_world)[1]
        for cut in range(calls):
            world = new_world()
            world.carry_out(Power(calls=cut))
            victim = world.victim()
            if victim is None:
                continue
            victim.rename(victim.with_name(f"{victim.name}T"))
            assert world.carry_out(Power())
            assert (cut, world.restored()) == (cut, world.truth())
            break


class TestMbox(ExportSuite):
    form = ExportForm.MBOX
    places = ("Projects/2017/Q3.mbox", "Sent.mbox")


class TestZip(ExportSuite):
    form = ExportForm.ZIP


class TestEml(ExportSuite):
    form = ExportForm.EML


# Not one of its own.
del ExportSuite
