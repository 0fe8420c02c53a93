"""Who logs in at another server, for whom, and with which password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from respool.app.settings import Secret, Settings
from respool.errors import LoginRefused, UsageError
from respool.model.accounts import Account, AccountKind
from respool.model.names import encoded_part
from respool.system.imap import ImapSession
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapPlace, parse_imap_place
from respool.system.imap_server import ImapServer
from respool.system.ownership import is_for_us_alone

_HOW: Final = "RESPOOL_TO_PASSWORD_FILE names a file with the password, --credentials one of many"


@dataclass(frozen=True, slots=True, kw_only=True)
class FarAccount:
    """An account of another server: ``login`` logs in for ``user``, often the same."""

    place: ImapPlace
    login: str
    user: str

    @property
    def account(self) -> Account:
        """Whose mail it is there."""
        name, at, domain = self.user.rpartition("@")
        login, of = (name, domain) if at else (self.user, None)
        return Account(kind=AccountKind.USER, login=encoded_part(login), domain=of)

    @property
    def where(self) -> str:
        """The server's address with who logs in, without a secret."""
        return str(
            ImapPlace(address=self.place.address, user=self.login, folder=self.place.folder)
        )


def far_account(
    typed: str, account: str, as_user: str | None, domains: Mapping[str, str]
) -> FarAccount:
    """The account that ``--to`` names; without a user in it the one that is restored.

    ``account`` is as a person typed it, ``domains`` the new one by the old.

    Raises:
        UsageError: no address, or nobody in it and an account that is no login.
    """
    place = parse_imap_place(typed)
    if place.folder:
        raise UsageError(
            f'--to "{typed}" names a folder', hint="--into names the new folder of a restore"
        )
    login = place.user if place.user is not None else mapped_login(account, domains)
    return FarAccount(place=place, login=login, user=as_user or login)


def far_server(settings: Settings, far: FarAccount) -> ImapServer:
    """That account, reached once the first session is asked for.

    Raises:
        LoginRefused: there is no password for it.
    """
    password = _password(settings, far.login)
    trust = Trust(ca_file=settings.ca_file, is_insecure=settings.is_insecure)

    def session_of(userid: str) -> ImapSession:
        as_user = userid if userid != far.login else None
        credentials = Credentials(user=far.login, password=password.reveal(), as_user=as_user)
        return enter(far.place.address, credentials, trust)

    return ImapServer(where=far.where, login=far.login, user=far.user, enter=session_of)


def mapped_login(account: str, domains: Mapping[str, str]) -> str:
    """Who logs in there for an account as a person typed it; ``domains``: new ones by old.

    Raises:
        UsageError: a mailshare, or a name without a domain.
    """
    kind, slash, rest = account.partition("/")
    name, at, domain = (rest if slash and kind == "user" else account).rpartition("@")
    if not at or "/" in name:
        raise UsageError(
            f"who logs in there is not known from {account}",
            hint="name him in the address: --to imaps://jdoe%40example.org@HOST",
        )
    return f"{name}@{domains.get(domain, domain)}"


def _password(settings: Settings, login: str) -> Secret:
    if settings.credentials is not None:
        found = _credentials(settings.credentials).get(login)
        if found is not None:
            return found
    if settings.to_password is not None:
        return settings.to_password
    if settings.ask is None:
        raise LoginRefused(f"there is no password for {login}", hint=_HOW)
    return Secret(settings.ask(f"Password of {login}"))


def _credentials(file: Path) -> dict[str, Secret]:
    """Login → password of a file that is for us alone.

    Raises:
        UsageError: it cannot be read, others may read it, or a line is no pair.
    """
    try:
        if not is_for_us_alone(file):
            raise UsageError(
                f'"{file}" is open to others',
                why="it holds passwords",
                hint=f"chmod 600 {file}",
            )
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f'the credentials "{file}" cannot be read') from error
    found: dict[str, Secret] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        login, *rest = line.split(maxsplit=1)
        if not rest or login in found:
            raise UsageError(
                f'line {number} of "{file}" is no login and its password',
                why="the login stands there before" if login in found else None,
                hint="jdoe@example.org secret",
            )
        found[login] = Secret(rest[0])
    return found
