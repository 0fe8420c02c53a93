"""Is the live server fit for a restore: its programs, their version, its role, its ports?

One code path: `respool doctor` shows every check, a plan is refused for each that is bad.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from respool.cyrus.imapd_conf import ServerConfiguration
from respool.errors import ProgramFailed
from respool.model.checks import Check, Mark
from respool.system.configuration import services
from respool.system.cyrus_server import UNKNOWN_VERSION, CyrusServer, find_tool
from respool.system.imap_places import ImapAddress
from respool.system.listening import Listening, addresses_of, ask
from respool.system.ownership import Owner
from respool.system.programs import PROGRAM_DIRECTORIES, run_program
from respool.targets.spool.recipes import OLDEST

_NEEDED: Final = ("reconstruct", "quota", "mbpath")
_FOR_THE_DOOR: Final = ("master", "imapd")
_TELLS_VERSION: Final = "cyr_info"  # since 2.5
_VERSION: Final = re.compile(r"\b(\d+\.\d+\.\d+)")
_REPLICA_SWITCHES: Final = ("readonly", "replicaonly")  # 3.0 and later, imapd.conf(5)


def service_checks(server: CyrusServer) -> Iterator[Check]:
    """Every check of a server that was reached."""
    answer = ask_server(server.imapd_conf, _own_port(server))
    yield from program_checks(server.configuration)
    yield role_check(server.configuration, server.imapd_conf)
    yield listening_check(answer)
    yield version_check(server)
    yield same_version_check(server, answer)


def program_checks(configuration: ServerConfiguration) -> Iterator[Check]:
    """The server's own programs that a restore runs, each there and executable."""
    for name in _NEEDED:
        yield _program(name, Mark.BAD)
    for name in _FOR_THE_DOOR:
        yield _program(name, Mark.NOTE)
    if configuration.text("search_engine", "none") != "none":
        yield _program("squatter", Mark.NOTE)
    if configuration.is_on("conversations"):
        yield _program("ctl_conversationsdb", Mark.NOTE)


def _program(name: str, without: Mark) -> Check:
    file = find_tool(name)
    if file is not None:
        return Check(what=f"program {name}", mark=Mark.OK, found=str(file))
    places = ", ".join(str(place) for place in PROGRAM_DIRECTORIES)
    found = f"the server's program {name} is not on this machine, or cannot be run"
    return Check(what=f"program {name}", mark=without, found=found, hint=f"looked in {places}")


def role_check(configuration: ServerConfiguration, imapd_conf: Path) -> Check:
    """Whether mail may be written here at all: a replica's is its master's.

    Source: imapd.conf(5), ``readonly``; cyrus.conf(5): a replica has sync_server serve, and
    nobody reads mail there. BlueMind runs both, and is no replica.
    """
    for switch in _REPLICA_SWITCHES:
        if configuration.is_on(switch):
            return _bad("role", f"{switch} is on: nobody may write here", "restore on the master")
    started = {each.program for each in services(imapd_conf)}
    if "sync_server" in started and not started & {"imapd", "lmtpd", "pop3d"}:
        found = "a replica: sync_server alone is started, and would write over what is restored"
        return _bad("role", found, "restore on the master")
    return Check(what="role", mark=Mark.OK, found="no replica")


def ask_server(imapd_conf: Path, address: ImapAddress | None) -> Listening | None:
    """What answers at ``address``, else where ``cyrus.conf`` says; None where none does."""
    return ask(addresses_of(imapd_conf) if address is None else (address,))


def listening_check(answer: Listening | None, without: Mark = Mark.NOTE) -> Check:
    """Whether the server runs: root can restore by a door of his own while it does not."""
    if answer is None:
        return Check(what="IMAP port", mark=Mark.OK, found="no port is known, none was asked")
    if answer.error is None:
        return Check(what="IMAP port", mark=Mark.OK, found=str(answer.address))
    return Check(
        what="IMAP port",
        mark=without,
        found=f"nothing listens at {answer.address}: {answer.error}",
        hint="is the mail server running? --imap imap://HOST:PORT names another address",
    )


def version_check(server: CyrusServer) -> Check:
    """Whether there is a recipe for the server's version."""
    if server.version_text == UNKNOWN_VERSION:
        return _bad(
            "server version",
            "the server hides its version (serverinfo), on which the recipe depends",
            "as root and without a password it is asked through a door of our own",
        )
    if server.version < OLDEST:
        oldest = ".".join(map(str, OLDEST[:2]))
        return _bad(
            "server version",
            f"Cyrus {server.version_text}",
            f"respool restores into Cyrus {oldest} and later",
        )
    return Check(what="server version", mark=Mark.OK, found=f"Cyrus {server.version_text}")


def same_version_check(server: CyrusServer, answer: Listening | None) -> Check:
    """Whether the server that runs, the one that we speak to and its programs are of one version.

    They are not where an upgrade is half done, or another Cyrus is found first.
    """
    found = {
        "the server that answers": server.version_text,
        "the server at its port": answer.version if answer is not None else None,
        "its programs": programs_version(server),
    }
    known = {what: text for what, text in found.items() if text not in {None, UNKNOWN_VERSION}}
    if len(set(known.values())) > 1:
        said = ", ".join(f"{what}: {text}" for what, text in known.items())
        return _bad("one version", said, "finish the upgrade and restart the server")
    return Check(what="one version", mark=Mark.OK, found=", ".join(known) or "not told")


def programs_version(server: CyrusServer) -> str | None:
    """The version of the programs beside ``reconstruct``, as they tell it; None before 2.5."""
    beside = find_tool("reconstruct")
    teller = None if beside is None else beside.with_name(_TELLS_VERSION)
    if teller is None or not teller.is_file():
        return None
    words = (str(teller), "-C", str(server.imapd_conf), "version")
    try:
        found = teller.stat()
        return _told(words, server.owner, (found.st_ino, found.st_size, found.st_ctime_ns))
    except (OSError, ProgramFailed):
        return None


@lru_cache(maxsize=8)
def _told(words: tuple[str, ...], owner: Owner, _stamp: tuple[int, ...]) -> str | None:
    """What a program says of its version: it goes on to say so while it is the same file."""
    done = run_program(words, owner=owner, timeout_seconds=30.0)
    said = _VERSION.search(done.output)
    return said[1] if said and done.status == 0 else None


def _own_port(server: CyrusServer) -> ImapAddress | None:
    """The port that we speak to ourselves; None by a door of our own."""
    return None if server.address.unix_socket is not None else server.address


def reasons_of(checks: Sequence[Check]) -> tuple[str, ...]:
    """What speaks against a restore."""
    return tuple(each.as_reason for each in checks if each.mark is Mark.BAD)


def _bad(what: str, found: str, hint: str) -> Check:
    return Check(what=what, mark=Mark.BAD, found=found, hint=hint)
