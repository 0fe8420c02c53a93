"""Taking back an account that a run had the server create."""

from __future__ import annotations

from respool.errors import ProgramFailed, ServerSaidNo
from respool.runs.actor import Undoing
from respool.system.administrator_access import opened_by_administrator
from respool.targets.spool.steps import CreateAccount
from respool.targets.spool.taking_back import MadeMailboxes


def take_account_back(made: MadeMailboxes, step: CreateAccount, undoing: Undoing) -> str | None:
    """Delete the account's INBOX or root, unless it holds anything; why it is left.

    With INBOX the server deletes all that is below it: a folder that is still there, and
    mail, whoever brought it, keep the account. One whose creation did not end is left if
    it is not exactly as the server makes it.
    """
    server, mailbox = made.server, step.mailbox
    admin, uniqueid = server.admin, undoing.done.get("uniqueid")
    if undoing.before.get("existed") or not admin.exists(mailbox):
        return None
    try:
        if uniqueid is not None and server.uniqueid(mailbox) != uniqueid:
            return "somebody made the account anew"
    except (ProgramFailed, ServerSaidNo):
        return None
    folders = [name for name in made.finder.all_of_account(mailbox) if name != mailbox]
    if folders:
        return f"it has folders that stay, the first of them {folders[0]}"
    with opened_by_administrator(server, mailbox, is_to_change=False) as session:
        if session.open_to_read(mailbox):
            return "it holds mail"
    return made.remove_empty(mailbox)
