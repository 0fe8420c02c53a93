"""Is this machine ready for a restore? Looks, and says for each thing what to do."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from respool.app.access import server_access
from respool.app.backups import backup_of
from respool.app.settings import Settings
from respool.app.state import check_not_inside
from respool.backups.choice import usable_generations
from respool.cyrus.imapd_conf import ServerConfiguration
from respool.errors import RespoolError
from respool.system.configuration import read_configuration
from respool.system.cyrus_server import (
    CyrusServer,
    ServerAccess,
    find_tool,
    port_address,
    reach_server,
)
from respool.system.door import close_leftover_doors
from respool.system.ownership import is_root
from respool.system.programs import PROGRAM_DIRECTORIES
from respool.targets.spool.leftover_search import find_leftovers
from respool.targets.spool.recipes import OLDEST

_NEEDED = ("reconstruct", "quota", "mbpath")
_FOR_THE_DOOR = ("master", "imapd")
_MAY_BE_NEEDED = ("squatter", "ctl_conversationsdb")


class Mark(StrEnum):
    """How a thing stands."""

    OK = "ok"  # found, and as it should be
    NOTE = "note"  # missing or odd, a restore can do without
    BAD = "bad"  # a restore cannot be done like this


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    what: str
    mark: Mark
    found: str
    hint: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """The shape in ``checks``."""
        return {
            "check": self.what,
            "status": self.mark.value,
            "found": self.found,
            "hint": self.hint,
        }


def examine(settings: Settings) -> tuple[Check, ...]:
    """Every check, in the order of a restore."""
    return tuple(_checks(settings))


def _checks(settings: Settings) -> Iterator[Check]:
    yield _rights()
    yield _doors()
    yield from _backups(settings)
    yield _state(settings)
    try:
        configuration = read_configuration(settings.imapd_conf)
    except RespoolError as error:
        yield _bad("configuration", error)
        return
    yield Check(
        what="configuration",
        mark=Mark.OK,
        found=f"{settings.imapd_conf}, {len(configuration.options)} options with includes",
    )
    yield from _partitions(configuration)
    yield from _programs(configuration)
    yield from _server(settings)


def _rights() -> Check:
    if is_root():
        return Check(what="rights", mark=Mark.OK, found="root")
    return Check(
        what="rights",
        mark=Mark.BAD,
        found=f"user number {os.geteuid()}",
        hint="restoring into the spool needs root: sudo respool doctor",
    )


def _doors() -> Check:
    ended = close_leftover_doors() if is_root() else 0
    found = "none" if not ended else f"{ended} of a command that was killed, ended now"
    return Check(what="left-over doors", mark=Mark.NOTE if ended else Mark.OK, found=found)


def _backups(settings: Settings) -> Iterator[Check]:
    try:
        backup = backup_of(settings)
    except RespoolError as error:
        yield _bad("backups", error)
        return
    usable = usable_generations(backup.generations)
    yield Check(
        what="backups",
        mark=Mark.OK if usable else Mark.BAD,
        found=f"{backup.root.place}: {backup.root.description},"
        f" {len(backup.generations)} generations, {len(usable)} usable",
        hint=None if usable else "respool backups says what is wrong with each",
    )


def _state(settings: Settings) -> Check:
    try:
        check_not_inside(settings.state, settings, what="the state directory")
    except RespoolError as error:
        return _bad("state", error)
    place = settings.state
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK | os.X_OK):
        return Check(
            what="state",
            mark=Mark.BAD,
            found=f"{settings.state} cannot be written",
            hint="--state DIR names another place",
        )
    return Check(what="state", mark=Mark.OK, found=str(settings.state))


def _partitions(configuration: ServerConfiguration) -> Iterator[Check]:
    for kind in ("", "meta", "archive"):
        for name, root in sorted(configuration.roots(kind).items()):
            there = Path(root).is_dir()
            yield Check(
                what=f"{kind}partition {name}",
                mark=Mark.OK if there else Mark.NOTE,
                found=f"{root}{'' if there else ' is not there'}",
                hint=None if there else "nothing can be restored into it",
            )


def _programs(configuration: ServerConfiguration) -> Iterator[Check]:
    for name in (*_NEEDED, *_FOR_THE_DOOR):
        yield _program(name, Mark.BAD if name in _NEEDED else Mark.NOTE)
    if configuration.text("search_engine", "none") != "none":
        yield _program(_MAY_BE_NEEDED[0], Mark.NOTE)
    if configuration.is_on("conversations"):
        yield _program(_MAY_BE_NEEDED[1], Mark.NOTE)


def _program(name: str, without: Mark) -> Check:
    file = find_tool(name)
    if file is not None:
        return Check(what=f"program {name}", mark=Mark.OK, found=str(file))
    places = ", ".join(str(place) for place in PROGRAM_DIRECTORIES)
    return Check(
        what=f"program {name}", mark=without, found="not found", hint=f"looked in {places}"
    )


def _server(settings: Settings) -> Iterator[Check]:
    try:
        access = server_access(settings)
        yield _port(access)
        with ExitStack() as stack:
            server = stack.enter_context(reach_server(access))
            yield from _logins(server, access)
            yield from _leftovers(server)
    except RespoolError as error:
        yield _bad("administrator", error)


def _port(access: ServerAccess) -> Check:
    address = port_address(access)
    try:
        socket.create_connection((address.host, address.port), timeout=3.0).close()
    except OSError as error:
        mark = Mark.NOTE if access.password is None else Mark.BAD
        return Check(
            what="IMAP port",
            mark=mark,
            found=f"nothing listens at {address}: {error}",
            hint="is the mail server running? --imap imap://HOST:PORT names another address",
        )
    return Check(what="IMAP port", mark=Mark.OK, found=str(address))


def _logins(server: CyrusServer, access: ServerAccess) -> Iterator[Check]:
    way = "by our own door" if access.password is None else "with a password"
    yield Check(what="administrator", mark=Mark.OK, found=f"{server.admin_name} logs in {way}")
    is_new_enough = server.version >= OLDEST
    yield Check(
        what="server version",
        mark=Mark.OK if is_new_enough else Mark.BAD,
        found=f"Cyrus {server.version_text}",
        hint=None if is_new_enough else "respool restores into Cyrus 2.4 and later",
    )
    separator = server.separator
    users = server.admin.names(f"user{separator}%") + server.admin.names(f"user{separator}%@*")
    user = next(iter(users), None)
    if user is None:
        yield Check(what="proxy login", mark=Mark.NOTE, found="not tried: the server has no user")
        return
    yield _proxy(server, user.removeprefix(f"user{separator}"))
    directories = server.directories(user)
    layout = "uuid" if "uuid" in directories.data.parts else "names"
    yield Check(what="layout", mark=Mark.OK, found=f"{layout}, such as {directories.data}")


def _leftovers(server: CyrusServer) -> Iterator[Check]:
    found = find_leftovers(server, None).found
    if not found:
        yield Check(what="leftovers", mark=Mark.OK, found="none")
    for one in found:
        yield Check(
            what="leftovers", mark=Mark.NOTE, found=f"{one.subject}: {one.text}", hint=one.cure
        )


def _proxy(server: CyrusServer, userid: str) -> Check:
    try:
        with server.as_user(userid):
            return Check(what="proxy login", mark=Mark.OK, found=f"as {userid}")
    except RespoolError as error:
        return Check(
            what="proxy login",
            mark=Mark.NOTE,
            found=f"not as {userid}: {error.why or error.what}",
            hint="mail is then proven by the administrator, who does not see \\Seen",
        )


def _bad(what: str, error: RespoolError) -> Check:
    found = error.what if error.why is None else f"{error.what}: {error.why}"
    return Check(what=what, mark=Mark.BAD, found=found, hint=error.hint)
