"""From settings to the live server: its address, its administrator, his password."""

from __future__ import annotations

from urllib.parse import urlsplit

from respool.app.settings import Settings
from respool.errors import UsageError
from respool.system.cyrus_server import ServerAccess
from respool.system.imap_places import ImapAddress

_PORTS = {"imap": 143, "imaps": 993}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def server_access(settings: Settings) -> ServerAccess:
    """How to reach the live server.

    Raises:
        UsageError: an address that is none, or plain IMAP to another machine.
    """
    password = settings.imap_password
    return ServerAccess(
        imapd_conf=settings.imapd_conf,
        address=None if settings.imap is None else imap_address(settings.imap),
        admin=settings.imap_admin,
        password=None if password is None else password.reveal(),
        borrowed=settings.state / "borrowed",
    )


def imap_address(url: str) -> ImapAddress:
    """The address of ``imap://HOST:PORT`` or ``imaps://HOST:PORT``.

    Raises:
        UsageError: something else, or plain IMAP that would leave this machine.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f'"{url}" is no IMAP address', why=str(error)) from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(
            f'"{url}" is no IMAP address', hint="imap://HOST:PORT or imaps://HOST:PORT"
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "names and passwords do not belong into --imap",
            hint="--imap-admin NAME, and RESPOOL_IMAP_PASSWORD_FILE for the password",
        )
    if parts.scheme == "imap" and parts.hostname not in _LOOPBACK:
        raise UsageError(
            f'"{url}" would send the password in the clear to another machine',
            hint=f"imaps://{parts.hostname}",
        )
    return ImapAddress(
        host=parts.hostname, port=port or _PORTS[parts.scheme], is_tls=parts.scheme == "imaps"
    )
