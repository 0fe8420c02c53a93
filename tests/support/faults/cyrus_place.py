"""A private Cyrus that is restored into, by itself or as that of a BlueMind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.cyrus_mail import CyrusMail
from tests.support.bluemind_core.installation import Domain, Installation, User
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.cyrus_configuration import Layout
from tests.support.directions import DOMAIN, TargetAccount
from tests.support.faults.known_to_core import known, make_known, settings_of
from tests.support.faults.scenarios import Scenario
from tests.support.faults.standing import Files, Lines, Standing, read_standing, spool_files
from tests.support.given_back import READERS, with_readers
from tests.support.imap_contents import quota_of
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import left_behind


@dataclass(frozen=True, slots=True, kw_only=True)
class CyrusPlace:
    """Its spool, and the core where it is a BlueMind's."""

    server: PrivateCyrus
    core: BlueMindCore | None = None

    @property
    def version(self) -> str:
        """Of Cyrus."""
        return self.server.version

    @property
    def imapd_conf(self) -> Path:
        """Its own."""
        return self.server.imapd_conf

    @property
    def settings(self) -> Mapping[str, str]:
        """Where the core is, and its key."""
        return {} if self.core is None else settings_of(self.core)

    @property
    def secrets(self) -> Sequence[str]:
        """All keys of the core."""
        return () if self.core is None else self.core.keys.all()

    def account(self, scenario: Scenario) -> CyrusAccount:
        """Prepared; what messages of former ones were expunged is gone from the disk."""
        assert scenario.prepare is not None
        if scenario.is_expunged:
            self.expire()
        others = spool_files(self.server.root / "spool")
        target = scenario.prepare(self.server)
        if self.core is not None and target.kind == "user":
            self._tell(self.core, target)
        return CyrusAccount(place=self, scenario=scenario, target=target, others=others)

    def troubles(self) -> tuple[str, ...]:
        """Its mail log."""
        return self.server.error_lines()

    def expire(self, *more: str) -> None:
        """Do what a server does in the night: files of expunged messages go."""
        done = self.server.run_tool("cyr_expire", "-E", "1", "-X", "0", *more)
        assert done.returncode == 0, done.stderr

    def _tell(self, core: BlueMindCore, target: TargetAccount) -> None:
        """Have the directory know a user, who lets a reader in, with the limit that he has."""
        login = target.login.partition("@")[0]
        with self.server.admin_client() as admin:
            limit = quota_of(admin, target.root)["STORAGE"][1]
        reader = READERS[0].partition("@")[0]
        user = User(
            uid=login,
            login=login,
            domain=DOMAIN,
            quota_kib=limit,
            shared_with={reader: "Read"},
        )
        make_known(core, core.directory.add(user))


@dataclass(frozen=True, slots=True, kw_only=True)
class CyrusAccount:
    """One account; ``others`` are the files that were there before it was."""

    place: CyrusPlace
    scenario: Scenario
    target: TargetAccount
    others: Files

    @property
    def written(self) -> str:
        """As it is typed for ``--to``."""
        return self.target.written

    def standing(self) -> Standing:
        """Over IMAP and on disk; and what the core knows, once it has done what it was asked."""
        if self.scenario.is_expunged:
            self.place.expire(*(("-D", "0") if self.scenario.is_removed else ()))
        login = self.target.login.partition("@")[0]
        lines = Lines(login)
        if self.place.core is not None:
            self.place.core.settle()
            for words in known(self.place.core, login):
                lines.add("known", *words)
        read_standing(self.place.server, self.target, self.others, lines)
        return lines.standing()

    def left(self, pids: Sequence[int]) -> Iterator[str]:
        """Doors."""
        sockets = self.place.server.files.config_directory / "socket"
        for pid in pids:
            yield from left_behind(pid)
            yield from (each.name for each in sockets.glob(f"respool{pid}*"))


@contextmanager
def cyrus_place(layout: Layout) -> Iterator[CyrusPlace]:
    """A server of its own, with readers of mailshares."""
    with server_root() as root, PrivateCyrus(root, layout) as server:
        with_readers(server)
        yield CyrusPlace(server=server)


@contextmanager
def bluemind_place(family: CoreFamily) -> Iterator[CyrusPlace]:
    """Such a server, and a stand-in for the core of a BlueMind whose mail it has."""
    users = (each.partition("@")[0] for each in READERS)
    installation = Installation(
        domains=(Domain(uid=DOMAIN),),
        users=tuple(User(uid=each, login=each, domain=DOMAIN) for each in users),
    )
    with (
        cyrus_place("names") as place,
        BlueMindCore(installation, version=family, mail=CyrusMail(place.server)) as core,
    ):
        yield CyrusPlace(server=place.server, core=core)
