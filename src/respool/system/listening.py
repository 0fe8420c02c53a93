"""Does the live server answer at its own ports, and which version says so?"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from respool.model.dataclasses import dataclass
from respool.system.configuration import services
from respool.system.imap_places import ImapAddress

_SECONDS: Final = 3.0
_MOST_OCTETS: Final = 4096
# "* OK [CAPABILITY …] host Cyrus IMAP 3.6.1-Debian-… server ready"; 2.4 writes v2.4.22.
_GREETING: Final = re.compile(rb"Cyrus IMAP v?(\d+\.\d+\.\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What was asked, and what came of it.

    ``error`` is None where it answered. ``version`` is what its greeting says, None where
    that hides it or TLS comes first.
    """

    address: ImapAddress
    error: str | None = None
    version: str | None = None


def addresses_of(imapd_conf: Path) -> tuple[ImapAddress, ...]:
    """Where ``cyrus.conf`` beside the file has IMAP listen at; plain IMAP first."""
    found = [each for each in services(imapd_conf) if each.port is not None]
    plain = [each for each in found if each.is_imap]
    within_tls = [each for each in found if each.is_imaps]
    return tuple(
        ImapAddress(host=each.host, port=each.port or 0, is_tls=each.is_imaps)
        for each in (*plain, *within_tls)
    )


def ask(addresses: Sequence[ImapAddress]) -> Listening | None:
    """The first of ``addresses`` that answers, else what the first one said; None without any."""
    asked = None
    for address in addresses:
        one = _ask(address)
        if one.error is None:
            return one
        asked = asked or one
    return asked


def _ask(address: ImapAddress) -> Listening:
    try:
        with socket.create_connection((address.host, address.port), timeout=_SECONDS) as opened:
            greeting = b""
            if not address.is_tls:
                with suppress(OSError):  # a server that listens and is slow to greet
                    greeting = opened.recv(_MOST_OCTETS)
    except OSError as error:
        return Listening(address=address, error=str(error))
    said = _GREETING.search(greeting)
    return Listening(address=address, version=said[1].decode("ascii") if said else None)
