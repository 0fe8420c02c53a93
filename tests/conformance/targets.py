"""What every target must do when runs are cut off, gone on with, and taken back."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import ClassVar, Protocol

import pytest

from tests.support.cut_counts import CUT_AND_RESUME, CUT_AND_UNDO, count_case
from tests.support.power import Power

Touch = str  # one of TOUCHES
TOUCHES = ("flag", "add", "expunge", "rename")


class World(Protocol):
    """An account of its own at a target, and one run of it; each call is a new process."""

    def carry_out(self, power: Power) -> bool:
        """Begin the run or go on with it; whether it came to its end before the power went."""

    def take_back(self, power: Power, *, is_forced: bool = False) -> bool:
        """Take it back, or go on with that; as `carry_out`."""

    def now(self) -> object:
        """All that the account holds, seen and on disk; equal in two worlds that are alike."""

    def restored(self) -> object:
        """What the run's folders hold, as their owner reads it."""

    def truth(self) -> object:
        """What ``restored`` is to be after a run."""

    def folder(self) -> object:
        """What the folder that is touched holds, wherever it is; None where it is gone."""

    def touch(self, how: Touch) -> bool:
        """What the owner does to the run's folder, if he sees it: one of TOUCHES."""

    def read(self) -> None:
        """The owner reads all of it."""

    def receive(self) -> None:
        """New mail comes into a folder that was there before."""

    def kept(self) -> tuple[str, ...]:
        """Why steps were kept by the undo."""


class TargetSuite:
    """A subclass brings ``new_world``; ``cuts`` is how many points are tried."""

    cuts: ClassVar[int | None] = None  # None: every one
    seed: ClassVar[int] = 5

    @pytest.fixture
    def new_world(self) -> Callable[[], World]:
        """Makes worlds that are all alike; nothing was run there."""
        raise NotImplementedError

    def points(self, calls: int, *, part: int = 1) -> list[int]:
        """The calls before which the power goes: all ``calls``, or a sample in order."""
        if self.cuts is None or self.cuts // part >= calls:
            return list(range(calls))
        return sorted(random.Random(self.seed).sample(range(calls), self.cuts // part))

    def test_a_clean_run_restores_what_the_backup_had(
        self, new_world: Callable[[], World]
    ) -> None:
        world = new_world()
        assert world.carry_out(Power())
        assert world.restored() == world.truth()

    def test_twice_is_once(self, new_world: Callable[[], World]) -> None:
        world = new_world()
        before = world.now()
        world.carry_out(Power())
        done = world.now()
        world.carry_out(Power())
        assert world.now() == done
        world.take_back(Power())
        assert world.now() == before
        world.take_back(Power())
        assert world.now() == before

    def test_cut_anywhere_and_gone_on_with_it_ends_like_a_clean_run(
        self, new_world: Callable[[], World]
    ) -> None:
        like, calls = self.clean(new_world)
        for cut in self.points(calls):
            world = new_world()
            assert not world.carry_out(Power(calls=cut)), cut
            assert world.carry_out(Power()), cut
            assert (cut, world.now()) == (cut, like)
            count_case(CUT_AND_RESUME, type(self).__name__)

    def test_cut_anywhere_and_taken_back_all_is_as_before(
        self, new_world: Callable[[], World]
    ) -> None:
        _, calls = self.clean(new_world)
        for cut in self.points(calls):
            world = new_world()
            before = world.now()
            assert not world.carry_out(Power(calls=cut)), cut
            assert world.take_back(Power()), cut
            assert (cut, world.now(), world.kept()) == (cut, before, ())
            count_case(CUT_AND_UNDO, type(self).__name__)

    def test_an_undo_that_is_cut_anywhere_goes_on(self, new_world: Callable[[], World]) -> None:
        for cut in self.points(self.calls_of_undo(new_world), part=2):
            world = new_world()
            before = world.now()
            world.carry_out(Power())
            assert not world.take_back(Power(calls=cut)), cut
            assert world.take_back(Power()), cut
            assert (cut, world.now(), world.kept()) == (cut, before, ())
            count_case(CUT_AND_UNDO, type(self).__name__)

    def test_cut_again_and_again_it_ends_like_a_clean_run_and_goes_like_one(
        self, new_world: Callable[[], World]
    ) -> None:
        like, _ = self.clean(new_world)
        world = new_world()
        before = world.now()
        dice = random.Random(self.seed)
        while not world.carry_out(Power(calls=dice.randint(5, 9))):
            count_case(CUT_AND_RESUME, type(self).__name__)
        assert world.now() == like
        while not world.take_back(Power(calls=dice.randint(5, 9))):
            count_case(CUT_AND_UNDO, type(self).__name__)
        assert world.now() == before

    @pytest.mark.parametrize("how", TOUCHES)
    def test_what_somebody_touched_is_kept_as_he_left_it(
        self, how: Touch, new_world: Callable[[], World]
    ) -> None:
        world = new_world()
        world.carry_out(Power())
        assert world.touch(how)
        touched = world.folder()
        assert world.take_back(Power())
        assert world.folder() == touched
        assert world.kept()

    @pytest.mark.parametrize("how", TOUCHES)
    def test_an_undo_that_was_cut_keeps_what_was_touched_meanwhile(
        self, how: Touch, new_world: Callable[[], World]
    ) -> None:
        for cut in self.points(self.calls_of_undo(new_world), part=12):
            world = new_world()
            world.carry_out(Power())
            assert not world.take_back(Power(calls=cut))
            if not world.touch(how):
                break  # it has gone already
            touched = world.folder()
            assert world.take_back(Power())
            assert (cut, world.folder()) == (cut, touched)
            count_case(CUT_AND_UNDO, type(self).__name__)

    def test_what_was_only_read_goes(self, new_world: Callable[[], World]) -> None:
        world = new_world()
        before = world.now()
        world.carry_out(Power())
        world.read()
        assert world.take_back(Power())
        assert world.now() == before

    def test_by_force_what_was_flagged_goes_too(self, new_world: Callable[[], World]) -> None:
        world = new_world()
        before = world.now()
        world.carry_out(Power())
        assert world.touch("flag")
        world.take_back(Power())
        assert world.now() != before
        assert world.take_back(Power(), is_forced=True)
        assert world.now() == before

    def test_mail_that_comes_in_meanwhile_stays(self, new_world: Callable[[], World]) -> None:
        """Into a folder that no run has to do with, before each of five processes."""
        for cut in self.points(self.clean(new_world)[1], part=6):
            world, other = new_world(), new_world()
            for _ in range(3):
                other.receive()
            world.receive()
            world.carry_out(Power(calls=cut))
            world.receive()
            world.carry_out(Power())
            world.receive()
            world.take_back(Power())
            assert (cut, world.now()) == (cut, other.now())
            count_case(CUT_AND_RESUME, type(self).__name__)

    def clean(self, new_world: Callable[[], World]) -> tuple[object, int]:
        """How a world stands after a clean run, and how many calls that takes."""
        world, power = new_world(), Power()
        assert world.carry_out(power)
        return world.now(), power.used

    def calls_of_undo(self, new_world: Callable[[], World]) -> int:
        """How many calls it takes to take a clean run back."""
        world, power = new_world(), Power()
        world.carry_out(Power())
        assert world.take_back(power)
        return power.used
