"""Connecting to an IMAP server: sockets, TLS, and logins, by way of the library.

Only here and in ``imap.py`` is the library known. No secret is in any error.
"""

from __future__ import annotations

import imaplib
import itertools
import select
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError

from respool.errors import CertificateNotTrusted, LoginRefused, ServerUnreachable
from respool.system.imap_places import ImapAddress

LOCAL_HINT: Final = "is it running? respool doctor shows what is found; --imap names another place"
_TIMEOUT: Final = SocketTimeout(connect=20.0, read=600.0)
_LOGIN_SECONDS: Final = 60.0  # Dovecot lets nobody in while all that it may start are in use
_OTHER_NAME: Final = frozenset({62, 64})  # OpenSSL: X509_V_ERR_HOSTNAME_ and _IP_ADDRESS_MISMATCH
_ERRORS: Final = (imaplib.IMAP4.error, IMAPClientError)
# A line of the library: SEARCH answers by one, and of a million messages that has 9 MB.
imaplib._MAXLINE = 1 << 26  # type: ignore[attr-defined]  # noqa: SLF001 - no other way to say so


def is_cut_short(error: Exception) -> bool:
    """Whether the library left the rest of a line unread. Source: CPython's imaplib, readline."""
    return str(error).endswith(f"got more than {imaplib._MAXLINE} bytes")  # type: ignore[attr-defined]  # noqa: SLF001 - as above


class TakesOneAtATime(ServerUnreachable):
    """The server keeps one connection waiting for another of ours, which waits for it."""


