"""Folders of others that BlueMind's forced replication would expunge along with a user's own.

``replication.parentUid`` logs in as the user and goes through every folder that he sees. What
others share with him it passes over by two names alone, those of French servers: where the
server calls it otherwise, what others have marked as deleted there would be gone, and a dummy
message appended. Source: ReplicationParentUidRepair.java (UserMailboxWalk) of 2020 to 2022.
"""

from __future__ import annotations

from typing import Final

from respool.errors import LoginRefused
from respool.finishing.marked import left_to_a_person
from respool.model.accounts import Account, AccountKind
from respool.model.names import decoded_part
from respool.runs.actor import Note
from respool.system.cyrus_server import CyrusServer
from respool.system.mailbox_admin import Administration
from respool.system.namespaces import not_his_own

_PASSED_OVER: Final = ("Dossiers partagés/", "Autres utilisateurs/")
_MOST_NAMED: Final = 3


def left_for_others(server: CyrusServer, account: Account, command: str) -> Note | None:
    """What is noted where it would touch folders of others; None where it does not.

    A mailshare it goes through as the administrator, and below its root alone.
    """
    if account.kind is not AccountKind.USER:
        return None
    who = _userid(server, account)
    careful = f"{command}, only where whatever others have marked as deleted there may go"
    try:
        found = _folders_of_others(server, who)
    except LoginRefused:
        return left_to_a_person(careful, f"which folders of others {who} sees is not known")
    if not found:
        return None
    named = ", ".join(found[:_MOST_NAMED]) + (", …" if len(found) > _MOST_NAMED else "")
    folders = "1 folder" if len(found) == 1 else f"{len(found)} folders"
    return left_to_a_person(
        careful, f"BlueMind would expunge {folders} of others, which {who} sees: {named}"
    )


def _folders_of_others(server: CyrusServer, userid: str) -> tuple[str, ...]:
    """Those that he sees, and that BlueMind does not pass over."""
    with server.as_user(userid) as session:
        beyond = not_his_own(session, Administration.over(session).names("*"))
    names = map(decoded_part, beyond)
    return tuple(sorted(each for each in names if not each.startswith(_PASSED_OVER)))


def _userid(server: CyrusServer, account: Account) -> str:
    """Who BlueMind logs in as."""
    domain = account.domain or server.default_domain
    login = account.address.partition("@")[0]
    return f"{login}@{domain}" if domain else login
