"""Who may write to a mailshare of a BlueMind that is spoken to by IMAP, by its own directory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from respool.bluemind import api_answers, api_requests
from respool.bluemind.api_answers import ApiDomain, ApiMailbox
from respool.errors import AccountNotOnServer, BluemindFault
from respool.model.accounts import AccountKind
from respool.system.bluemind_core import BluemindCore

# Verbs that let somebody add mail. Source: net.bluemind.core.container.model.acl.Verb.
_WRITING: Final = frozenset({"Write", "All"})
_USER: Final = "user"


def writer_of(core: BluemindCore, domain: ApiDomain, share: ApiMailbox) -> str:
    """The login of one who may write to ``share``: the first by name, no groups before people.

    Raises:
        AccountNotOnServer: there is nobody.
    """
    subjects = _subjects(core, domain, share)
    logins = [*_people(core, domain, subjects)]
    logins = logins or [*_people(core, domain, _members(core, domain, subjects))]
    if not logins:
        raise AccountNotOnServer(
            f"nobody may write to the mailshare {share.name}@{domain.names[0]}",
            why="BlueMind 5 has no other way in than a user with the right to write",
            hint="give one the right in the admin console, or name one:"
            f" --to imaps://USER%40DOMAIN@HOST/share/{share.name}",
        )
    return min(logins)


def _subjects(core: BluemindCore, domain: ApiDomain, share: ApiMailbox) -> tuple[str, ...]:
    answer = core.api.ask(api_requests.mailbox_acl(domain.uid, share.uid))
    entries = api_answers.values_of(answer, "an AccessControlEntry")
    found = (str(each.get("subject")) for each in entries if each.get("verb") in _WRITING)
    return tuple(sorted(set(found)))


def _people(core: BluemindCore, domain: ApiDomain, subjects: tuple[str, ...]) -> Iterator[str]:
    """Logins of those subjects that are users and may log in."""
    for uid in subjects:
        mailbox = _known(core, domain, uid)
        if mailbox is not None and mailbox.kind is AccountKind.USER and not mailbox.is_archived:
            yield f"{mailbox.name}@{domain.names[0]}"


def _members(core: BluemindCore, domain: ApiDomain, subjects: tuple[str, ...]) -> tuple[str, ...]:
    """The users in those subjects that are groups, and in groups of these."""
    found: set[str] = set()
    for uid in subjects:
        try:
            answer = core.api.ask(api_requests.group_members(domain.uid, uid))
        except BluemindFault:
            continue  # no group
        members = api_answers.values_of(answer or [], "a Member")
        found |= {str(each.get("uid")) for each in members if each.get("type") == _USER}
    return tuple(sorted(found))


def _known(core: BluemindCore, domain: ApiDomain, uid: str) -> ApiMailbox | None:
    try:
        return core.mailbox(domain.uid, uid)
    except BluemindFault:
        return None
