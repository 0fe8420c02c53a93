"""Does BlueMind's core answer as respool expects? Looks only: GETs, and searches by POST."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from respool.app.bluemind_access import api_access, core_of
from respool.app.bluemind_account_checks import account_checks, failed_check
from respool.app.bluemind_directory import NO_KEY
from respool.app.bluemind_generations import known_generations
from respool.app.settings import Settings
from respool.errors import BluemindFault, RespoolError
from respool.model.checks import Check, Mark
from respool.system.bluemind_api import parts_of
from respool.system.bluemind_core import BluemindCore
from respool.system.bluemind_directory import CoreDirectory

_SHOWN: Final = 6
_NO_TASK: Final = "respool-doctor"  # the id of a task that there is not
_REPORT: Final = (
    "the output of respool doctor --bluemind --json shows how yours differs, if it does: please"
    " report it, with names and addresses left out"
)
_NEVER_RUN: Final = "respool's finishing was never run on a real BlueMind, only on a stand-in"


def core_checks(settings: Settings, *, is_bluemind: bool) -> Iterator[Check]:
    """One line of every ``doctor``: whether this is BlueMind's, and how its core is.

    ``is_bluemind``: signs of it lie on this machine. Without any sign and any key: no line.
    """
    try:
        with core_of(settings) as core:
            if core is not None:
                yield _state(core, mark=Mark.NOTE)
            elif is_bluemind:
                yield Check(
                    what="BlueMind",
                    mark=Mark.NOTE,
                    found=f"this server is BlueMind's; its core was not asked: {NO_KEY}",
                    hint="without it a restore leaves the finishing to you, and says what",
                )
    except RespoolError as error:
        yield failed_check("BlueMind", error, Mark.NOTE)


def examine_bluemind(settings: Settings, account: str | None) -> tuple[Check, ...]:
    """Everything that respool asks a core, tried once; ``account`` is whom to look up."""
    return tuple(_checks(settings, account))


def _checks(settings: Settings, account: str | None) -> Iterator[Check]:
    try:
        access = api_access(settings)
        with core_of(settings) as core:
            if core is None or access is None:
                yield Check(what="core", mark=Mark.BAD, found="no address and no key", hint=NO_KEY)
                return
            yield Check(
                what="core",
                mark=Mark.OK,
                found=f"BlueMind {core.version} at {access.url}, of family {core.family}",
            )
            yield _encryption(access.url, is_own=settings.ca_file is not None)
            yield from _looks(core, account)
    except RespoolError as error:
        check = failed_check("core", error)
        yield replace(check, mark=Mark.BAD)
        return
    yield Check(what="finishing", mark=Mark.NOTE, found=_NEVER_RUN, hint=_REPORT)


def _looks(core: BluemindCore, account: str | None) -> Iterator[Check]:
    directory = CoreDirectory(core)
    looks: tuple[tuple[str, Callable[[], Check]], ...] = (
        ("state", lambda: _state(core, mark=Mark.BAD)),
        ("key", lambda: _key(directory)),
        ("domains", lambda: _domains(directory)),
        ("servers", lambda: _servers(directory)),
        ("generations", lambda: _generations(core)),
        ("tasks", lambda: _tasks(core)),
    )
    for what, look in looks:
        try:
            yield look()
        except RespoolError as error:
            yield failed_check(what, error)
    yield from account_checks(core, account)


def _encryption(url: str, *, is_own: bool) -> Check:
    parts = parts_of(url)
    if parts.scheme == "https":
        by = "--ca-file" if is_own else "the certificates of this system"
        found = f"its certificate is {parts.hostname}'s and trusted by {by}"
        return Check(what="TLS", mark=Mark.OK, found=found)
    if parts.hostname in {"localhost", "127.0.0.1", "::1"}:
        return Check(what="TLS", mark=Mark.OK, found="none, and none needed: on this machine")
    return Check(
        what="TLS",
        mark=Mark.NOTE,
        found="none: the key crosses the network in the clear, as --insecure allows",
        hint=f"https://{parts.hostname}/api",
    )


def _state(core: BluemindCore, mark: Mark) -> Check:
    state = core.state()
    is_running = "running" in state.casefold()
    short = f"BlueMind {core.version}, family {core.family}, says {state}"
    return Check(
        what="state" if mark is Mark.BAD else "BlueMind",
        mark=Mark.OK if is_running else mark,
        found=state if mark is Mark.BAD else short,
        hint=None if is_running else "wait until it runs: it may be starting, or in maintenance",
    )


def _key(directory: CoreDirectory) -> Check:
    holder = directory.key_holder()
    if holder is None:
        found = "the core does not say whose it is"
        return Check(what="key", mark=Mark.NOTE, found=found)
    who = f"{holder.uid}@{holder.domain}"
    if holder.is_system:
        return Check(what="key", mark=Mark.OK, found=f"{who}, who may do everything")
    roles = ", ".join(holder.roles) or "none"
    return Check(
        what="key",
        mark=Mark.OK if holder.roles else Mark.NOTE,
        found=f"{who}, with the roles {roles}",
        hint="a line below says so where one is missing; admin0 has them all",
    )


def _domains(directory: CoreDirectory) -> Check:
    shown = [
        f"{each.uid} ({', '.join(name for name in each.names if name != each.uid) or 'no alias'})"
        for each in directory.domains()
    ]
    return _listed("domains", shown, "without a domain there is no account")


def _servers(directory: CoreDirectory) -> Check:
    shown = [
        f"{each.uid} ({', '.join(each.addresses) or 'no address'})" for each in directory.servers()
    ]
    return _listed("servers", shown, "parts of a backup cannot be told to be of a server")


def _listed(what: str, shown: list[str], without: str) -> Check:
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    found = ", ".join(shown[:_SHOWN]) + more
    return Check(
        what=what,
        mark=Mark.OK if shown else Mark.NOTE,
        found=found or "none",
        hint=None if shown else without,
    )


def _generations(core: BluemindCore) -> Check:
    known = known_generations(core)
    policy = "it does not tell the policy" if known.retention is None else str(known.retention)
    return Check(
        what="generations",
        mark=Mark.OK if known.retention is not None else Mark.NOTE,
        found=f"{len(known.generations)} known, kept: {policy}",
        hint=None if known.retention is not None else "the key lacks a role for the policy",
    )


def _tasks(core: BluemindCore) -> Check:
    try:
        core.task(_NO_TASK)
    except BluemindFault as fault:
        return Check(
            what="tasks",
            mark=Mark.OK,
            found=f"the route answers: of a task that there is not, {fault.why or fault.what}",
        )
    return Check(
        what="tasks", mark=Mark.NOTE, found="the core knows a task that nobody has started"
    )
