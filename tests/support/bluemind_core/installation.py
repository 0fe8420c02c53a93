"""What a test says of the installation that the stand-in core runs: small values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MASTER: Final = "bm-master"


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A domain. ``uid`` may be technical (``1718a2b3c4d.internal``); people know its aliases.

    ``most_quota_kib``: the largest quota that its mailboxes may have; 0 or none is refused
    then, too.
    """

    uid: str
    aliases: tuple[str, ...] = ()
    default_alias: str | None = None
    most_quota_kib: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server. Its address is its ``ip``, or its ``fqdn`` where there is none."""

    uid: str = MASTER
    ip: str | None = "127.0.0.1"
    fqdn: str = "mail.bluemind.loc"
    tags: tuple[str, ...] = ("bm/core", "mail/imap", "bm/es", "bm/pgsql")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user. ``emails``: the main one first; ``jdoe@*`` is one in all aliases of the domain.

    ``shared_with`` has a verb (Read, Write, All, …) by directory uid. ``roles`` are what a key
    of this user opens. Cyrus's ACLs name the user by ``uid``: since the private Cyrus knows
    nothing of the directory, only a user whose uid is the login can be let in there.
    """

    uid: str
    login: str
    domain: str
    name: str = ""
    emails: tuple[str, ...] = ()
    quota_kib: int | None = None
    is_archived: bool = False
    server: str = MASTER
    shared_with: Mapping[str, str] = field(default_factory=dict)
    password: str = "secret"
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailshare:
    """A mailshare: ``name`` is what Cyrus calls it; it may have no address at all."""

    uid: str
    name: str
    domain: str
    emails: tuple[str, ...] = ()
    quota_kib: int | None = None
    is_archived: bool = False
    server: str = MASTER
    shared_with: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """All of it. ``groups`` has the uids of users by the uid of a group."""

    domains: tuple[Domain, ...] = ()
    servers: tuple[Server, ...] = (Server(),)
    users: tuple[User, ...] = ()
    mailshares: tuple[Mailshare, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
