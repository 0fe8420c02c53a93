"""Is a directory entry still the mailbox that was restored? Somebody may have renamed either.

What BlueMind is told it does to the mailbox of an entry: it writes rights, and expunges.
"""

from __future__ import annotations

from respool.bluemind import api_requests
from respool.bluemind.api_answers import ApiMailbox, mailbox_of
from respool.errors import BluemindFault
from respool.finishing.asking import Asking, is_unknown
from respool.finishing.steps import ConsolidateIndex, Repair, SaveRights
from respool.model.accounts import Account
from respool.model.names import decoded_part
from respool.runs.actor import Note


def left_as_anothers(
    asking: Asking, step: SaveRights | Repair | ConsolidateIndex, account: Account
) -> Note | None:
    """What is noted where the step's entry is not ``account``'s, or gone; None where it is."""
    if is_mailbox_of(_mailbox(asking, step), account):
        return None
    why = f"what BlueMind's directory has as {step.entry} now is not the mailbox {account.address}"
    left = f"{why}, and so BlueMind was not told of the restore: look at both in its admin console"
    note: Note = {"skipped": why, "left_to_do": [left]}
    return {**note, "operation": step.operation} if isinstance(step, Repair) else note


def is_mailbox_of(entry: ApiMailbox | None, account: Account) -> bool:
    """Whether the mailbox of a directory entry is ``account``'s."""
    if entry is None:
        return False
    return (entry.kind, entry.name) == (account.kind, decoded_part(account.login))


def _mailbox(asking: Asking, step: SaveRights | Repair | ConsolidateIndex) -> ApiMailbox | None:
    try:
        return mailbox_of(asking.ask(api_requests.mailbox(step.domain, step.entry)))
    except BluemindFault as error:
        if is_unknown(error):
            return None
        raise
