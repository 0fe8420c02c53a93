"""Accounts: a user or a mailshare with all its mailboxes, and folder paths inside one."""

from __future__ import annotations

from enum import StrEnum

from respool.model.dataclasses import dataclass
from respool.model.names import DELETED, USER, MailboxName, decoded_part, encoded_part

INBOX = "INBOX"


class AccountKind(StrEnum):
    """What an account is."""

    USER = "user"  # a person's mailboxes, below user/
    MAILSHARE = "mailshare"  # a shared account at the top of its domain


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Account:
    """One user or mailshare. ``login`` is the name's own part, still encoded."""

    kind: AccountKind
    login: str
    domain: str | None

    @property
    def root(self) -> MailboxName:
        """The mailbox that people know as INBOX, or a mailshare's root."""
        parts = (USER, self.login) if self.kind is AccountKind.USER else (self.login,)
        return MailboxName(domain=self.domain, parts=parts)

    @property
    def address(self) -> str:
        """``jdoe@bluemind.loc``: as people write it."""
        login = decoded_part(self.login)
        return login if self.domain is None else f"{login}@{self.domain}"

    @property
    def userid(self) -> str:
        """The owner's name in ACLs and at login; only a user has one that can log in."""
        return self.login if self.domain is None else f"{self.login}@{self.domain}"


def account_of(name: MailboxName) -> Account | None:
    """The account that ``name`` belongs to; of a DELETED mailbox, its former one.

    None for names that belong to nobody (``user`` alone).
    """
    parts = name.parts[1:] if name.is_deleted else name.parts
    if parts[0] != USER:
        return Account(kind=AccountKind.MAILSHARE, login=parts[0], domain=name.domain)
    if len(parts) < 2:
        return None
    return Account(kind=AccountKind.USER, login=parts[1], domain=name.domain)


def folder_path(name: MailboxName) -> str:
    """``name`` as a path inside its account, decoded: ``INBOX``, ``Projects/2017/Q3``.

    A deleted mailbox keeps its whole place: ``DELETED/Projects/2017/673C4583``. A real
    first-level folder called INBOX is written ``./INBOX``.
    """
    parts = list(name.parts)
    prefix: list[str] = []
    if name.is_deleted:
        prefix = [DELETED]
        parts = parts[1:]
    parts = parts[2:] if parts[0] == USER else parts[1:]
    shown = prefix + [decoded_part(part) for part in parts]
    if not shown:
        return INBOX
    if shown[0] == INBOX:
        return "/".join([".", *shown])
    return "/".join(shown)


def folder_parts(path: str) -> tuple[str, ...]:
    """The encoded parts below an account's root of a path as people type it.

    ``INBOX`` alone is the root: no parts.

    Raises:
        ValueError: an empty part.

    >>> folder_parts("Éléments envoyés/2017")
    ('&AMk-l&AOk-ments envoy&AOk-s', '2017')
    """
    if path == INBOX:
        return ()
    plain = path.removeprefix("./").strip("/")
    parts = tuple(encoded_part(part) for part in plain.split("/"))
    if not all(parts):
        raise ValueError(f"a folder path with an empty part: {path!r}")
    return parts
