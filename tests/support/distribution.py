"""The servers that tests can run: the installed Cyrus, those of other Debian suites, Dovecot."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SUITES_VARIABLE = "RESPOOL_TEST_SUITES"
_USUAL_DIRECTORY = Path("/var/cache/respool-tests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One packaged server: ``programs`` has its ``master``, ``imapd``, ``reconstruct``, ….

    ``series`` is what its version begins with; () where any will do. ``first`` is the
    program that starts it.
    """

    name: str
    programs: Path
    series: tuple[int, ...] = ()
    first: str = "master"

    @property
    def is_there(self) -> bool:
        """Whether its programs can be run."""
        return os.access(self.programs / self.first, os.X_OK)


INSTALLED = Distribution(name="installed", programs=Path("/usr/lib/cyrus/bin"))


def suites_directory() -> Path:
    """Where ``tools/unpack_suites.py`` puts the other suites."""
    return Path(os.environ.get(SUITES_VARIABLE) or _USUAL_DIRECTORY)


def of_suite(suite: str, *series: int) -> Distribution:
    """The Cyrus of a Debian suite, unpacked or not."""
    return Distribution(name=suite, programs=suites_directory() / suite / "bin", series=series)


DOVECOT = Distribution(
    name="dovecot", programs=suites_directory() / "dovecot" / "bin", first="dovecot"
)
