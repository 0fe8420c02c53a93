"""Creating mailboxes by the server itself, and their rights."""

from __future__ import annotations

from collections.abc import Mapping

from respool.errors import StepFailed
from respool.runs.actor import Note
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.live_indexes import against_adding_to, live_mailboxes
from respool.targets.spool.shared_seen import share_seen
from respool.targets.spool.steps import (
    AddToMailbox,
    AdoptMailbox,
    CreateAccount,
    CreateMailbox,
    GiveRights,
)

ADMINISTRATOR_MAY = "lrswipkxtecda"  # while the mailbox is filled


def create_account(server: CyrusServer, step: CreateAccount, before: Note) -> Note:
    """CREATE the INBOX or root of an account that is gone, with its rights and limits.

    Raises:
        StepFailed: it is there already.
    """
    admin = server.admin
    if before.get("existed"):
        raise _appeared(step.mailbox)
    if not admin.exists(step.mailbox):
        admin.create(step.mailbox, partition=step.partition)
    _set_exactly(server, step.mailbox, step.rights)
    if step.limits:
        admin.set_limits(step.mailbox, step.limits)
    return {"uniqueid": server.uniqueid(step.mailbox), "limits": dict(step.limits)}


def create(server: CyrusServer, step: CreateMailbox, before: Note) -> Note:
    """CREATE in the partition, then shut the mailbox to all but the administrator.

    Raises:
        StepFailed: it stood there before, or what stands there now is not new.
    """
    admin = server.admin
    if before.get("existed"):
        raise _appeared(step.mailbox)
    if not admin.exists(step.mailbox):
        partition = None if step.may_be_there else step.partition  # then it is its account's
        admin.create(step.mailbox, partition=partition)
    given = admin.acl(step.mailbox)
    if not _is_same(given.get(server.admin_name), ADMINISTRATOR_MAY):  # as below a shut one
        admin.set_rights(step.mailbox, server.admin_name, ADMINISTRATOR_MAY)
    status = admin.status(step.mailbox)
    if status.messages or status.uidnext != 1:
        admin.set_rights(step.mailbox, server.admin_name, given.get(server.admin_name, ""))
        raise StepFailed(
            f"{step.mailbox} is not new",
            why=f"it has held {status.uidnext - 1} messages",
            can_be_tried_again=False,
        )
    for identifier in given:
        if identifier != server.admin_name:
            admin.set_rights(step.mailbox, identifier, "")
    if step.is_seen_shared:
        share_seen(server, step.mailbox)
    return {
        "uniqueid": server.uniqueid(step.mailbox),
        "uidvalidity": status.uidvalidity,
        "rights_given": given,
    }


def adopt(server: CyrusServer, step: AdoptMailbox) -> Note:
    """Note which mailbox it is that will be filled in place; its rights stay as they are.

    Mail that is delivered meanwhile is safe: what is copied gets its names only once the
    index is locked and found to be empty still.

    Raises:
        StepFailed: it has held a message.
    """
    if live_mailboxes(server, [step.mailbox])[step.mailbox].is_used:
        raise StepFailed(
            f"{step.mailbox} has held mail",
            why="it arrived after the plan was made",
            hint="restore into a new folder: leave --in-place out",
            can_be_tried_again=False,
        )
    if step.is_seen_shared:
        share_seen(server, step.mailbox)
    return {"uniqueid": server.uniqueid(step.mailbox), "is_adopted": True}


def add_to(server: CyrusServer, step: AddToMailbox, before: Note) -> Note:
    """Note which mailbox it is that is added to.

    Raises:
        StepFailed: what is added would take the place of files that lie there.
    """
    why = against_adding_to(server, live_mailboxes(server, [step.mailbox])[step.mailbox])
    if why is not None:
        raise StepFailed(
            f"{step.mailbox} cannot be added to",
            why=why,
            hint="look at it with the server's own reconstruct, then go on",
        )
    return {"uniqueid": before["uniqueid"], "is_appended": True}


def _appeared(mailbox: str) -> StepFailed:
    return StepFailed(
        f"{mailbox} is there already",
        why="it appeared after the plan was made",
        hint="make a new plan",
        can_be_tried_again=False,
    )


def give_rights(server: CyrusServer, step: GiveRights) -> Note:
    """Exactly the planned rights; the folder comes into sight.

    Raises:
        StepFailed: the server made something else of them.
    """
    found = _set_exactly(server, step.mailbox, step.rights)
    if _without_order(found) != _without_order(dict(step.rights)):
        raise StepFailed(
            f"the rights of {step.mailbox} are not as planned",
            why=f"planned {dict(step.rights)}, found {found}",
        )
    return {"rights": found}


def _set_exactly(server: CyrusServer, mailbox: str, rights: Mapping[str, str]) -> dict[str, str]:
    """Missing rights are given, others are taken away; the ACL then.

    The administrator's own come last: until then he may still change the rest. What is there
    as wanted is not set again: the server waits for the disk several times at each.
    """
    admin = server.admin
    now = admin.acl(mailbox)
    wanted = {**rights, **{each: "" for each in now if each not in rights}}
    own = wanted.pop(server.admin_name, "")
    for identifier, may in (*wanted.items(), (server.admin_name, own)):
        if not _is_same(now.get(identifier), may):
            admin.set_rights(mailbox, identifier, may)
    return admin.acl(mailbox)


def _is_same(found: str | None, wanted: str) -> bool:
    return set(found or "") == set(wanted)


def _without_order(rights: dict[str, str]) -> dict[str, frozenset[str]]:
    # The obsolete c and d are the server's own shorthand for k and x, t and e (RFC 4314).
    return {who: frozenset(what) - {"c", "d"} for who, what in rights.items()}