class _UnixSocketClient(IMAPClient):  # type: ignore[misc]  # the library has no types
    """The library's client over a Unix socket."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        super().__init__("localhost", ssl=False, timeout=_TIMEOUT)

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802 - the library's name
        return _UnixImap4(self._path)


class _UnixImap4(imaplib.IMAP4):
    def __init__(self, path: str) -> None:
        self._path = path
        super().__init__("localhost")

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout or _TIMEOUT.connect)
        try:
            connection.connect(self._path)
        except OSError:
            connection.close()
            raise
        return connection


class Wire:
    """The octets of a logged-in session, between two commands of the library.

    Who sends a command here reads its whole answer here as well.
    """

    def __init__(self, imap: imaplib.IMAP4, address: ImapAddress) -> None:
        self._imap = imap
        self._address = address
        self._tags = itertools.count()

    def new_tag(self) -> bytes:
        """A tag that no command of this connection had, nor will have."""
        return b"respool%d" % next(self._tags)

    def send(self, octets: bytes | bytearray) -> None:
        """Send all of ``octets`` as they are.

        Raises:
            ServerUnreachable: the connection is gone; how much arrived is not known.
        """
        with self._translated():
            self._imap.send(octets)

    def send_some(self, octets: memoryview) -> int:
        """Send the beginning of ``octets``, as much as goes without waiting; how much that was.

        After 0 it has to be the same ``octets`` again: TLS may have begun with them.

        Raises:
            ServerUnreachable: the connection is gone.
        """
        with self._translated():
            connection = self._imap.socket()
            usual = connection.gettimeout()
            connection.settimeout(0)
            try:
                return connection.send(octets)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return 0
            finally:
                connection.settimeout(usual)

    def fileno(self) -> int:
        """The number of its descriptor."""
        return self._imap.socket().fileno()

    def has_octets(self) -> bool:
        """Whether something came that was not read, or the connection is gone."""
        events = select.poll()
        events.register(self.fileno(), select.POLLIN)
        return bool(events.poll(0))

    def has_read_more(self) -> bool:
        """Whether octets were read that nobody asked for yet: no descriptor tells of those."""
        with self._translated():
            connection = self._imap.socket()
            usual = connection.gettimeout()
            stream: Any = self._imap.file  # a buffered reader
            connection.settimeout(0)
            try:
                return bool(stream.peek(1))
            except ssl.SSLWantReadError:
                return False
            finally:
                connection.settimeout(usual)

    def read_line(self) -> bytes:
        """The next line, without its end.

        Raises:
            ServerUnreachable: the connection is gone.
        """
        with self._translated():
            line = bytes(self._imap.readline())
        if not line.endswith(b"\n"):
            raise self.gone("it ended the connection")
        return line.rstrip(b"\r\n")

    def read(self, size: int) -> bytes:
        """The next ``size`` octets.

        Raises:
            ServerUnreachable: the connection is gone.
        """
        with self._translated():
            octets = bytes(self._imap.read(size))
        if len(octets) != size:
            raise self.gone("it ended the connection")
        return octets

    def cut(self) -> None:
        """End the connection at once: what was sent of a command has no effect then."""
        disconnect(self._imap)

    def gone(self, why: str) -> ServerUnreachable:
        """The error that says so."""
        return ServerUnreachable(f"the server at {self._address} is gone", why=why)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, *_ERRORS) as error:  # ValueError: its file is closed
            raise self.gone(str(error)) from error


def wait_for_any(
    writers: Sequence[Wire], reader: Wire | None, *, seconds: float | None = None
) -> bool | None:
    """Wait until one of ``writers`` takes octets or ``reader``, another one, has some.

    Returns whether ``reader`` has; None where none did within ``seconds``. A connection that
    is gone counts as one that is ready.

    Raises:
        ServerUnreachable: none did for as long as a server is waited for.
    """
    events = select.poll()
    for each in writers:
        events.register(each.fileno(), select.POLLOUT)
    if reader is not None:
        events.register(reader.fileno(), select.POLLIN)
    ready = events.poll((_TIMEOUT.read if seconds is None else seconds) * 1000)
    if not ready and seconds is not None:
        return None
    if not ready:
        raise (reader or writers[0]).gone("timed out")
    return reader is not None and reader.fileno() in {number for number, _ in ready}


def disconnect(client: Any) -> None:  # noqa: ANN401 - the library has no types
    """End a connection at once, and never fail at it."""
    with suppress(OSError, *_ERRORS):
        client.shutdown()


def connect(
    address: ImapAddress, context: ssl.SSLContext | None = None, *, hint: str = LOCAL_HINT
) -> Any:  # noqa: ANN401 - the library has no types
    """A connection that is not logged in; ``context`` says whom to trust, else the system does.

    Raises:
        ServerUnreachable: nothing answers there, or not with IMAP.
        CertificateNotTrusted: it is not known to be that server.
    """
    try:
        if address.unix_socket is not None:
            client: Any = _UnixSocketClient(address.unix_socket)
        else:
            client = IMAPClient(
                address.host,
                port=address.port,
                ssl=address.is_tls,
                ssl_context=(context or ssl.create_default_context()) if address.is_tls else None,
                timeout=_TIMEOUT,
            )
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except ssl.SSLError as error:
        raise _no_tls(address, error) from error
    except (OSError, UnicodeError, *_ERRORS) as error:  # UnicodeError: no name of a host
        raise ServerUnreachable(
            f"no IMAP server answers at {address}", why=_said(error), hint=hint
        ) from error
    client._imap.debug = 0  # noqa: SLF001 - else every line, secrets too, is formatted for a log
    client.folder_encode = False
    client.normalise_times = False
    return client


def start_tls(client: Any, address: ImapAddress, context: ssl.SSLContext) -> bool:  # noqa: ANN401
    """Encrypt a plain connection; whether the server offers to.

    Raises:
        ServerUnreachable: it offers to, and then does not.
        CertificateNotTrusted: it is not known to be that server.
    """
    if "STARTTLS" not in client._imap.capabilities:  # noqa: SLF001 - those before a login
        return False
    try:
        client.starttls(context)
    except ssl.SSLError as error:
        raise _no_tls(address, error) from error
    except (OSError, *_ERRORS) as error:
        raise ServerUnreachable(
            f"the server at {address} does not encrypt", why=_said(error)
        ) from error
    return True


def takes_passwords(client: Any) -> bool:  # noqa: ANN401 - the library has no types
    """Whether the server offers a way to log in as the connection is now."""
    offered = client._imap.capabilities  # noqa: SLF001 - those before a login
    return "AUTH=PLAIN" in offered or "LOGINDISABLED" not in offered


def authenticate(
    client: Any,  # noqa: ANN401 - the library has no types
    address: ImapAddress,
    *,
    user: str,
    password: str,
    as_user: str | None = None,
) -> None:
    """Log in; with ``as_user``, ``user`` is an administrator who acts for him.

    What the server can do is read anew afterwards.

    Raises:
        LoginRefused: the server says no, or offers no way.
        ServerUnreachable: the connection is gone.

    Source: RFC 4616 (PLAIN), RFC 3501, sections 6.2.2, 6.2.3 and 7.2.1 (LOGINDISABLED).
    """
    who = user if as_user is None else f"{user} as {as_user}"
    imap: imaplib.IMAP4 = client._imap  # noqa: SLF001 - what it may do is not told elsewhere
    refused = f"the server at {address} refused the login of {who}"
    if imap.state != "NONAUTH":
        raise LoginRefused(refused, why="it greets as if somebody had logged in already")
    imap.untagged_responses.pop("CAPABILITY", None)
    try:
        client.socket().settimeout(_LOGIN_SECONDS)
        if "AUTH=PLAIN" in imap.capabilities:
            client.plain_login(user, password, as_user)
        elif as_user is not None:
            raise LoginRefused(refused, why="it does not offer AUTH=PLAIN, which that needs")
        elif "LOGINDISABLED" in imap.capabilities:
            raise LoginRefused(refused, why="it takes no password here", hint="imaps://")
        else:
            _log_in(imap, user, password)
        client._cached_capabilities = None  # noqa: SLF001 - those from before do not count
        client.capabilities()
        client.socket().settimeout(_TIMEOUT.read)
    except (OSError, *_ERRORS) as error:
        # The library makes a refused login of a connection that is cut within it.
        is_cut = isinstance(error.__context__, imaplib.IMAP4.abort)
        if is_cut or isinstance(error, imaplib.IMAP4.abort | OSError):
            gone = f"the server at {address} is gone"
            raise ServerUnreachable(gone, why=_said(error)) from None
        why = _said(error).replace(password, "…") if password else _said(error)
        raise LoginRefused(refused, why=why) from None  # a cause would show what it was sent


def _log_in(imap: imaplib.IMAP4, user: str, password: str) -> None:
    """LOGIN; the library would not quote the name, nor send a password that is not ASCII."""
    if not all(" " <= each <= "~" for each in user):
        raise imaplib.IMAP4.error("without AUTH=PLAIN it takes a name of ASCII alone")
    imap.literal = password.encode("utf-8")  # type: ignore[assignment]  # octets or a function
    escaped = user.replace("\\", "\\\\").replace('"', '\\"')
    status, said = imap.xatom("LOGIN", f'"{escaped}"')
    if status != "OK":
        raise imaplib.IMAP4.error(b" ".join(filter(None, said)).decode("utf-8", "replace"))
    imap.state = "AUTH"


def _no_tls(
    address: ImapAddress, error: ssl.SSLError
) -> ServerUnreachable | CertificateNotTrusted:
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = "--ca-file FILE names the certificate of who vouches for it"
        if error.verify_code in _OTHER_NAME:
            hint = "the address needs the name that the certificate is for"
        return CertificateNotTrusted(
            f"the certificate of {address} is not trusted", why=error.verify_message, hint=hint
        )
    return ServerUnreachable(
        f"no TLS with the server at {address}",
        why=_said(error),
        hint="imaps:// is TLS from the start; imap:// begins without",
    )


def _said(error: Exception) -> str:
    said = error.args[0] if len(error.args) == 1 else str(error)
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
