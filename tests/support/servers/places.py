"""The servers that every golden sample goes into: which there are, and which run today."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from tests.support.cyrus_configuration import Layout
from tests.support.distribution import DOVECOT, INSTALLED, Distribution, of_suite
from tests.support.dovecot_configuration import DovecotOptions
from tests.support.private_cyrus import PrivateCyrus
from tests.support.private_dovecot import PrivateDovecot
from tests.support.server_root import server_root
from tests.support.servers.stand_ins import BlueMind5StandIn

ALL_VARIABLE = "RESPOOL_ALL_SERVERS"
Kind = Literal["Cyrus", "Dovecot", "BlueMind 5"]
Server = PrivateCyrus | PrivateDovecot | BlueMind5StandIn
BULLSEYE, TRIXIE = of_suite("bullseye", 3, 2, 6), of_suite("trixie", 3, 10, 2)
SID = of_suite("sid")  # moves: nothing in CI may hang on it
_MAILDIR = DovecotOptions()
_PREFIXED = DovecotOptions(prefix="INBOX.", separator=".", has_metadata=False)
_MDBOX = DovecotOptions(storage="mdbox", has_acl=True, quota_kib=1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One server with one way to keep mail; ``serve`` starts a new one, empty.

    ``distribution`` is None for a stand-in, which nothing need be there for.
    """

    kind: Kind
    setting: str
    distribution: Distribution | None
    serve: Callable[[], AbstractContextManager[Server]]

    @property
    def name(self) -> str:
        """``bullseye, names`` or ``dovecot, mdbox with ACL``."""
        return (
            f"{self.kind if self.distribution is None else self.distribution.name}, {self.setting}"
        )

    @property
    def why_not(self) -> str | None:
        """Why it cannot be started here; None if it can."""
        if self.distribution is None or self.distribution.is_there:
            return None
        return f"needs {self.kind} in {self.distribution.programs}"


def cyrus(distribution: Distribution, layout: Layout) -> Place:
    """A Cyrus in one of its layouts."""

    @contextmanager
    def serve() -> Iterator[PrivateCyrus]:
        with server_root() as root, PrivateCyrus(root, layout, distribution=distribution) as one:
            yield one

    return Place(kind="Cyrus", setting=layout, distribution=distribution, serve=serve)


def dovecot(setting: str, options: DovecotOptions) -> Place:
    """A Dovecot with some options."""

    @contextmanager
    def serve() -> Iterator[PrivateDovecot]:
        with server_root() as root, PrivateDovecot(root, options) as one:
            yield one

    return Place(kind="Dovecot", setting=setting, distribution=DOVECOT, serve=serve)


def bluemind5() -> Place:
    """No BlueMind 5, but a small server that offers no more than that does."""
    return Place(
        kind="BlueMind 5", setting="a stand-in", distribution=None, serve=BlueMind5StandIn
    )


OTHERS = (
    cyrus(BULLSEYE, "names"),  # before 3.6 there was no other layout
    cyrus(TRIXIE, "names"),
    cyrus(TRIXIE, "uuid"),
)
OF_SID = (cyrus(SID, "names"), cyrus(SID, "uuid"))
OURS = (cyrus(INSTALLED, "names"), cyrus(INSTALLED, "uuid"))
DOVECOTS = (
    dovecot("Maildir", _MAILDIR),
    dovecot("Maildir, INBOX.", _PREFIXED),
    dovecot("mdbox, ACL", _MDBOX),
)
STAND_IN = bluemind5()
ALL = (OTHERS[0], *OURS, *OTHERS[1:], *OF_SID, *DOVECOTS, STAND_IN)


def are_all_wanted() -> bool:
    """Whether every server is wanted, not those that CI has time for."""
    return bool(os.environ.get(ALL_VARIABLE))


def in_turn(day_of_year: int | None = None) -> Place:
    """The Cyrus of another suite whose turn it is: another one each day (of UTC)."""
    day = datetime.now(UTC).timetuple().tm_yday if day_of_year is None else day_of_year
    return OTHERS[day % len(OTHERS)]


def other_cyruses() -> Sequence[Place]:
    """Those of other suites that run now: all, or the one whose turn it is."""
    return (*OTHERS, *OF_SID) if are_all_wanted() else (in_turn(),)


def spoken_to() -> Sequence[Place]:
    """Those that are restored into over IMAP now: all, or 3.6, Dovecot, and one in turn."""
    return ALL if are_all_wanted() else (*OURS, *DOVECOTS[:2], STAND_IN, in_turn())
