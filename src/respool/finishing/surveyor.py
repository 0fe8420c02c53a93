"""Asks a core how it stands towards an account. Changes nothing, and needs each role once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from respool.bluemind import api_requests
from respool.bluemind.api_answers import ApiMailbox
from respool.errors import BluemindFault, BluemindRefused
from respool.finishing.asking import is_unknown
from respool.finishing.here import Here, servers_to_make_on, why_elsewhere
from respool.finishing.planner import REPAIRS
from respool.finishing.survey import CoreSurvey, Gone
from respool.model.accounts import Account, AccountKind
from respool.model.names import decoded_part
from respool.system.bluemind_core import BluemindCore

_GROUP: Final = "group:"

FoundT = TypeVar("FoundT")


def survey_core(
    core: BluemindCore, account: Account, domain: str, here: Here | None = None
) -> CoreSurvey:
    """How it stands towards a live account; ``domain`` is the one that Cyrus files it under.

    ``here`` is the Cyrus that has the account; None where it is not on this machine.
    What the restore will ask is asked now as far as that changes nothing: a role that is
    missing is noticed here.

    Raises:
        TargetError: it does not answer, or refuses us.
    """
    unknown = CoreSurvey(version=core.version, family=core.family, domain=domain, mailbox=None)
    name = decoded_part(account.login)
    found = _found(lambda: core.mailbox_called(domain, name))
    if found is None:
        return unknown
    if found.kind is not account.kind:
        return replace(unknown, why_not=_another(found, account))
    elsewhere = here and why_elsewhere(core, here, found.data_location, domain)
    if elsewhere:
        return replace(unknown, why_not=elsewhere)
    core.api.ask(api_requests.mailbox_acl(domain, found.uid))
    is_user = account.kind is AccountKind.USER
    read = api_requests.user if is_user else api_requests.mailshare
    if core.api.ask(read(domain, found.uid)) is None:
        return replace(unknown, why_not=f"its directory has no {account.kind} {found.uid}")
    return CoreSurvey(
        version=core.version,
        family=core.family,
        domain=domain,
        mailbox=found,
        operations=core.operations(domain, found.uid),
    )


def _another(found: ApiMailbox, account: Account) -> str:
    """A user and a mailshare may have had one name, one after the other; Cyrus has both then."""
    what = "something else" if found.kind is None else f"a {found.kind}"
    return f"in its directory {account.address} is {what}, and not this {account.kind}"


def survey_core_without(core: BluemindCore, gone: Gone, domain: str, here: Here) -> CoreSurvey:
    """How it stands towards a mailshare that is to be made; another's name is no reason yet.

    Which repairs it offers is asked once there is one: all that we know of are planned.
    """
    return CoreSurvey(
        version=core.version,
        family=core.family,
        domain=domain,
        mailbox=_found(lambda: core.mailbox_called(domain, gone.name)),
        operations=REPAIRS if core.family.has_repairs else (),
        servers=servers_to_make_on(core, here, domain),
        is_email_free=_is_free(core, domain, gone.name),
        known=frozenset(_known(core, domain, gone.rights)),
    )


def _found(look: Callable[[], FoundT | None]) -> FoundT | None:
    """What a look-up finds; some versions say that there is none by a fault."""
    try:
        return look()
    except BluemindFault as error:
        if is_unknown(error):
            return None
        raise


def _is_free(core: BluemindCore, domain: str, local: str) -> bool:
    """Whether nobody gets mail for it, at any name of the domain: the new one gets it at all."""
    named = (each.names for each in core.domains() if each.uid == domain)
    names = dict.fromkeys((domain, *next(named, ())))
    addresses = [f"{local}@{each}" for each in names]
    return not any(_found(partial(core.mailbox_with, domain, each)) for each in addresses)


def _known(core: BluemindCore, domain: str, identities: Iterable[str]) -> Iterator[str]:
    for who in identities:
        name, _, of = who.removeprefix(_GROUP).rpartition("@")
        if of == domain and (_has_group if who.startswith(_GROUP) else _has)(core, domain, name):
            yield who


def _has(core: BluemindCore, domain: str, uid: str) -> bool:
    return _found(lambda: core.mailbox(domain, uid)) is not None


def _has_group(core: BluemindCore, domain: str, uid: str) -> bool:
    """Where the key may not look at groups, that is left to a person."""
    try:
        return _found(lambda: core.api.ask(api_requests.group_members(domain, uid))) is not None
    except BluemindRefused:
        return False
