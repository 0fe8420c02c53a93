"""A real, packaged Cyrus IMAP server of our own, in a directory of our own.

No container, a fraction of a second to start, any number side by side. It needs root,
because the server's programs run as the user ``cyrus``.
"""

from __future__ import annotations

import atexit
import contextlib
import imaplib
import socket
import subprocess
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from imapclient import IMAPClient

from tests.support.appending import NewMessage, append_messages
from tests.support.cyrus_configuration import (
    ADMIN,
    PARTITIONS,
    CyrusFiles,
    Layout,
    find_free_port,
    write_configuration,
)
from tests.support.cyrus_master import LOOPBACK, CyrusMaster, ProcessesLeft, ServerDidNotStart
from tests.support.distribution import INSTALLED, Distribution
from tests.support.password_daemon import PasswordDaemon
from tests.support.server_root import check_reachable, server_root
from tests.support.syslog_capture import is_error_line, shared_syslog

__all__ = [
    "NewMessage",
    "PrivateCyrus",
    "ProcessesLeft",
    "ServerDidNotStart",
    "append_messages",
    "is_cyrus_installed",
    "server_root",
]


class PrivateCyrus:
    """A Cyrus server below ``root``, with settings like BlueMind's.

    ``layout`` "names" has directories after mailbox names, "uuid" after uniqueids.
    ``overrides`` are options of imapd.conf that win over ours, or are added to them.
    Every login has the password ``password``, and none has another.
    ``distribution`` is whose programs it runs; the installed ones unless told otherwise.
    ``root`` must be a path without blanks that the user cyrus can reach: see
    ``server_root``. Mail that already lies in its directories is served.
    """

    admin = ADMIN
    host = LOOPBACK

    def __init__(
        self,
        root: Path,
        layout: Layout = "names",
        overrides: Mapping[str, str] | None = None,
        password: str = "secret",
        partitions: Sequence[str] = PARTITIONS,
        distribution: Distribution = INSTALLED,
    ) -> None:
        self.distribution = distribution
        self.files = CyrusFiles(root=root.resolve(), partitions=tuple(partitions))
        self.layout = layout
        self.overrides = dict(overrides or {})
        self.password = password
        self.port = find_free_port()
        self.version = ""
        self._master = CyrusMaster(self.files, self.port, distribution.programs)
        self._passwords = PasswordDaemon(self.files.password_socket, password)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def root(self) -> Path:
        """The directory below which everything of this server lies."""
        return self.files.root

    @property
    def imapd_conf(self) -> Path:
        """The server's imapd.conf, which includes two files beside it."""
        return self.files.imapd_conf

    @property
    def cyrus_conf(self) -> Path:
        """The master's cyrus.conf."""
        return self.files.cyrus_conf

    @property
    def is_running(self) -> bool:
        """Whether the master runs."""
        return self._master.is_running

    def start(self) -> None:
        """Bring the server up, and return when it greets. Twice is the same as once.

        Raises:
            ServerDidNotStart: nothing runs then.
        """
        if self.is_running:
            return
        self.configure()
        _STARTED.add(self)
        self._passwords.start()
        try:
            self.version = self._master.start()
        except BaseException:
            self._passwords.stop()
            raise

    def configure(self) -> None:
        """Write the configuration and make directories, as ``start`` does first of all.

        With that done, tools can be run before the first start.
        """
        check_reachable(self.root)
        shared_syslog()
        write_configuration(
            self.files,
            layout=self.layout,
            port=self.port,
            overrides=self.overrides,
            programs=self.distribution.programs,
        )

    def stop(self) -> None:
        """End all processes, politely, then by force. Twice is the same as once.

        Raises:
            ProcessesLeft: some could not be ended.
        """
        self._passwords.stop()
        self._master.stop()

    def kill(self) -> None:
        """End all processes at once, as a power cut would; ``start`` brings it up again.

        Raises:
            ProcessesLeft: some could not be ended.
        """
        self._master.kill()

    def restart(self) -> None:
        """Stop, then start, on the same port."""
        self.stop()
        self.start()

    def processes(self) -> tuple[int, ...]:
        """Ids of the server's processes, ascending; empty when it is stopped."""
        return self._master.processes()

    def trust(self, opens: Callable[[str, str], bool]) -> None:
        """Take further passwords: those that ``opens`` says a login has."""
        self._passwords.opens = opens

    def client(self) -> IMAPClient:
        """A connection that nobody has logged in on; use it in ``with``.

        INTERNALDATEs come as aware times.
        """
        client = IMAPClient(self.host, port=self.port, ssl=False, timeout=60)
        client.normalise_times = False
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def admin_client(self) -> IMAPClient:
        """A connection of the administrator; use it in ``with``."""
        client = self.client()
        client.login(self.admin, self.password)
        return client

    def client_as(self, user: str) -> IMAPClient:
        """A connection as ``user``, by the administrator's password (a proxy login)."""
        client = self.client()
        client.plain_login(self.admin, self.password, user)
        return client

    def run_tool(
        self, name: str, *arguments: str, timeout_seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """What ``name`` of the server's own programs said, run as the user cyrus.

        The status is not checked. Octets that are no UTF-8 come as surrogates. Python would
        copy this process, with all its tests, to switch the user itself.
        """
        command = [str(self.distribution.programs / name), "-C", str(self.imapd_conf), *arguments]
        return subprocess.run(
            ["setpriv", "--reuid=cyrus", "--regid=mail", "--clear-groups", "--", *command],
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            timeout=timeout_seconds,
            cwd=self.root,
        )

    def create_mailbox(self, name_admin: str, partition: str | None = None) -> None:
        """Make a mailbox, given as an administrator writes it (``user/jdoe/Sent@b.loc``)."""
        arguments = [f'"{name_admin}"'] + ([partition] if partition else [])
        with imaplib.IMAP4(self.host, self.port) as connection:
            connection.login(self.admin, self.password)
            status, answer = connection.xatom("CREATE", *arguments)
            if status != "OK":
                raise imaplib.IMAP4.error(f"CREATE {name_admin}: {answer!r}")

    def create_user(self, name: str, partition: str | None = "bluemind_loc") -> str:
        """Make the INBOX of a login (``jdoe@bluemind.loc``), and return its admin name."""
        self.create_mailbox(f"user/{name}", partition)
        return f"user/{name}"

    def add_messages(self, user: str, folder: str, messages: Sequence[NewMessage]) -> None:
        """Append ``messages`` to ``folder`` as ``user``, in order, octets as they are."""
        with self.client_as(user) as client:
            append_messages(client, folder, messages)

    def add_user_with_messages(
        self, name: str, messages: Sequence[NewMessage], partition: str | None = "bluemind_loc"
    ) -> str:
        """Make an account whose INBOX has ``messages``, and return the INBOX's admin name."""
        mailbox = self.create_user(name, partition)
        self.add_messages(name, "INBOX", messages)
        return mailbox

    def log_lines(self) -> tuple[str, ...]:
        """What this server and its tools said to syslog; empty if that is not collected."""
        return shared_syslog().lines(self.files.tag)

    def error_lines(self) -> tuple[str, ...]:
        """Those of its syslog lines that tell of an error or a crash."""
        return tuple(line for line in self.log_lines() if is_error_line(line))


def is_cyrus_installed() -> bool:
    """Whether the packaged server is there."""
    return INSTALLED.is_there


def _stop_all() -> None:
    for server in list(_STARTED):
        with contextlib.suppress(ProcessesLeft):
            server.stop()


_STARTED: weakref.WeakSet[PrivateCyrus] = weakref.WeakSet()
atexit.register(_stop_all)
