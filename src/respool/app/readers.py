"""Whose state of a backup's mailboxes can be theirs again on the live server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from respool.backups.server_state import server_state
from respool.errors import LoginRefused, ServerSaidNo
from respool.model.accounts import AccountKind
from respool.model.names import MailboxName
from respool.model.state import SHARED
from respool.planning.chosen import ChosenMailbox
from respool.planning.request import RestoreRequest
from respool.system.annotation_commands import special_uses
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.names import NameRules
from respool.targets.spool.readers import account_named, login_of
from respool.targets.spool.survey import SpoolSurvey


def logins_of(
    request: RestoreRequest,
    chosen: Iterable[ChosenMailbox],
    server: CyrusServer,
    rules: NameRules,
) -> frozenset[str]:
    """Logins of those who had read or written something, as far as they have an INBOX there."""
    found = {request.account.userid}
    for each in chosen:
        state = each.state
        if not request.is_without_seen:
            found |= set(state.seen_by)
        if not request.is_without_annotations:
            found |= {one.userid for one in (*state.annotations, *state.on_messages)}
        if _is_itself_again(request):
            found |= {who for who in each.mailbox.acl if who[:1] != "-"}
    found -= {SHARED, "anyone"}
    logins = {login_of(userid, rules.default_domain) for userid in found}
    return frozenset(login for login in logins if _is_there(server, rules, login))


def special_uses_of(
    request: RestoreRequest,
    chosen: Iterable[ChosenMailbox],
    survey: SpoolSurvey,
    server: CyrusServer,
) -> frozenset[str]:
    r"""What folders of the target are for already: a server takes each ``\Sent`` once.

    Not asked where no folder of the backup is for any; nothing where nobody owns it; where its
    owner cannot log in, he cannot be given any.
    """
    if survey.owner is None or survey.is_absent or request.is_without_annotations:
        return frozenset()
    if not any(each.state.special_use(request.account.userid) for each in chosen):
        return frozenset()
    try:
        with server.as_user(survey.owner) as owner:
            return special_uses(owner)
    except (LoginRefused, ServerSaidNo):
        return frozenset()


def subscriptions_of(
    request: RestoreRequest,
    chosen: Sequence[ChosenMailbox],
    survey: SpoolSurvey,
    logins: Iterable[str],
) -> Mapping[str, frozenset[MailboxName]]:
    """What a user, or in place each reader of a mailshare, was subscribed to in the backup.

    By login on the target; nobody of whom the backup tells nothing.
    """
    default = survey.name_rules.default_domain
    if request.is_without_metadata:
        return {}
    if survey.owner is not None and request.account.kind is AccountKind.USER:
        userids = {request.account.userid: survey.owner}
    elif _is_itself_again(request):
        known = {who for each in chosen for who in (*each.mailbox.acl, *each.state.seen_by)}
        userids = {
            who: login_of(who, default) for who in known if login_of(who, default) in logins
        }
    else:
        return {}
    places = dict.fromkeys(each.place.spool for each in chosen)
    found = {
        login: frozenset(
            name for place in places for name in server_state(place).subscriptions(who)
        )
        for who, login in userids.items()
    }
    return {login: names for login, names in found.items() if names}


def _is_itself_again(request: RestoreRequest) -> bool:
    """Whether a mailshare gets its own folders back under their old names."""
    is_share = request.target.kind is AccountKind.MAILSHARE
    return is_share and request.is_in_place and request.account == request.target


def _is_there(server: CyrusServer, rules: NameRules, login: str) -> bool:
    """A name that no mailbox can have, or that cannot be sent, is nobody's there."""
    try:
        return server.admin.exists(rules.written(account_named(login).root))
    except (ServerSaidNo, ValueError):
        return False
