"""Whose state of a backup's mailboxes can be theirs again on the live server."""

from __future__ import annotations

from collections.abc import Iterable

from respool.errors import LoginRefused, ServerSaidNo
from respool.model.state import SHARED
from respool.planning.request import RestoreRequest
from respool.system.annotation_commands import special_uses
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.names import NameRules
from respool.targets.spool.readers import account_named, login_of
from respool.targets.spool.sequence import ChosenMailbox
from respool.targets.spool.survey import SpoolSurvey


def logins_of(
    request: RestoreRequest,
    chosen: Iterable[ChosenMailbox],
    server: CyrusServer,
    rules: NameRules,
) -> frozenset[str]:
    """Logins of those who had read or written something, as far as they have an INBOX there."""
    found = {request.account.userid}
    for state in (each.state for each in chosen):
        if not request.is_without_seen:
            found |= set(state.seen_by)
        if not request.is_without_annotations:
            found |= {each.userid for each in (*state.annotations, *state.on_messages)}
    found.discard(SHARED)
    logins = {login_of(userid, rules.default_domain) for userid in found}
    return frozenset(login for login in logins if _is_there(server, rules, login))


def special_uses_of(
    request: RestoreRequest, survey: SpoolSurvey, server: CyrusServer
) -> frozenset[str]:
    r"""What folders of the target are for already: a server takes each ``\Sent`` once.

    Nothing where nobody owns it; where its owner cannot log in, he cannot be given any.
    """
    if survey.owner is None or survey.is_absent or request.is_without_annotations:
        return frozenset()
    try:
        with server.as_user(survey.owner) as owner:
            return special_uses(owner)
    except (LoginRefused, ServerSaidNo):
        return frozenset()


def _is_there(server: CyrusServer, rules: NameRules, login: str) -> bool:
    """A name that no mailbox can have, or that cannot be sent, is nobody's there."""
    try:
        return server.admin.exists(rules.written(account_named(login).root))
    except (ServerSaidNo, ValueError):
        return False
