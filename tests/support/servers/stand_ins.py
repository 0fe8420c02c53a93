"""A stand-in for BlueMind 5, with what is asked of any private server."""

from __future__ import annotations

import socket

from imapclient import IMAPClient

from tests.support.bluemind5_server import BlueMind5Server


class BlueMind5StandIn(BlueMind5Server):
    """Each account logs in with a key of its own."""

    version = "a stand-in for BlueMind 5"

    def create_user(self, name: str) -> None:
        """An account, empty."""
        self.add_account(name)

    def client_as(self, user: str) -> IMAPClient:
        """A connection with the account's key."""
        client = IMAPClient(self.host, port=self.port, ssl=False, timeout=60)
        client.normalise_times = False
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.login(user, self.password)
        return client

    def error_lines(self) -> tuple[str, ...]:
        """It keeps no log."""
        return ()
