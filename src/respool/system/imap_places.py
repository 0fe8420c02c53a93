"""Where an IMAP server is, and what of it is meant: addresses as people write them.

A value, which holds no secret and touches nothing.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from respool.errors import UsageError
from respool.model.dataclasses import dataclass

_PORTS: Final = {"imap": 143, "imaps": 993}
_URL: Final = re.compile(r"(?i:(imaps?))://([^/?#]*)(/[^?#]*)?", re.ASCII)
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]\s:%;,&=]+))(?::(\d{1,5}))?", re.ASCII)
_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_MOST_PORT: Final = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAddress:
    """Where a server listens: a Unix socket, or host and port."""

    host: str = "127.0.0.1"
    port: int = 143
    unix_socket: Path | None = None
    is_tls: bool = False

    def __str__(self) -> str:
        if self.unix_socket is not None:
            return f"our own door {self.unix_socket}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'imaps' if self.is_tls else 'imap'}://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether nothing that is sent there leaves this machine."""
        if self.unix_socket is not None or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapPlace:
    """A server, and of it an account and a folder, where they were named.

    ``user`` is the account's login, decoded. ``folder`` has the parts of a folder's name
    from the root inwards, decoded; what separates them is the server's own affair.
    """

    address: ImapAddress
    user: str | None = None
    folder: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As `parse_imap_place` reads it: ``imaps://jdoe%40example.org@mail.example.org:993``."""
        scheme, _, host = str(self.address).partition("://")
        user = "" if self.user is None else f"{quote(self.user, safe='')}@"
        return "/".join(
            [f"{scheme}://{user}{host}", *(quote(part, safe="") for part in self.folder)]
        )

    def with_user(self, user: str) -> ImapPlace:
        """The same place, of that account."""
        return replace(self, user=user)


def parse_imap_place(text: str) -> ImapPlace:
    """The place that ``imaps://USER@HOST:PORT/FOLDER/FOLDER`` names; all but the host may lack.

    Parts are percent-encoded UTF-8. An ``@`` of a login may stand as it is, since a host
    has none. ``imaps`` is TLS from the first octet (993), ``imap`` is not (143).

    Raises:
        UsageError: it is none, or holds a password (which the error does not show).

    Source: RFC 5092, sections 3 and 11, without its authentication types, UIDs and searches.

    >>> str(parse_imap_place("imaps://jdoe@example.org@Mail.example.org/Old%20mail/2019"))
    'imaps://jdoe%40example.org@mail.example.org:993/Old%20mail/2019'
    """
    found = _URL.fullmatch(text)
    if found is None:
        raise _no_place(text)
    scheme = found[1].lower()
    login, at, host = found[2].rpartition("@")
    if ":" in login:
        raise UsageError(
            f"a password does not belong into an address: {_shown(text)}",
            hint="it comes from a file, a variable or a prompt",
        )
    where = _HOST.fullmatch(host)
    if where is None or not 0 < int(where[3] or _PORTS[scheme]) <= _MOST_PORT:
        raise _no_place(text)
    address = ImapAddress(
        host=(where[1] or where[2]).lower(),
        port=int(where[3] or _PORTS[scheme]),
        is_tls=scheme == "imaps",
    )
    user = _decoded(login, text) if at else None
    parts = (found[3] or "/").removesuffix("/").split("/")[1:]
    return ImapPlace(
        address=address, user=user, folder=tuple(_decoded(part, text) for part in parts)
    )


def _decoded(part: str, text: str) -> str:
    try:
        decoded = unquote(part, errors="strict")
    except UnicodeDecodeError as error:
        raise _no_place(text) from error
    is_odd = _PERCENT.search(part) or ";" in part
    if not decoded or is_odd or any(each < " " or each == "\x7f" for each in decoded):
        raise _no_place(text)
    return decoded


def _no_place(text: str) -> UsageError:
    return UsageError(
        f'"{_shown(text)}" is no address of an IMAP server',
        hint="imaps://USER%40DOMAIN@HOST or imap://USER%40DOMAIN@HOST:PORT",
    )


def _shown(text: str) -> str:
    """``text`` without what may be a password."""
    scheme, separator, rest = text.partition("://")
    login, at, host = rest.rpartition("@")
    if not at:
        return text
    name, colon, _ = login.partition(":")
    return f"{scheme}{separator}{name}{':…' if colon else ''}@{host}"
