"""The connection of one client to a stand-in IMAP server: lines, logins, who may say what."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from tests.support.imap_words import (
    EndOfClient,
    RefusedLiteral,
    Word,
    quoted,
    read_command,
    text,
    words_of,
)

if TYPE_CHECKING:
    from tests.support.stand_in_server import StandInServer

_BEFORE_LOGIN: Final = {"AUTHENTICATE", "CAPABILITY", "ID", "LOGIN", "LOGOUT", "NOOP", "STARTTLS"}
_SELECTED: Final = {"CHECK", "CLOSE", "EXPUNGE", "FETCH", "SEARCH", "STORE"}
_BY_UID: Final = {"EXPUNGE", "FETCH", "SEARCH", "STORE"}
_NEEDS: Final = {
    "GETACL": "ACL",
    "GETQUOTA": "QUOTA",
    "GETQUOTAROOT": "QUOTA",
    "MYRIGHTS": "ACL",
    "NAMESPACE": "NAMESPACE",
    "SETACL": "ACL",
    "DELETEACL": "ACL",
    "STARTTLS": "STARTTLS",
    "XLIST": "XLIST",
}
_WAITING: Final = {"AUTHENTICATE", "IDLE"}  # for a line of the client: others go on meanwhile
Action: TypeAlias = Callable[[list[Word]], "str | None"]


class Refusal(Exception):
    """A command is answered with NO, or with BAD where it makes no sense."""

    def __init__(self, words: str, status: str = "NO") -> None:
        super().__init__(words)
        self.status = status


class Goodbye(Exception):
    """The session ends."""


class StandInConnection:
    """Answers one client until it goes; what it can do with mail is added by who inherits."""

    def __init__(self, server: StandInServer, connection: socket.socket) -> None:
        self.server = server
        self.login: str | None = None
        self._connection = connection
        self._stream = connection.makefile("rb")
        self.selected: str | None = None
        self.is_by_uid = False

    def run(self) -> None:
        """Greet, and answer until the client goes."""
        try:
            self.send(f"* OK [CAPABILITY {self._offered()}] {self.server.name} ready\r\n")
            while True:
                self._one_command()
        except (EndOfClient, Goodbye, OSError):
            pass
        finally:
            with suppress(OSError):
                self._stream.close()
            self.close()

    def close(self) -> None:
        """End the connection, from whichever side."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _one_command(self) -> None:
        try:
            parts = read_command(self._stream, self._go_on, self.server.why_not)
        except RefusedLiteral as refused:
            self.send(f"{refused.tag} NO {refused}\r\n")
            return
        first = parts[0]
        assert isinstance(first, bytes)
        tag = first.split(b" ")[0].decode("ascii", "replace")
        try:
            words = words_of([first.partition(b" ")[2], *parts[1:]])
            name = text(words[0]).upper()
            said = self._answer(words)
        except Refusal as refusal:
            self.send(f"{tag} {refusal.status} {refusal}\r\n")
        except (ValueError, IndexError) as error:
            self.send(f"{tag} BAD {error}\r\n")
        else:
            self.send(f"{tag} OK {said or 'Completed'}\r\n")
            if name == "STARTTLS":
                self._encrypt()
            if name == "LOGOUT":
                raise Goodbye

    def _answer(self, words: list[Word]) -> str | None:
        name = text(words.pop(0)).upper()
        self.is_by_uid = name == "UID"
        if self.is_by_uid:
            name = text(words.pop(0)).upper()
        action: Action | None = getattr(self, f"_do_{name.lower()}", None)
        needed = _NEEDS.get(name)
        if (
            action is None
            or (self.is_by_uid and name not in _BY_UID)
            or (needed is not None and needed not in self.server.capabilities)
        ):
            raise Refusal(f"{name} is unknown", "BAD")
        if self.login is None and name not in _BEFORE_LOGIN:
            raise Refusal("log in first", "BAD")
        if self.selected is None and name in _SELECTED:
            raise Refusal("select a folder first", "BAD")
        self.server.commands.append(name)
        if name in _WAITING:
            return action(words)
        with self.server.lock:
            return action(words)

    # Before a login, and of the session

    @property
    def capabilities(self) -> list[str]:
        """What is offered as the connection is now."""
        gone = {"LOGINDISABLED", "STARTTLS"} if isinstance(self._connection, ssl.SSLSocket) else ()
        return [each for each in self.server.capabilities if each not in gone]

    def _offered(self) -> str:
        return " ".join(self.capabilities)

    def _do_capability(self, _words: list[Word]) -> None:
        self.send(f"* CAPABILITY {self._offered()}\r\n")

    def _do_id(self, _words: list[Word]) -> None:
        self.send(f'* ID ("name" {quoted(self.server.name)})\r\n')

    def _do_logout(self, _words: list[Word]) -> None:
        self.send("* BYE see you\r\n")

    def _do_starttls(self, _words: list[Word]) -> None:
        if self.server.context is None:
            raise Refusal("no certificate", "BAD")

    def _do_login(self, words: list[Word]) -> None:
        if "LOGINDISABLED" in self.capabilities:
            raise Refusal("LOGIN is disabled")
        self._check_password(text(words[0]), text(words[1]))

    def _do_authenticate(self, words: list[Word]) -> None:
        if text(words[0]).upper() != "PLAIN" or "AUTH=PLAIN" not in self.server.capabilities:
            raise Refusal("no such mechanism")
        self.send("+ \r\n")
        said = base64.b64decode(self._stream.readline()).decode("utf-8")
        acting_for, login, password = said.split("\0")
        if acting_for not in {"", login} and login != self.server.admin:
            raise Refusal("nobody acts for others here")
        self._check_password(login, password, acting_for or login)

    def _check_password(self, login: str, password: str, acting_for: str | None = None) -> None:
        who = acting_for or login
        is_known = login in self.server.accounts or login == self.server.admin
        is_right = password == self.server.password or self.server.opens(login, password)
        if not is_right or not is_known or who not in self.server.accounts:
            raise Refusal("[AUTHENTICATIONFAILED] wrong name or password")
        self.login = who

    def _do_idle(self, _words: list[Word]) -> None:
        self.send("+ idling\r\n")
        self._stream.readline()

    @property
    def who(self) -> str:
        """Who is logged in."""
        assert self.login is not None
        return self.login

    def _go_on(self) -> None:
        self.send("+ go on\r\n")

    def send(self, octets: str | bytes) -> None:
        """Send an answer, or a part of one."""
        if isinstance(octets, str):
            octets = octets.encode("utf-8", "surrogateescape")
        self._connection.sendall(octets)

    def _encrypt(self) -> None:
        assert self.server.context is not None
        self._stream.close()
        self._connection = self.server.context.wrap_socket(self._connection, server_side=True)
        self._stream = self._connection.makefile("rb")
        with suppress(ssl.SSLError):
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
