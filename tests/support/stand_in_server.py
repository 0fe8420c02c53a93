"""A stand-in IMAP server, in Python and in memory, that offers what a test tells it to.

No server of the world: it shows how a client copes with one that offers so much and no
more. Names are compared octet by octet, but for INBOX.
"""

from __future__ import annotations

import itertools
import re
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Self

from tests.support.certificates import Certificates
from tests.support.kept_mail import KeptAccount, KeptFolder, new_account
from tests.support.message_commands import NewMail
from tests.support.stand_in_connection import Refusal
from tests.support.stand_in_session import StandInSession

OTHER_USERS: Final = "Other users/"
SHARED: Final = "Shared folders/"


class StandInServer:
    """Serves ``accounts``, and ``shared`` folders that each of them sees.

    ``capabilities`` are what it offers, and does: IMAP4rev1 with LITERAL+, UIDPLUS,
    MULTIAPPEND and so on. ``refuse`` says why it takes no message of such octets.
    ``commands`` are the names of all that it was sent. ``admin`` may act for others.
    ``sessions`` are those since the last cut. ``certificates`` are for STARTTLS, or for TLS
    from the start. ``opens`` says which further passwords a login has.
    """

    host = "127.0.0.1"
    admin = "admin0"
    name = "a stand-in"
    prefixes: tuple[str, str] = (OTHER_USERS, SHARED)
    may = "lrswipkxtea"  # what everybody may do everywhere, as MYRIGHTS tells it

    def __init__(
        self,
        capabilities: Sequence[str],
        *,
        password: str = "secret",
        certificates: Certificates | None = None,
        is_tls: bool = False,
    ) -> None:
        self.capabilities = tuple(capabilities)
        self.password = password
        self.accounts: dict[str, KeptAccount] = {}
        self.shared: dict[str, KeptFolder] = {}
        self.refuse: Callable[[bytes], str | None] = lambda _octets: None
        self.most_octets: int | None = None
        self.opens: Callable[[str, str], bool] = lambda _login, _password: False
        self.commands: list[str] = []
        self.lock = threading.RLock()
        self.context: ssl.SSLContext | None = None
        if certificates is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificates.chain, certificates.key)
        self._is_tls = is_tls
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self.sessions: list[StandInSession] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_listening()
        self.cut_all()
        for thread in self._threads:
            thread.join(timeout=10)

    def stop_listening(self) -> None:
        """Let nobody connect any more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def cut_all(self) -> None:
        """End the connection of each client, as a crash would; mail is kept."""
        with self.lock:
            sessions, self.sessions = self.sessions, []
        for session in sessions:
            session.close()

    def add_account(self, login: str, *, quota_octets: int | None = None) -> KeptAccount:
        """A new account with the folders that each has from the start."""
        with self.lock:
            self.accounts[login] = new_account(quota_octets)
            return self.accounts[login]

    def add_mailshare(self, name: str) -> KeptFolder:
        """A folder that each account sees among the shared ones; new ones go below it."""
        with self.lock:
            self.shared[name] = KeptFolder()
            return self.shared[name]

    def names_for(self, login: str) -> list[str]:
        """All folders that ``login`` sees, sorted."""
        shared = [self.prefixes[1] + name for name in self.shared]
        return sorted([*self.accounts[login].folders, *shared])

    def folder(self, login: str, name: str) -> KeptFolder:
        """A folder as ``login`` calls it.

        Raises:
            Refusal: there is none.
        """
        folders, own = self._place(login, name)
        if own not in folders:
            raise Refusal("[NONEXISTENT] no such folder")
        return folders[own]

    def create(self, login: str, name: str) -> None:
        """A new folder, with those above it that are missing.

        Raises:
            Refusal: it is there, or cannot be called that.
        """
        folders, own = self._place(login, name)
        parts = own.split("/")
        if own in folders or "" in parts or re.search(r"[^ -~]|[*%]", own):
            raise Refusal("[ALREADYEXISTS] it exists" if own in folders else "a bad name")
        if folders is self.shared and parts[0] not in folders:
            raise Refusal("[NOPERM] no mailshare is made here")
        for path in itertools.accumulate(parts, "{}/{}".format):
            folders.setdefault(path, KeptFolder())

    def delete(self, login: str, name: str) -> None:
        """Remove a folder and its mail, not those below it.

        Raises:
            Refusal: there is none, or it has to stay.
        """
        folder = self.folder(login, name)
        folders, own = self._place(login, name)
        if own == "INBOX" or folder.special_use is not None:
            raise Refusal("[CANNOT] it has to stay")
        del folders[own]

    def rename(self, login: str, old: str, new: str) -> None:
        """Rename a folder with all below it.

        Raises:
            Refusal: there is none, or the new name is taken.
        """
        self.folder(login, old)
        folders, own = self._place(login, old)
        there, own_new = self._place(login, new)
        if own_new in there or there is not folders or own == "INBOX":
            raise Refusal("[ALREADYEXISTS] it cannot be called that")
        for name in [each for each in folders if each == own or each.startswith(f"{own}/")]:
            folders[own_new + name.removeprefix(own)] = folders.pop(name)

    def append(self, login: str, name: str, mails: Sequence[NewMail]) -> str:
        """Add all of ``mails`` or none; what is said then.

        Raises:
            Refusal: one is refused, the folder is not there, or the account is full.
        """
        try:
            folder = self.folder(login, name)
        except Refusal:
            raise Refusal("[TRYCREATE] no such folder") from None
        account = self.accounts[login]
        size = sum(len(each.octets) for each in mails)
        if account.quota_octets is not None and account.size_bytes + size > account.quota_octets:
            raise Refusal("[OVERQUOTA] Over quota")
        for mail in mails:
            why = self.refuse(mail.octets)
            if why is not None:
                raise Refusal(why)
        uids = [folder.add(each.octets, each.flags, each.internaldate).uid for each in mails]
        if "UIDPLUS" not in self.capabilities:
            return "APPEND completed"
        span = str(uids[0]) if len(uids) == 1 else f"{uids[0]}:{uids[-1]}"
        return f"[APPENDUID {folder.uidvalidity} {span}] APPEND completed"

    def refuse_long(self, octets: bytes) -> str | None:
        """A rule for ``refuse``: no more than ``most_octets``."""
        return self.why_not(len(octets))

    def say_bye(self, _octets: bytes) -> str | None:
        """A rule for ``refuse``: whoever sends mail is sent away."""
        for session in self.sessions:
            session.send("* BYE I had enough\r\n")
        self.cut_all()
        return None

    def why_not(self, size: int) -> str | None:
        """Why a literal that waits is not asked for."""
        if self.most_octets is not None and size > self.most_octets:
            return "[TOOBIG] too large"
        return None

    def _place(self, login: str, name: str) -> tuple[dict[str, KeptFolder], str]:
        if name.startswith(self.prefixes[1]):
            return self.shared, name.removeprefix(self.prefixes[1])
        return self.accounts[login].folders, "INBOX" if name.upper() == "INBOX" else name

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._start(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._is_tls and self.context is not None:
            try:
                connection = self.context.wrap_socket(connection, server_side=True)
            except OSError:
                connection.close()
                return
        session = StandInSession(self, connection)
        with self.lock:
            self.sessions.append(session)
        session.run()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="stand-in", daemon=True)
        self._threads.append(thread)
        thread.start()
