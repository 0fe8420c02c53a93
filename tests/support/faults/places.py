"""Where accounts are that are restored into, and killed on the way: servers of every kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests.support.bluemind_core.versions import CoreFamily
from tests.support.faults.bluemind5_place import bluemind5_place
from tests.support.faults.cyrus_place import bluemind_place, cyrus_place
from tests.support.faults.scenarios import PlaceName, Scenario
from tests.support.faults.standing import Standing


class Account(Protocol):
    """One account, made for one case."""

    @property
    def written(self) -> str:
        """As it is typed for ``--to``."""

    def standing(self) -> Standing:
        """How it stands now."""

    def left(self, pids: Sequence[int]) -> Iterator[str]:
        """What killed commands have left there, now that others have come to their end."""


class Place(Protocol):
    """Where such accounts are."""

    @property
    def version(self) -> str:
        """That of the server."""

    @property
    def imapd_conf(self) -> Path:
        """That of the Cyrus of this machine."""

    @property
    def settings(self) -> Mapping[str, str]:
        """More than those of every command."""

    @property
    def secrets(self) -> Sequence[str]:
        """What may stand in no file of ours."""

    def account(self, scenario: Scenario) -> Account:
        """One of a fresh name."""

    def troubles(self) -> tuple[str, ...]:
        """Errors that the server has noted."""


@contextmanager
def opened(name: PlaceName) -> Iterator[Place]:
    """A place of its own, for the length of a block."""
    if name is CoreFamily.BM5:
        with bluemind5_place() as far:
            yield far
    elif isinstance(name, CoreFamily):
        with bluemind_place(name) as told:
            yield told
    else:
        with cyrus_place(name) as place:
            yield place
