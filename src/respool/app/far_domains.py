"""Domains of a backup by the names that another BlueMind has for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from respool.app.backups import backup_of
from respool.app.settings import Settings
from respool.backups.addresses import addresses_in
from respool.backups.contents import accounts_in
from respool.bluemind.api_answers import ApiDomain
from respool.bluemind.postfix_maps import INTERNAL
from respool.errors import BackupError, UsageError
from respool.system.bluemind_core import BluemindCore


def live_domain(
    settings: Settings, core: BluemindCore, typed: str, domains: Mapping[str, str]
) -> ApiDomain:
    """The domain that the core calls as a person typed it; the name to log in with comes first.

    That is the one that was typed, unless it is a technical one. ``domains`` are new ones by
    old, as they were told.

    Raises:
        UsageError: none is called so, with the ``--map-domain`` that would do.
    """
    wanted = domains.get(typed, typed)
    there = core.domains()
    found = _called(there, {wanted.casefold()})
    if found is not None:
        return _main_name_first(found, wanted.casefold())
    proposed = _called(there, names_in_backup(settings, wanted))
    if proposed is not None:
        proposed = _main_name_first(proposed, wanted.casefold())
    every = ", ".join(_main_name_first(each, "").names[0] for each in there)
    if proposed is None:
        raise UsageError(
            f"BlueMind {core.version} has no domain {wanted}",
            why=f"it has {every}" if every else "it has none at all",
            hint=f"--map-domain {typed}=NEW says which of them it is",
        )
    raise UsageError(
        f"BlueMind {core.version} has no domain {wanted}",
        why=f"the backup also calls it {proposed.names[0]}, and that is there",
        hint=f"--map-domain {typed}={proposed.names[0]}",
    )


def names_in_backup(settings: Settings, domain: str) -> frozenset[str]:
    """Other names of a domain, as the newest backup that tells them has them; lower-case."""
    try:
        generations = backup_of(settings).generations
    except BackupError:
        return frozenset()
    for generation in generations:
        spool_domains = {each.domain for each in accounts_in(generation) if each.domain}
        book = addresses_in(generation, tuple(sorted(spool_domains)))
        found = {alias for alias, those in book.domains.items() if domain.casefold() in those}
        if found:
            return frozenset(found)
    return frozenset()


def _called(there: tuple[ApiDomain, ...], names: set[str] | frozenset[str]) -> ApiDomain | None:
    for each in there:
        if names & {name.casefold() for name in (each.uid, *each.names)}:
            return each
    return None


def _main_name_first(domain: ApiDomain, wanted: str) -> ApiDomain:
    names = sorted(
        domain.names or (domain.uid,),
        key=lambda name: (name.endswith(INTERNAL), name.casefold() != wanted),
    )
    return replace(domain, names=tuple(names))
