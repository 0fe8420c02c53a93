"""Our own IMAP door on the server: root needs no password, and nobody else can enter.

A second, private ``master`` with one ``imapd`` on a Unix socket in a directory that only
root and the server's user may enter, on the server's own configuration but for the
password check, which we answer ourselves. It lives as long as one command; what a killed
command left is found by its lock, and ended by the next one.

Source: seen on Cyrus 3.6.1 and 3.10.2.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess  # a list, never a shell line
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from respool.cyrus.imapd_conf import ServerConfiguration, render
from respool.errors import NotPermitted, ServerNotFound, ServerUnreachable
from respool.system.imap_places import ImapAddress
from respool.system.leftover_doors import (
    LOCK,
    PREFIX,
    RUNTIME_DIRECTORY,
    close_leftover_doors,
    remove_house,
    service_of,
    wait_until_grown,
)
from respool.system.locks import try_to_hold, waiting_for
from respool.system.ownership import Owner, is_root
from respool.system.password_check import PasswordCheck
from respool.system.programs import find_program, surroundings
from respool.system.signals import undisturbed
from respool.system.starting import starting

_ENTER_ONLY = 0o711  # whatever the umask says
_ACCEPTS_CONNECTIONS = 1 << 16  # include/linux/net.h, __SO_ACCEPTCON
_WAIT_SECONDS = 15.0
_MOST_SESSIONS = 100  # each lane has one of the administrator and one of the owner: --jobs 32

# Options of the server that would keep root from entering by a plain local socket.
_OVERRIDDEN = frozenset(
    {"allowplaintext", "sasl_mech_list", "sasl_pwcheck_method", "sasl_saslauthd_path"}
)
_DROPPED_PREFIXES = ("tls_", "imap_", "imaps_", "sasl_auxprop", "sasl_minimum_layer")


def door_configuration(configuration: ServerConfiguration, check: Path) -> str:
    """The server's own ``imapd.conf`` with our password check in place of its own."""
    options = {
        key: value
        for key, value in configuration.options.items()
        if key not in _OVERRIDDEN and not key.startswith(_DROPPED_PREFIXES)
    }
    options["allowplaintext"] = "yes"
    options["serverinfo"] = "on"  # the recipe depends on the version
    options["sasl_mech_list"] = "PLAIN"
    options["sasl_pwcheck_method"] = "saslauthd"
    options["sasl_saslauthd_path"] = str(check)
    return render(options)


@contextmanager
def open_door(
    configuration: ServerConfiguration, owner: Owner, *, runtime: Path = RUNTIME_DIRECTORY
) -> Iterator[tuple[ImapAddress, str]]:
    """Address and password of a private door, for the length of a block.

    ``owner`` is the server's user. Left-over doors are ended first.

    Raises:
        NotPermitted: we are not root.
        ServerNotFound: the server's programs are not here.
        ServerUnreachable: the door did not open.
    """
    if not is_root():
        raise NotPermitted(
            "only root can enter the server without a password",
            hint="run as root, or set RESPOOL_IMAP_PASSWORD_FILE",
        )
    close_leftover_doors(runtime)
    house, lock = _new_house(runtime)
    check = master = None
    try:
        _make_rooms(house, owner)
        check = PasswordCheck(house / "check" / "mux", secrets.token_urlsafe(24))
        _write_configuration(house, configuration, owner)
        master = _start_master(house)
        address = ImapAddress(unix_socket=house / "enter" / "imap")
        _wait_until_open(house, master)
        yield address, check.password
    finally:
        with undisturbed():
            if master is not None:
                _stop(master)
            if check is not None:
                check.close()
            remove_house(house, configuration)
            os.close(lock)


