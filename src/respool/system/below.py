"""The folders below a mailbox of a Cyrus server, and nobody else's."""

from __future__ import annotations

from typing import Final

from respool.system.cyrus_server import CyrusServer

_NO: Final = frozenset({"off", "no", "false", "f", "0"})


def folders_below(server: CyrusServer, mailbox: str) -> tuple[str, ...]:
    """Folders below ``mailbox``, not itself; both as the administrator writes them."""
    local, at, domain = mailbox.partition("@")
    return listed_below(server, local, "*", f"{at}{domain}")


def listed_below(server: CyrusServer, above: str, pattern: str, domain: str) -> tuple[str, ...]:
    """What LIST shows below a name, of its own domain; ``domain`` with its ``@``, or empty.

    What it shows besides is left out: it knows no escape, so that ``*`` in a name matches other
    names, and a wildcard at the end of a pattern without a domain takes in every other domain's
    folders of that name (seen on 3.6.1 with ``defaultdomain``).
    """
    head = f"{above}{server.separator}"
    has_domains = server.configuration.text("virtdomains", "off").lower() not in _NO
    is_bare = has_domains and not domain
    return tuple(
        name
        for name in server.admin.names(f"{head}{pattern}{domain}")
        if name.startswith(head) and name.endswith(domain) and not (is_bare and "@" in name)
    )
