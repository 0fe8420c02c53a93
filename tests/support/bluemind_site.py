"""A private Cyrus that is BlueMind's: a stand-in for its core over it, and accounts in both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from respool.app.restore import restore
from respool.app.settings import Secret, Settings
from respool.planning.plan import PlanHead
from respool.verification.report import Receipt
from tests.support.bluemind_core.asked import Asked
from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.cyrus_mail import CyrusMail
from tests.support.bluemind_core.entries import Entry
from tests.support.bluemind_core.installation import Domain, Installation, User
from tests.support.bluemind_core.versions import CoreFamily, CoreVersion
from tests.support.directions import DOMAIN, INTO, TargetAccount, fresh_target
from tests.support.imap_contents import acl_of, quota_of
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import agreeing, settings_for, wish

JDOE = "user/jdoe@bluemind.loc"
FOLDERS = ("Sent", "Projects/2017")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One account on such a server, and the command's settings."""

    server: PrivateCyrus
    core: BlueMindCore
    target: TargetAccount
    settings: Settings

    @property
    def uid(self) -> str:
        """That of the account in the directory: here it is its login."""
        return self.target.login.partition("@")[0]

    @property
    def address(self) -> str:
        """Its main address."""
        return f"{self.uid}@{DOMAIN}"

    def suspend(self, *, is_suspended: bool = True) -> None:
        """What an administrator does in the directory; Cyrus is not told of it."""
        self.entry.value["archived"] = is_suspended

    @property
    def entry(self) -> Entry:
        """What the directory has of it."""
        return self.core.directory.get(DOMAIN, self.uid)

    def restore(self, heads: list[PlanHead] | None = None, **wished: Any) -> Receipt:  # noqa: ANN401 - passed on
        """Two folders of the backup, into a new one."""
        words = {"to": self.target.written, "into": INTO, **wished}
        receipt = restore(self.settings, wish(JDOE, *FOLDERS, **words), agreeing(heads))
        self.core.settle()
        return receipt

    def with_key(self, key: str) -> Settings:
        """The settings with another key."""
        return replace(self.settings, bluemind_key=Secret(key))

    def asked(self) -> list[Asked]:
        """What was asked of the core that changes something."""
        return [each for each in self.core.requests.changes() if "_search" not in each.path]

    def rights(self, path: str) -> dict[str, str]:
        """Who may do what in a folder."""
        with self.server.admin_client() as admin:
            return dict(acl_of(admin, self.target.mailbox(path)))

    def limit_kib(self) -> int:
        """What Cyrus allows."""
        with self.server.admin_client() as admin:
            return quota_of(admin, self.target.root)["STORAGE"][1]


def new_site(
    server: PrivateCyrus,
    start: Callable[..., BlueMindCore],
    version: CoreFamily | CoreVersion,
    places: tuple[Path, Path],
    *,
    quota_kib: int | None = None,
    roles: tuple[str, ...] = (),
) -> Site:
    """A fresh user in Cyrus and in the directory of a fresh core, with that quota in both.

    ``places`` are those of the backup and of the command's state.
    """
    target = fresh_target(server, "user")
    login = target.login.partition("@")[0]
    user = User(
        uid=login,
        login=login,
        domain=DOMAIN,
        emails=(f"{login}@*",),
        quota_kib=quota_kib,
        roles=roles,
    )
    installation = Installation(domains=(Domain(uid=DOMAIN),), users=(user,))
    core = start(installation, version=version, mail=CyrusMail(server))
    if quota_kib is not None:
        core.mail.set_quota(core.directory.get(DOMAIN, login))
    settings = replace(
        settings_for(server, *places),
        bluemind_api=core.url,
        bluemind_key=Secret(core.keys.core_token),
    )
    return Site(server=server, core=core, target=target, settings=settings)
