"""Into any IMAP server: encrypted where that matters, as a user or on his behalf."""

from __future__ import annotations

import ssl
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from respool.errors import NotEncrypted, UsageError
from respool.model.dataclasses import dataclass
from respool.system.imap import ImapSession
from respool.system.imap_connection import (
    authenticate,
    connect,
    disconnect,
    start_tls,
    takes_passwords,
)
from respool.system.imap_places import ImapAddress

_HINT: Final = "is the address right, and may this machine reach it?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who logs in, and with what; with ``as_user``, ``user`` is an administrator for him."""

    user: str
    password: str = field(repr=False)
    as_user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What has to hold of a connection.

    Certificates are always verified, with the host's name: by the system's roots, or by
    those in ``ca_file`` (PEM) alone. ``is_insecure``: a server of another machine that
    offers no encryption is spoken to without.
    """

    ca_file: Path | None = None
    is_insecure: bool = False


def enter(address: ImapAddress, credentials: Credentials, trust: Trust) -> ImapSession:
    """A logged-in session, which the caller closes.

    Over ``imap://`` to another machine the connection is encrypted (STARTTLS) before
    anything is said of who logs in; on this machine only where the server wants it.

    Raises:
        ServerUnreachable: nothing answers, or not with IMAP.
        CertificateNotTrusted: it is not known to be that server.
        NotEncrypted: the password would cross the network in the clear.
        LoginRefused: the server says no.
        UsageError: ``ca_file`` holds no certificates.
    """
    context = _context(trust) if address.is_tls else None
    client: Any = connect(address, context, hint=_HINT)
    try:
        if not address.is_tls:
            _encrypt(client, address, trust)
        authenticate(
            client,
            address,
            user=credentials.user,
            password=credentials.password,
            as_user=credentials.as_user,
        )
    except BaseException:
        disconnect(client)
        raise
    return ImapSession(client, address)


def _encrypt(client: Any, address: ImapAddress, trust: Trust) -> None:  # noqa: ANN401
    if address.is_loopback and takes_passwords(client):
        return
    is_encrypted = start_tls(client, address, _context(trust))
    if not (is_encrypted or address.is_loopback or trust.is_insecure):
        raise NotEncrypted(
            f"the server at {address} offers no encryption",
            why="the password and all mail would cross the network in the clear",
            hint=f"imaps://{address.host}",
        )


def _context(trust: Trust) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=trust.ca_file)
    except OSError as error:  # ssl.SSLError is one: no certificate in it
        raise UsageError(
            f"{trust.ca_file} holds no certificates that can be read", why=str(error)
        ) from error
