"""Reading a server's ``imapd.conf`` with its includes, and ``cyrus.conf`` beside it."""

from __future__ import annotations

import re
from pathlib import Path

from respool.cyrus.imapd_conf import INCLUDE, ServerConfiguration, merged, parse_lines
from respool.errors import FormatError, NotPermitted, ServerNotFound

_MOST_INCLUDES = 16
_SERVICE = re.compile(r'^\s*\S+(?=.*\scmd="(?P<command>[^"]*)")(?=.*\slisten="(?P<listen>[^"]*)")')


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


def imap_port(imapd_conf: Path) -> int | None:
    """The loopback-reachable plain IMAP port that ``cyrus.conf`` beside the file names.

    None where there is no such file or service; named services (``imap``) are known.
    """
    try:
        text = imapd_conf.with_name("cyrus.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        found = _SERVICE.match(line)
        if found is None or line.lstrip().startswith("#"):
            continue
        words = found["command"].split()
        if words and Path(words[0]).name == "imapd" and "-s" not in words:
            port = found["listen"].rsplit(":", 1)[-1]
            if port.isdigit():
                return int(port)
            if port == "imap":
                return 143
    return None
