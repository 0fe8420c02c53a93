"""Rights that the administrator gives himself for a moment, noted so that they go back.

A command can be killed while he has them. So what he had is on disk before, in a file that
the command holds locked; the next command finds the file unheld, and gives the rights back.
Somebody who has changed them meanwhile is left alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from respool.errors import ProgramFailed, ServerSaidNo
from respool.system.cyrus_server import CyrusServer
from respool.system.durable import flush_directory, flush_file
from respool.system.locks import try_to_hold, waiting_for

_MODE: Final = 0o700
_OLD_LETTERS: Final = frozenset("cd")  # the server's own shorthand for others (RFC 4314, 2.1.1)


@contextmanager
def borrowed_rights(server: CyrusServer, mailbox: str, needed: str) -> Iterator[None]:
    """The administrator has at least ``needed`` on ``mailbox`` within the block.

    Raises:
        ServerSaidNo: there is no such mailbox.
    """
    admin, name = server.admin, server.admin_name
    former = admin.acl(mailbox).get(name, "")
    if set(needed) <= set(former):
        yield
        return
    given = "".join(dict.fromkeys(former + needed))
    with _noted(server, mailbox, former, given):
        admin.set_rights(mailbox, name, given)
        try:
            yield
        finally:
            admin.set_rights(mailbox, name, former)


@contextmanager
def rights_to_delete(server: CyrusServer, mailbox: str, needed: str) -> Iterator[None]:
    """The administrator has ``needed`` on ``mailbox``, which is gone at the end of the block."""
    former = server.admin.acl(mailbox).get(server.admin_name, "")
    with _noted(server, mailbox, former, needed):
        server.admin.set_rights(mailbox, server.admin_name, needed)
        yield


def give_back(server: CyrusServer) -> None:
    """Give back what commands that were killed had borrowed on this server."""
    notes = server.borrowed
    if notes is None or not notes.is_dir():
        return
    with waiting_for(notes):
        left = [(note, try_to_hold(note)) for note in sorted(notes.glob("*.json"))]
    for note, descriptor in left:
        if descriptor is None:
            continue  # the command that borrowed them still runs
        try:
            if _is_settled(server, note):
                note.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def _is_settled(server: CyrusServer, note: Path) -> bool:
    """Give back what one note tells of; False where it is for another server's command."""
    try:
        told: dict[str, Any] = json.loads(note.read_text("ascii"))
    except ValueError:
        return True  # cut off before anything was borrowed
    if told["server"] != str(server.imapd_conf):
        return False
    mailbox, name = told["mailbox"], told["administrator"]
    with contextlib.suppress(ServerSaidNo, ProgramFailed):  # it is gone
        if server.uniqueid(mailbox) == told["uniqueid"]:
            now = server.admin.acl(mailbox).get(name, "")
            if _letters(now) == _letters(told["given"]):
                server.admin.set_rights(mailbox, name, told["former"])
    return True


@contextmanager
def _noted(server: CyrusServer, mailbox: str, former: str, given: str) -> Iterator[None]:
    """A note on disk for as long as the rights are borrowed; none where nobody keeps notes."""
    notes = server.borrowed
    if notes is None:
        yield
        return
    notes.mkdir(mode=_MODE, exist_ok=True)
    note = notes / f"{secrets.token_hex(8)}.json"
    told = {
        "server": str(server.imapd_conf),
        "mailbox": mailbox,
        "uniqueid": server.uniqueid(mailbox),
        "administrator": server.admin_name,
        "former": former,
        "given": given,
    }
    with waiting_for(notes):  # else another command could take it for left over
        descriptor = try_to_hold(note)
    try:
        note.write_text(json.dumps(told), "ascii")
        flush_file(note)
        flush_directory(notes)
        yield
        note.unlink(missing_ok=True)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _letters(rights: str) -> frozenset[str]:
    return frozenset(rights) - _OLD_LETTERS
