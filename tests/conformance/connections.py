"""What a target that is spoken to must do when its connection is cut, at any command."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import ClassVar, Protocol

import pytest

from tests.conformance.targets import World
from tests.support.cut_counts import CUT_AND_RESUME, CUT_AND_UNDO, count_case
from tests.support.cutting_proxy import Cut, Where
from tests.support.power import Power

# Whatever is said on the wire before a login is over says nothing of a restore.
WHERES = (Where.BEFORE, Where.WITHIN, Where.UNANSWERED)


class SpokenWorld(World, Protocol):
    """A world that is reached over a connection."""

    def carry_out_through(self, cut: Cut | None) -> list[str]:
        """Begin the run over a connection that is cut once; the commands, by name."""

    def take_back_through(self, cut: Cut | None) -> list[str]:
        """The same of taking it back."""


class CutConnectionSuite:
    """A subclass brings ``new_world``; ``connection_cuts`` is how many points are tried."""

    connection_cuts: ClassVar[int | None] = None  # None: every command, each way
    connection_seed: ClassVar[int] = 6

    @pytest.fixture
    def new_world(self) -> Callable[[], SpokenWorld]:
        """Makes worlds that are all alike; nothing was run there."""
        raise NotImplementedError

    def cuts_of(self, commands: int) -> list[Cut]:
        """At which command, and how far it comes: every one, or a sample in order."""
        every = [Cut(at=at + 1, where=where) for at in range(commands) for where in WHERES]
        if self.connection_cuts is None or self.connection_cuts >= len(every):
            return every
        chosen = random.Random(self.connection_seed).sample(
            range(len(every)), self.connection_cuts
        )
        return [every[number] for number in sorted(chosen)]

    def test_a_run_that_loses_its_connection_at_any_command_goes_on_to_the_same_end(
        self, new_world: Callable[[], SpokenWorld]
    ) -> None:
        """
        Nothing is there twice, and nothing is missing.
        """
        like = new_world()
        commands = like.carry_out_through(None)
        for cut in self.cuts_of(len(commands)):
            world = new_world()
            world.carry_out_through(cut)
            assert world.carry_out(Power()), cut
            assert (cut, world.now()) == (cut, like.now())
            count_case(CUT_AND_RESUME, type(self).__name__)

    def test_a_run_that_lost_its_connection_at_any_command_is_taken_back(
        self, new_world: Callable[[], SpokenWorld]
    ) -> None:
        commands = new_world().carry_out_through(None)
        for cut in self.cuts_of(len(commands)):
            world = new_world()
            before = world.now()
            world.carry_out_through(cut)
            assert world.take_back(Power()), cut
            assert (cut, world.now(), world.kept()) == (cut, before, ())
            count_case(CUT_AND_UNDO, type(self).__name__)

    def test_an_undo_that_loses_its_connection_at_any_command_goes_on(
        self, new_world: Callable[[], SpokenWorld]
    ) -> None:
        world = new_world()
        world.carry_out(Power())
        commands = world.take_back_through(None)
        for cut in self.cuts_of(len(commands)):
            world = new_world()
            before = world.now()
            world.carry_out(Power())
            world.take_back_through(cut)
            assert world.take_back(Power()), cut
            assert (cut, world.now(), world.kept()) == (cut, before, ())
            count_case(CUT_AND_UNDO, type(self).__name__)
