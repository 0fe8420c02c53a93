"""Is a server that BlueMind's directory names the Cyrus that is restored into?

A BlueMind may have several servers with mail, and a core may be another BlueMind's. What it is
told concerns the mailbox where *it* has it: repairs, limits, a mailshare made or removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from respool.bluemind import api_requests
from respool.bluemind.api_answers import values_of
from respool.bluemind.directory_entries import ApiServer, servers_of
from respool.bluemind.families import Family
from respool.model.dataclasses import dataclass
from respool.system.bluemind_core import BluemindCore
from respool.system.cyrus_server import CyrusServer
from respool.system.own_addresses import is_loopback, is_own_address, own_names

_MAIL: Final = "mail/imap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """This machine and its Cyrus: its ``partitions``, and the ``names`` that it goes by.

    ``is_core_here``: the core is asked at an address of this machine. Then a loopback address
    that it tells is this machine's, too, and a partition that is called as it calls them tells
    that it means this Cyrus. Told by a core of another machine that says nothing: a copy of a
    server has the same partitions, and servers have the same uids in most installations.
    """

    partitions: frozenset[str]
    names: frozenset[str]
    is_core_here: bool

    def is_called(self, server: ApiServer) -> bool:
        """Whether the server has an address or a name of this machine."""
        return any(self._is_own(each) for each in (*server.addresses, server.name))

    def is_known_by_partition(self, server: str, domain: str) -> bool:
        """Whether the partition alone says that the server is this machine."""
        return self.is_core_here and self.has_partition_of(server, domain)

    def has_partition_of(self, server: str, domain: str) -> bool:
        """Whether Cyrus has the partition that BlueMind 4 names after a server and a domain.

        Source: CyrusPartition.java.
        """
        return f"{_underscored(server)}__{_underscored(domain)}" in self.partitions

    def has_partition(self, domain: str) -> bool:
        """Whether it has the one that BlueMind 3.5 names after a domain alone."""
        return _underscored(domain) in self.partitions

    def _is_own(self, address: str) -> bool:
        if is_loopback(address):
            return self.is_core_here
        return address.casefold() in self.names or is_own_address(address)


def here_of(server: CyrusServer, core: BluemindCore) -> Here:
    """This machine, for that core."""
    names = own_names()
    called = server.configuration.text("servername").casefold()
    host = (urlsplit(core.api.access.url).hostname or "").casefold()
    return Here(
        partitions=frozenset(server.configuration.roots("")),
        names=names | ({called} if called else frozenset()),
        is_core_here=is_loopback(host) or host in names or is_own_address(host),
    )


def why_elsewhere(core: BluemindCore, here: Here, location: str | None, domain: str) -> str | None:
    """Why the mail at ``location``, uid of a server, is not of this Cyrus; None where it is.

    Raises:
        as `BluemindApi.ask`: which servers there are, it does not tell.
    """
    if location is not None and here.is_known_by_partition(location, domain):
        return None
    if location in servers_here(core, here, domain):
        return None
    return f"by its directory the mail lies on the server {location}, which is not this machine"


def servers_here(core: BluemindCore, here: Here, domain: str) -> tuple[str, ...]:
    """The uids of the servers with mail that are this machine; those of the rest are left out.

    The partitions of 3.5 do not tell one server from another: they count where there is one, and
    only where the core is on this machine.
    """
    answer = core.api.ask(api_requests.servers())
    with_mail = frozenset(_uids_with_mail(values_of(answer, "an item of Server")))
    known = [each for each in servers_of(answer) if each.uid in with_mail]
    is_bm3_alone = core.family is Family.BM3 and len(known) == 1 and here.is_core_here
    is_only_one = is_bm3_alone and here.has_partition(domain)
    return tuple(
        each.uid
        for each in known
        if is_only_one or here.is_called(each) or here.is_known_by_partition(each.uid, domain)
    )


def servers_to_make_on(core: BluemindCore, here: Here, domain: str) -> tuple[str, ...]:
    """Those of `servers_here` whose partition for the domain this Cyrus has.

    BlueMind chooses the partition of a mailbox that it makes, by its own name.
    """
    if core.family is Family.BM3:
        return servers_here(core, here, domain) if here.has_partition(domain) else ()
    found = servers_here(core, here, domain)
    return tuple(each for each in found if here.has_partition_of(each, domain))


def _uids_with_mail(servers: Iterable[Any]) -> Iterable[str]:
    for each in servers:
        value = each.get("value") or {}
        if _MAIL in (value.get("tags") or ()) and isinstance(each.get("uid"), str):
            yield each["uid"]


def _underscored(name: str) -> str:
    return name.replace(".", "_")
