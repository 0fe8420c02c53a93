"""The addresses that people use for the accounts of a generation, by what it holds itself.

BlueMind's configuration part has the maps of Postfix; so has a copy of a whole server. What
``imapd.conf`` calls the default domain is that of accounts without one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final, Protocol

from respool.backups.source import tree_at
from respool.bluemind.postfix_maps import AddressBook, address_book
from respool.cyrus.imapd_conf import parse_lines
from respool.errors import BackupError, FormatError
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.generations import Generation

NO_DOMAIN: Final = ""  # stands for the domain of accounts that have none
_TAGS: Final = frozenset({"bm/conf", "bm/core"})
# Of a bm/conf part since 4.2, of a bm/core part up to 4.1, and of a whole server.
_CONFIGURATIONS: Final = (
    PurePosixPath("var/backups/bluemind", "work", "conf"),
    PurePosixPath("var/backups/bluemind/conf"),
    PurePosixPath(),
)
_POSTFIX: Final = PurePosixPath("postfix")
_ALIASES: Final = ("virtual_alias-flat", "virtual_alias")
_DOMAINS: Final = ("virtual_domains-flat", "virtual_domains")
_LIMIT: Final = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAccount:
    """An account of a live server, and the name that people see there; None for none.

    ``owner`` is how ACLs name a user, by the directory's uid. ``servers`` are the names of the
    server that its mail lies on: DataProtect's parts have one of them.
    """

    account: Account
    display_name: str | None = None
    owner: str | None = None
    servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a live directory says of a name: whom it means, and whose names are like it.

    ``silence`` is why nobody was asked, or did not answer; None where somebody was, and where
    nobody could be expected to know.
    """

    accounts: tuple[KnownAccount, ...] = ()
    near: tuple[KnownAccount, ...] = ()
    silence: str | None = None


class AddressSource(Protocol):
    """Somebody else who knows addresses: the live server."""

    def address_book(self, spool_domains: Sequence[str]) -> AddressBook:
        """What addresses mean there, for a spool that has ``spool_domains``."""

    def accounts_called(self, name: str, spool_domains: Sequence[str]) -> Told:
        """Whom an address, an alias, a login or a display name means in its directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapsOfThisMachine:
    """The live server that respool runs on: the maps of its own Postfix, as they are now.

    ``etc`` is where its ``imapd.conf`` lies. Without maps there it knows nothing.
    """

    etc: PurePosixPath

    def address_book(self, spool_domains: Sequence[str]) -> AddressBook:
        """What addresses mean there, for a spool that has ``spool_domains``."""
        aliases = _first_there(self.etc, _POSTFIX, _ALIASES)
        return address_book(aliases, _first_there(self.etc, _POSTFIX, _DOMAINS), spool_domains)


def addresses_in(generation: Generation, spool_domains: Sequence[str]) -> AddressBook:
    """What a generation itself says about addresses; empty where it says nothing.

    ``spool_domains`` are those that its accounts have. What cannot be read says nothing.
    """
    aliases: list[bytes] = []
    domains: list[bytes] = []
    default_domains: set[str] = set()
    for place, etc in _configurations(generation):
        aliases += _first_there(place, etc / _POSTFIX, _ALIASES)
        domains += _first_there(place, etc / _POSTFIX, _DOMAINS)
        default_domains |= _default_domains(place, etc)
    book = address_book(aliases, domains, spool_domains)
    default = {name: frozenset({NO_DOMAIN}) for name in default_domains}
    return replace(book, domains={**default, **book.domains})


def _configurations(generation: Generation) -> Iterator[tuple[PurePosixPath, PurePosixPath]]:
    """Each ``etc`` of a server: the place of its part, and the path below it."""
    places = [each.place for each in generation.others if each.tag in _TAGS]
    places += [part.place for part in generation.parts if part.staged is None]
    for place in places:
        tree = tree_at(place)
        for above in _CONFIGURATIONS:
            with suppress(BackupError):
                names = tree.subdirectories(above)
                if "etc" in names:
                    yield place, above / "etc"
                elif above.parts:
                    below = (above / name / "etc" for name in names)  # one for each server
                    yield from ((place, etc) for etc in below if tree.is_directory(etc))


def _first_there(
    place: PurePosixPath, directory: PurePosixPath, names: Sequence[str]
) -> list[bytes]:
    for name in names:
        with suppress(BackupError):
            return [tree_at(place).read(directory / name, _LIMIT)]
    return []


def _default_domains(place: PurePosixPath, etc: PurePosixPath) -> set[str]:
    with suppress(BackupError, FormatError):
        text = tree_at(place).read(etc / "imapd.conf", _LIMIT).decode("utf-8", "replace")
        return {
            value.casefold()
            for key, value in parse_lines(text)
            if key == "defaultdomain" and value
        }
    return set()
