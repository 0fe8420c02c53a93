"""Reading a server's ``imapd.conf`` with its includes, and ``cyrus.conf`` beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from respool.cyrus.imapd_conf import INCLUDE, ServerConfiguration, merged, parse_lines
from respool.errors import FormatError, NotPermitted, ServerNotFound
from respool.model.dataclasses import dataclass

_MOST_INCLUDES = 16
_OF_THIS_MACHINE: Final = {
    "": "127.0.0.1",
    "*": "127.0.0.1",
    "0.0.0.0": "127.0.0.1",  # noqa: S104 - read, not bound
    "::": "::1",
}
_PORTS: Final = {"imap": 143, "imaps": 993}
_SERVICE = re.compile(r'^\s*\S+(?=.*\scmd="(?P<command>[^"]*)")(?=.*\slisten="(?P<listen>[^"]*)")')

_COMMAND = re.compile(r'^[^#]*\scmd="([^"]*)"')
_DURATION = re.compile(r"\s-([DEX])\s*(\d+(?:\.\d+)?)([dhms]?)(?=\s|$)")
_UNITS_A_DAY: Final = {"d": 1, "h": 24, "m": 1440, "s": 86_400}


def read_configuration(file: Path) -> ServerConfiguration:
    """The options of ``file``, with every file that it includes.

    Raises:
        ServerNotFound: there is no such file, here or in an include.
        NotPermitted: one of them may not be read.
        FormatError: a line that is no option, or includes nested too deeply.
    """
    return merged(_lines(file, depth=0))


def _lines(file: Path, *, depth: int) -> list[tuple[str, str]]:
    if depth > _MOST_INCLUDES:
        raise FormatError(f"{file} is included by itself, or too deeply")
    lines: list[tuple[str, str]] = []
    for key, value in parse_lines(_text(file)):
        if key == INCLUDE:
            lines.extend(_lines(Path(value), depth=depth + 1))
        else:
            lines.append((key, value))
    return lines


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError as error:
        raise ServerNotFound(
            f"there is no {file}",
            why="the configuration of a Cyrus server was expected there",
            hint="--imapd-conf FILE names another one; respool doctor shows what is found",
        ) from error
    except PermissionError as error:
        raise NotPermitted(f"{file} cannot be read", why=str(error), hint="run as root") from error
    except OSError as error:
        raise ServerNotFound(f"{file} cannot be read", why=str(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One line of SERVICES in ``cyrus.conf``: what is started, and what it listens at."""

    program: str
    words: tuple[str, ...]
    listen: str

    @property
    def is_imap(self) -> bool:
        """Whether it is plain IMAP, which may be switched to TLS."""
        return self.program == "imapd" and "-s" not in self.words

    @property
    def is_imaps(self) -> bool:
        """Whether it is IMAP within TLS."""
        return self.program == "imapd" and "-s" in self.words

    @property
    def port(self) -> int | None:
        """The TCP port; None for a Unix socket, or a name of which no number is known."""
        port = self.listen.rsplit(":", 1)[-1]
        return int(port) if port.isdigit() else _PORTS.get(port)

    @property
    def host(self) -> str:
        """The address that it listens at; that of this machine itself where it is any."""
        host = self.listen.rpartition(":")[0].strip("[]")
        return _OF_THIS_MACHINE.get(host, host)


def expire_days(imapd_conf: Path) -> Mapping[str, float]:
    """The durations that ``cyrus.conf`` beside the file gives ``cyr_expire``, in days.

    By the option's letter: ``X`` for expunged messages, ``D`` for deleted mailboxes. Where
    several lines have one, the shortest. None of them where no line has it.

    Source: cyr_expire(8): a number of days, or one with ``d``, ``h``, ``m`` or ``s`` after it.
    """
    try:
        text = imapd_conf.with_name("cyrus.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found: dict[str, float] = {}
    for line in text.splitlines():
        command = _COMMAND.match(line)
        if command is None or "cyr_expire" not in command[1]:
            continue
        for letter, number, unit in _DURATION.findall(command[1]):
            days = float(number) / _UNITS_A_DAY[unit or "d"]
            found[letter] = min(days, found.get(letter, days))
    return found


def services(imapd_conf: Path) -> tuple[Service, ...]:
    """What the ``cyrus.conf`` beside the file has started; none where there is no such file.

    Source: cyrus.conf(5): only entries of SERVICES have ``listen``.
    """
    try:
        text = imapd_conf.with_name("cyrus.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    found = []
    for line in text.splitlines():
        match = _SERVICE.match(line)
        words = match["command"].split() if match is not None else []
        if match is not None and words and not line.lstrip().startswith("#"):
            program = Path(words[0]).name
            found.append(Service(program=program, words=tuple(words[1:]), listen=match["listen"]))
    return tuple(found)


def imap_port(imapd_conf: Path) -> int | None:
    """The loopback-reachable plain IMAP port that ``cyrus.conf`` beside the file names.

    None where there is no such file or service; named services (``imap``) are known.
    """
    plain = (each for each in services(imapd_conf) if each.is_imap)
    return next((each.port for each in plain if each.port is not None), None)