def _new_house(runtime: Path) -> tuple[Path, int]:
    """A directory for one door, and the lock on it that dies with this command."""
    runtime.mkdir(parents=True, exist_ok=True)
    runtime.chmod(_ENTER_ONLY)
    with waiting_for(runtime):  # else another command could take it for left over
        house = runtime / f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        house.mkdir()
        house.chmod(_ENTER_ONLY)
        lock = try_to_hold(house / LOCK)
    if lock is None:
        raise ServerUnreachable(f"the new directory {house} is locked already")
    return house, lock


def _make_rooms(house: Path, owner: Owner) -> None:
    """Where the door's socket and the password check's lie.

    From 3.10 on master binds the door's socket as the server's user, so that directory
    is his; nobody but root and he can enter it, and he has no password.
    """
    for name in ("enter", "check"):
        room = house / name
        room.mkdir(mode=0o700)
        room.chmod(0o700)
        os.chown(room, owner.uid, owner.gid)


def _write_configuration(house: Path, configuration: ServerConfiguration, owner: Owner) -> None:
    imapd_conf = house / "imapd.conf"
    descriptor = os.open(imapd_conf, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchown(descriptor, owner.uid, owner.gid)  # it may hold secrets of the server
        text = door_configuration(configuration, house / "check" / "mux")
        stream.write(text.encode("utf-8", "surrogateescape"))
    imapd = find_program("imapd")
    command = f"{imapd} -C {imapd_conf}"
    listen = house / "enter" / "imap"
    cyrus_conf = house / "cyrus.conf"
    limits = f"prefork=0 maxchild={_MOST_SESSIONS}"
    cyrus_conf.write_text(
        "START {\n}\nSERVICES {\n"
        f'  {service_of(house)} cmd="{command}" listen="{listen}" {limits}\n'
        "}\nEVENTS {\n}\n",
        encoding="utf-8",
    )
    cyrus_conf.chmod(0o444)


def _start_master(house: Path) -> subprocess.Popen[bytes]:
    program = find_program("master", "cyrus-master", "cyrmaster")
    if program is None or find_program("imapd") is None:
        raise ServerNotFound(
            "the programs of the Cyrus server are not on this machine",
            why="neither master nor imapd is in any known place",
            hint="respool doctor lists the places",
        )
    command = [
        str(program),
        *("-C", str(house / "imapd.conf")),
        *("-M", str(house / "cyrus.conf")),
        *("-p", str(house / "pid")),
    ]
    with starting():
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env=surroundings(),
        )


def _wait_until_open(house: Path, master: subprocess.Popen[bytes]) -> None:
    listen = house / "enter" / "imap"
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        if master.poll() is not None:
            raise ServerUnreachable(
                "our own door to the server did not open",
                why=f"master ended with status {master.returncode}; the mail log says why",
                hint="set RESPOOL_IMAP_PASSWORD_FILE to use the server's own port instead",
            )
        if (house / "pid").exists() and _is_listened_at(listen):
            return
        time.sleep(0.01)
    raise ServerUnreachable(
        f"our own door to the server did not open within {_WAIT_SECONDS:.0f} seconds",
        hint="set RESPOOL_IMAP_PASSWORD_FILE to use the server's own port instead",
    )


def _is_listened_at(path: Path) -> bool:
    """Whether connections are taken there: a socket that is bound only refuses them.

    Nobody connects to find out: that would be a session, and its end is in the mail log.

    Source: Linux, net/unix/af_unix.c, ``unix_seq_show``: the fourth column has the flags.
    """
    with contextlib.suppress(OSError):
        for line in Path("/proc/net/unix").read_bytes().splitlines():
            columns = line.split(maxsplit=7)
            if len(columns) == 8 and columns[7] == os.fsencode(path):
                return bool(int(columns[3], 16) & _ACCEPTS_CONNECTIONS)
    return False


def _stop(master: subprocess.Popen[bytes]) -> None:
    wait_until_grown(master.pid)
    master.send_signal(signal.SIGTERM)
    try:
        master.wait(timeout=5.0)
    except subprocess.TimeoutExpired:
        master.kill()
        master.wait()
