"""Messages appended over four connections to a real server, one of which may be cut."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from respool.errors import ServerUnreachable
from respool.system.append_values import AppendResult
from respool.system.imap import ImapSession
from respool.system.imap_append import append_messages
from tests.support.cutting_proxy import Cut, CuttingProxy, Where
from tests.support.messages_to_append import message

COUNT = 400  # in commands of fifty: eight


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """SHA-1 of what was sent and of what the folder holds, both in order; what was told."""

    sent: list[str]
    there: list[str]
    told: list[AppendResult]


def append_over_four(port: int, enter: Callable[[int], ImapSession], which: int | None) -> Outcome:
    """Append to an empty INBOX; connection ``which`` is cut within its first command.

    ``enter`` makes a session of the same user at a port.
    """
    bodies = [
        b"From: a@example.org\r\nSubject: %d\r\n\r\n" % uid + b"x" * (uid % 9 * 4000) + b"\r\n"
        for uid in range(1, COUNT + 1)
    ]
    told: list[AppendResult] = []
    with CuttingProxy(port) as proxy, ExitStack() as stack:
        one, *others = (enter(proxy.port if at == which else port) for at in range(4))
        for each in (one, *others):
            stack.callback(each.close)
        proxy.cut = Cut(at=len(proxy.commands) + 1, where=Where.WITHIN)
        with suppress(*([ServerUnreachable] if which is not None else [])):
            messages = [message(uid, body) for uid, body in enumerate(bodies, 1)]
            append_messages(one, "INBOX", messages, told.append, others)
    with ExitStack() as stack:
        reader = enter(port)
        stack.callback(reader.close)
        reader.open_to_read("INBOX")
        sizes = {uid: len(body) for uid, body in enumerate(bodies, 1)}
        there = [each.guid for each in reader.read_back(sizes)]
    sent = [hashlib.sha1(body, usedforsecurity=False).hexdigest() for body in bodies]
    return Outcome(sent=sent, there=there, told=told)
