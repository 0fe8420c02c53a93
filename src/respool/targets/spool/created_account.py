"""Taking back an account that a run had the server create."""

from __future__ import annotations

from typing import Final

from respool.runs.actor import Undoing
from respool.system.administrator_access import opened_by_administrator
from respool.system.mailbox_admin import rename_mailbox
from respool.targets.spool.steps import CreateAccount
from respool.targets.spool.taking_back import MadeMailboxes
from respool.targets.spool.whereabouts import Whereabouts

_MOST_SECONDS: Final = 60  # from our look, before which it was not there, to its creation


def take_account_back(made: MadeMailboxes, step: CreateAccount, undoing: Undoing) -> str | None:
    """Delete the account's INBOX or root, unless it holds anything; why it is left.

    With INBOX the server deletes all that is below it: a folder that is still there, and
    mail, whoever brought it, keep the account. One whose creation did not end is left if
    it was used, or was not made just then: an administrator may have made it since.
    """
    mailbox, uniqueid = step.mailbox, undoing.done.get("uniqueid")
    if undoing.before.get("existed"):
        return None
    if uniqueid is None:
        return _never_finished(made, mailbox, undoing.before.get("at"))
    found = made.finder.find(mailbox, uniqueid)
    if found.whereabouts is Whereabouts.DELETED and found.name is not None:
        return _purge(made, mailbox, found.name)
    if found.whereabouts is Whereabouts.THERE:
        return _remove(made, mailbox, uniqueid)
    return "somebody made the account anew" if made.server.admin.exists(mailbox) else None


def _never_finished(made: MadeMailboxes, mailbox: str, at: int | None) -> str | None:
    if not made.server.admin.exists(mailbox):
        made.forget_unused(mailbox)
        return None
    if not _is_just_made(made, mailbox, at):
        return "somebody else may have made it: the run was cut off before it knew that it had"
    return _remove(made, mailbox, made.server.uniqueid(mailbox))


def _is_just_made(made: MadeMailboxes, mailbox: str, at: int | None) -> bool:
    """Whether it is as new as if we had made it: UIDVALIDITY is the time of its creation.

    Source: imap/mboxname.c, ``mboxname_nextuidvalidity`` @3.6.1.
    """
    if at is None or not made.is_unused(mailbox):
        return False
    with opened_by_administrator(made.server, mailbox, is_to_change=False):
        created = made.server.admin.status(mailbox).uidvalidity
    return at - 1 <= created <= at + _MOST_SECONDS


def _remove(made: MadeMailboxes, mailbox: str, uniqueid: str | None) -> str | None:
    if uniqueid is None:
        return "it has no id"
    folders = [name for name in made.finder.all_of_account(mailbox) if name != mailbox]
    if folders:
        return f"it has folders that stay, the first of them {folders[0]}"
    if _held(made, mailbox):
        return "it holds mail"
    made.delete(mailbox)
    copy = made.finder.copy_of(mailbox, uniqueid)
    return None if copy is None else _purge(made, mailbox, copy)


def _purge(made: MadeMailboxes, mailbox: str, copy: str) -> str | None:
    """Delete what was deleted for good, if it holds nothing: mail came in the meantime."""
    if not _held(made, copy):
        made.delete(copy)
        return None
    if made.server.admin.exists(mailbox):
        return f"it holds mail, and somebody made the account anew: it is {copy} now"
    rename_mailbox(made.server.admin, copy, mailbox)
    return "it holds mail"


def _held(made: MadeMailboxes, mailbox: str) -> int:
    with opened_by_administrator(made.server, mailbox, is_to_change=False) as session:
        return session.open_to_read(mailbox)
