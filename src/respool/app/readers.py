"""Which readers of a backup's mailboxes have an account on the live server."""

from __future__ import annotations

from collections.abc import Iterable

from respool.errors import ServerSaidNo
from respool.planning.request import RestoreRequest
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.names import NameRules
from respool.targets.spool.readers import account_named, login_of
from respool.targets.spool.sequence import ChosenMailbox


def logins_of(
    request: RestoreRequest,
    chosen: Iterable[ChosenMailbox],
    server: CyrusServer,
    rules: NameRules,
) -> frozenset[str]:
    """Logins of those who had read something, as far as the server has an INBOX for them."""
    found = {request.account.userid}
    if not request.is_without_seen:
        found |= {userid for each in chosen for userid in each.state.seen_by}
    logins = {login_of(userid, rules.default_domain) for userid in found}
    return frozenset(login for login in logins if _is_there(server, rules, login))


def _is_there(server: CyrusServer, rules: NameRules, login: str) -> bool:
    """A name that no mailbox can have, or that cannot be sent, is nobody's there."""
    try:
        return server.admin.exists(rules.written(account_named(login).root))
    except (ServerSaidNo, ValueError):
        return False
