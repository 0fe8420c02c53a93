"""A BlueMind 5 that is restored into by IMAP: its core and its mail, both stand-ins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from tests.support.bluemind5_server import BlueMind5Server
from tests.support.bluemind_core.bluemind5_mail import BlueMind5Mail
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.entries import Entry
from tests.support.bluemind_core.installation import Domain, Installation, User
from tests.support.bluemind_core.mail import default_folders
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.directions import DOMAIN
from tests.support.faults.known_to_core import known, make_known, settings_of
from tests.support.faults.scenarios import Scenario
from tests.support.faults.standing import Lines, Standing
from tests.support.given_back import READERS
from tests.support.kept_mail import KeptAccount

_NUMBERS = count(1)
_DATE: Final = datetime(2020, 2, 29, 12, tzinfo=UTC)
_LIVE: Final = b"Subject: here before\r\n\r\nlive\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlueMind5Place:
    """Each account is a user with a reader; he has mail, unless it is to be filled in place."""

    imap: BlueMind5Server
    core: BlueMindCore
    imapd_conf: Path = Path("/nonexistent")

    @property
    def version(self) -> str:
        """Of a stand-in."""
        return self.imap.name

    @property
    def settings(self) -> Mapping[str, str]:
        """Where the core is, and its key."""
        return settings_of(self.core)

    @property
    def secrets(self) -> Sequence[str]:
        """All keys of the core, those of sessions that have ended as well."""
        return (*self.core.keys.all(), *self.core.keys.sessions)

    def account(self, scenario: Scenario) -> BlueMind5Account:
        """A new user."""
        login = f"target{next(_NUMBERS)}"
        reader = READERS[0].partition("@")[0]
        user = User(uid=login, login=login, domain=DOMAIN, shared_with={reader: "Read"})
        entry = self.core.directory.add(user)
        self.core.mail.create(entry, "", default_folders(entry, has_trash=True))
        account = BlueMind5Account(
            place=self, entry=entry, sessions_before=len(self.core.keys.open_sessions())
        )
        for name in ("INBOX", "Drafts") if not scenario.wish.get("is_in_place") else ():
            account.mail.folders[name].add(_LIVE, {"$mine"}, _DATE)
        make_known(self.core, entry)
        return account

    def troubles(self) -> tuple[str, ...]:
        """It keeps no log."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlueMind5Account:
    """One user; ``sessions_before`` were open before there was any of his."""

    place: BlueMind5Place
    entry: Entry
    sessions_before: int

    @property
    def login(self) -> str:
        """Whom the core makes a session for."""
        return f"{self.entry.name}@{self.entry.domain}"

    @property
    def mail(self) -> KeptAccount:
        """What he has."""
        return self.place.imap.accounts[self.login]

    @property
    def written(self) -> str:
        """As it is typed for ``--to``."""
        server = self.place.imap
        return f"imap://{self.login.replace('@', '%40')}@{server.host}:{server.port}"

    def standing(self) -> Standing:
        """As he sees it; and what the core knows, once it has done what it was asked."""
        self.place.core.settle()
        lines = Lines(self.entry.name)
        for words in known(self.place.core, self.entry.name):
            lines.add("known", *words)
        with self.place.imap.lock:
            lines.add("quota", self.mail.size_bytes, self.mail.quota_octets)
            for name in self.mail.subscribed:
                lines.add("subscriptions", name)
            for name, folder in self.mail.folders.items():
                lines.add("folders", name, folder.special_use)
                for who, may in folder.acl.items():
                    lines.add("rights", name, who, may)
                for each in folder.messages:
                    told = (each.uid, sorted(each.flags), each.internaldate, each.guid)
                    lines.add("messages", name, *told)
        return lines.standing()

    def left(self, pids: Sequence[int]) -> Iterator[str]:
        """Sessions: a killed command leaves the one that it had, and no other leaves any."""
        begun = len(self.place.core.keys.open_sessions()) - self.sessions_before
        if begun > len(pids):
            yield f"{begun} sessions of users, after {len(pids)} kills"


@contextmanager
def bluemind5_place() -> Iterator[BlueMind5Place]:
    """Both halves, with a reader in the directory."""
    reader = READERS[0].partition("@")[0]
    installation = Installation(
        domains=(Domain(uid=DOMAIN),),
        users=(User(uid=reader, login=reader, domain=DOMAIN),),
    )
    with (
        BlueMind5Server(password="nobody's") as imap,
        BlueMindCore(installation, version=CoreFamily.BM5, mail=BlueMind5Mail(imap)) as core,
    ):
        yield BlueMind5Place(imap=imap, core=core)
