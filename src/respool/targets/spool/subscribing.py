"""Subscribing somebody to a folder, and taking that back: in a session of his own.

One session does for all folders of his that follow each other.
"""

from __future__ import annotations

from respool.errors import LoginRefused, ServerSaidNo
from respool.model.names import MailboxName
from respool.runs.actor import Note
from respool.system import subscriptions
from respool.system.cyrus_server import CyrusServer
from respool.system.namespaces import name_for
from respool.targets.spool.steps import Subscribe


def subscribed_before(server: CyrusServer, step: Subscribe) -> Note:
    """Whether he is subscribed to it already; null where he cannot log in."""
    mailbox = MailboxName(domain=step.domain, parts=step.parts)
    try:
        with server.kept_session.of(step.userid) as user:
            name = name_for(user, step.userid, mailbox, default_domain=server.default_domain)
            return {"was_subscribed": name in subscriptions.subscribed_names(user)}
    except (LoginRefused, ServerSaidNo):
        return {"was_subscribed": None}


def subscribe(server: CyrusServer, step: Subscribe) -> Note:
    """Open the folder as who is to be subscribed, now that it has its rights; subscribe him.

    Where he cannot log in, that is said; where an owner can, but may not open it, too.
    """
    mailbox = MailboxName(domain=step.domain, parts=step.parts)
    note: Note = {"userid": step.userid, "subscribed": None}
    try:
        with server.kept_session.of(step.userid) as user:
            name = name_for(user, step.userid, mailbox, default_domain=server.default_domain)
            try:
                user.open_to_read(name)
            except ServerSaidNo as error:
                closed = {"closed": name} if mailbox.is_user else {}
                return {**note, **closed, "why": f"{error.what}: {error.why}"}
            subscriptions.subscribe(user, name)
    except (LoginRefused, ServerSaidNo) as error:
        return {**note, "why": f"{error.what}: {error.why}"}
    return {**note, "subscribed": name}


def unsubscribe(server: CyrusServer, step: Subscribe) -> None:
    """Take his subscription back; who cannot log in any more keeps what he had."""
    mailbox = MailboxName(domain=step.domain, parts=step.parts)
    try:
        with server.as_user(step.userid) as user:
            name = name_for(user, step.userid, mailbox, default_domain=server.default_domain)
            subscriptions.unsubscribe(user, name)
    except (LoginRefused, ServerSaidNo):
        return
