"""Is this machine ready for a restore? Looks, and says for each thing what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from respool.app.access import server_access
from respool.app.backups import backup_of
from respool.app.bluemind_doctor import core_checks
from respool.app.settings import Settings
from respool.app.state import check_not_inside
from respool.backups.choice import usable_generations
from respool.cyrus.imapd_conf import ServerConfiguration
from respool.errors import RespoolError
from respool.model.checks import Check, Mark
from respool.system.bluemind_signs import is_bluemind
from respool.system.configuration import read_configuration
from respool.system.cyrus_server import (
    CyrusServer,
    ServerAccess,
    mailboxes_written_at,
    port_address,
    reach_server,
    server_owner,
)
from respool.system.file_systems import free_room
from respool.system.leftover_doors import close_leftover_doors
from respool.system.ownership import Owner, is_root, ourselves
from respool.system.processes import processes
from respool.targets.spool.at_work import at_work
from respool.targets.spool.clock import clock_check
from respool.targets.spool.leftover_search import find_leftovers
from respool.targets.spool.rooms import room_check
from respool.targets.spool.services import (
    ask_server,
    listening_check,
    program_checks,
    role_check,
    same_version_check,
    version_check,
)


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
        yield from core_checks(settings, is_bluemind=False)
        return
    yield Check(
        what="configuration",
        mark=Mark.OK,
        found=f"{settings.imapd_conf}, {len(configuration.options)} options with includes",
    )
    try:
        yield from _partitions(configuration, server_owner(configuration))
    except RespoolError as error:
        yield _bad("configdirectory", error)
    yield from program_checks(configuration)
    yield clock_check(datetime.now(UTC), mailboxes_written_at(configuration), _newest(settings))
    yield from _at_work(configuration, settings.imapd_conf)
    yield role_check(configuration, settings.imapd_conf)
    yield from core_checks(settings, is_bluemind=is_bluemind(configuration))
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
    return room_check("state", free_room(settings.state, ourselves()))


def _partitions(configuration: ServerConfiguration, owner: Owner) -> Iterator[Check]:
    for kind in ("", "meta", "archive"):
        for name, root in sorted(configuration.roots(kind).items()):
            what = f"{kind}partition {name}"
            if Path(root).is_dir():
                yield room_check(what, free_room(Path(root), owner))
            else:
                found, hint = f"{root} is not there", "nothing can be restored into it"
                yield Check(what=what, mark=Mark.NOTE, found=found, hint=hint)
    databases = free_room(Path(configuration.configdirectory), owner)
    yield room_check("configdirectory", databases)


def _newest(settings: Settings) -> datetime | None:
    """When the newest generation was taken; None where there is none, or no date."""
    try:
        generations = backup_of(settings).generations
    except RespoolError:
        return None
    return max((each.taken_at for each in generations if each.taken_at is not None), default=None)


def _at_work(configuration: ServerConfiguration, imapd_conf: Path) -> Iterator[Check]:
    work = at_work(processes(), configuration, imapd_conf)
    if not work.against and not work.beside:
        yield Check(what="at work", mark=Mark.OK, found="nothing that a restore would meet")
    for mark, told in ((Mark.BAD, work.against), (Mark.NOTE, work.beside)):
        yield from (Check(what="at work", mark=mark, found=each) for each in told)


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
    answer = ask_server(access.imapd_conf, access.address)
    if answer is None and access.password is not None:
        answer = ask_server(access.imapd_conf, port_address(access))
    return listening_check(answer, Mark.NOTE if access.password is None else Mark.BAD)


def _logins(server: CyrusServer, access: ServerAccess) -> Iterator[Check]:
    way = "by our own door" if access.password is None else "with a password"
    yield Check(what="administrator", mark=Mark.OK, found=f"{server.admin_name} logs in {way}")
    yield version_check(server)
    yield same_version_check(server, ask_server(access.imapd_conf, access.address))
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
