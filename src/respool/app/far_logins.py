"""Who logs in at another server, for whom, and with which password."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from respool.app.settings import Secret, Settings
from respool.errors import LoginRefused, UsageError
from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.names import encoded_part
from respool.system.bluemind_sessions import BluemindSessions, UserSession
from respool.system.imap import ImapSession
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapPlace, parse_imap_place
from respool.system.imap_server import ImapServer
from respool.system.ownership import is_for_us_alone

_HOW: Final = "RESPOOL_TO_PASSWORD_FILE names a file with the password, --credentials one of many"
_SHARE: Final = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class FarAccount:
    """An account of another server: ``login`` logs in for ``user``, often the same.

    ``share`` is the name of a mailshare that he may write to, and whose mail it is then.
    ``is_by_login``: of what a person typed, only the login there says that he is meant.
    """

    place: ImapPlace
    login: str
    user: str
    share: str | None = None
    is_by_login: bool = False

    @property
    def account(self) -> Account:
        """Whose mail it is there."""
        name, at, domain = self.user.rpartition("@")
        login, of = (name, domain) if at else (self.user, None)
        if self.share is not None:
            return Account(kind=AccountKind.MAILSHARE, login=encoded_part(self.share), domain=of)
        return Account(kind=AccountKind.USER, login=encoded_part(login), domain=of)

    @property
    def where(self) -> str:
        """The server's address with who logs in, without a secret."""
        folder = () if self.share is None else (_SHARE, self.share)
        return str(ImapPlace(address=self.place.address, user=self.login, folder=folder))


def far_account(
    typed: str, account: str, as_user: str | None, domains: Mapping[str, str]
) -> FarAccount:
    """The account that ``--to`` names; without a user in it the one that is restored.

    ``account`` is as a person typed it, ``domains`` the new one by the old.

    Raises:
        UsageError: no address, or nobody in it and an account that is no login, or one that
            another is to log in for.
    """
    place = parse_imap_place(typed)
    if as_user is not None and place.user is None:
        raise UsageError(
            f"who logs in for {as_user} is not known from {typed}",
            hint=f"an administrator of that server: --to {place.with_user('admin')}",
        )
    share = share_of(place)
    if share is not None and place.user is None:
        raise UsageError(
            f"who writes to the mailshare {share} is not known from {typed}",
            hint=f"one who may: --to {place.with_user('jdoe@example.org')},"
            " or --bluemind-api, and one of its writers is found",
        )
    login = place.user if place.user is not None else mapped_login(account, domains)
    return FarAccount(place=place, login=login, user=as_user or login, share=share)


def share_of(place: ImapPlace) -> str | None:
    """The mailshare that an address names: ``imaps://jdoe%40example.org@HOST/share/contact``.

    Raises:
        UsageError: it names a folder of another kind.
    """
    match place.folder:
        case ():
            return None
        case ("share", name):
            return name.partition("@")[0]
        case _:
            raise UsageError(
                f'--to "{place}" names a folder',
                hint="--into names the new folder of a restore; /share/NAME a mailshare",
            )


def far_server(
    settings: Settings, far: FarAccount, sessions: BluemindSessions | None = None
) -> ImapServer:
    """That account, reached once the first session is asked for.

    A password that was given is used; else ``sessions``, where there are any, give one.

    Raises:
        LoginRefused: there is no password for it.
    """
    given = given_password(settings, far.login)
    if given is None and sessions is not None:
        session_of = _by_key(settings, far, sessions)
    else:
        session_of = _by_password(settings, far, given or _asked(settings, far.login))
    return ImapServer(where=far.where, login=far.login, user=far.user, enter=session_of)


def _by_password(
    settings: Settings, far: FarAccount, password: Secret
) -> Callable[[str], ImapSession]:
    trust = _trust(settings)

    def session_of(userid: str) -> ImapSession:
        as_user = userid if userid != far.login else None
        credentials = Credentials(user=far.login, password=password.reveal(), as_user=as_user)
        return enter(far.place.address, credentials, trust)

    return session_of


def _by_key(
    settings: Settings, far: FarAccount, sessions: BluemindSessions
) -> Callable[[str], ImapSession]:
    """By the key of a session of BlueMind; once it has expired, by that of a new one."""
    trust = _trust(settings)
    if far.login != far.user:
        raise UsageError(
            "--as is for administrators of the IMAP service",
            why="with BlueMind's API each user has a session of his own",
            hint=f"--to {far.place.with_user(far.user)}",
        )

    def entered(session: UserSession) -> ImapSession:
        credentials = Credentials(user=session.login, password=session.key)
        return enter(far.place.address, credentials, trust)

    def session_of(_userid: str) -> ImapSession:
        session = sessions.session_of(far.login)
        try:
            return entered(session)
        except LoginRefused:
            session = sessions.renewed(far.login, session)
        return entered(session)

    return session_of


def _trust(settings: Settings) -> Trust:
    return Trust(ca_file=settings.ca_file, is_insecure=settings.is_insecure)


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


def given_password(settings: Settings, login: str) -> Secret | None:
    """The password of ``login`` that a file or a variable gives."""
    if settings.credentials is not None:
        found = _credentials(settings.credentials).get(login)
        if found is not None:
            return found
    return settings.to_password


def _asked(settings: Settings, login: str) -> Secret:
    if settings.ask is None:
        is_elsewhere = settings.bluemind_api is not None
        why = (
            "--bluemind-api is of another host than --to, and not asked" if is_elsewhere else None
        )
        raise LoginRefused(f"there is no password for {login}", why=why, hint=_HOW)
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
