"""Which addresses and names are this machine's. Nobody else is asked."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Final

_LOOPBACK_NAMES: Final = frozenset({"localhost", "localhost.localdomain"})
_IPV4: Final = 4


def is_loopback(address: str) -> bool:
    """Whether it means whichever machine one is on."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address.casefold() in _LOOPBACK_NAMES


def is_own_address(address: str) -> bool:
    """Whether an IP address is one of this machine's; of loopback ones, each is.

    Only its own address can be bound (a port is not: nothing is heard there).
    """
    try:
        version = ip_address(address).version
    except ValueError:
        return False
    family = socket.AF_INET if version == _IPV4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as tried:
            tried.bind((address, 0))
    except OSError:
        return False
    return True


def own_names() -> frozenset[str]:
    """How this machine is called, by itself and in its own list of hosts."""
    names = {socket.gethostname(), socket.getfqdn()}
    return frozenset(each.casefold() for each in names) - _LOOPBACK_NAMES
