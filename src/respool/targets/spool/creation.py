"""Creating mailboxes by the server itself, their rights, and the owner's subscription."""

from __future__ import annotations

from respool.errors import LoginRefused, ServerSaidNo, StepFailed
from respool.runs.actor import Note
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.steps import CreateMailbox, GiveRights, Subscribe

ADMINISTRATOR_MAY = "lrswipkxtecda"  # while the mailbox is filled


def create(server: CyrusServer, step: CreateMailbox, before: Note) -> Note:
    """CREATE in the partition, then shut the mailbox to all but the administrator.

    Raises:
        StepFailed: it stood there before, or what stands there now is not new.
    """
    admin = server.admin
    if before.get("existed"):
        raise StepFailed(
            f"{step.mailbox} is there already",
            why="it appeared after the plan was made",
            hint="make a new plan",
            can_be_tried_again=False,
        )
    if not admin.exists(step.mailbox):
        admin.create(step.mailbox, partition=step.partition)
    given = admin.acl(step.mailbox)
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
    return {
        "uniqueid": admin.server_entry(step.mailbox, "uniqueid"),
        "uidvalidity": status.uidvalidity,
        "rights_given": given,
    }


def give_rights(server: CyrusServer, step: GiveRights) -> Note:
    """Exactly the planned rights: missing ones are given, others are taken away.

    The administrator's own come last: until then he may still change the rest.
    """
    admin = server.admin
    now = admin.acl(step.mailbox)
    for identifier, rights in step.rights.items():
        if identifier != server.admin_name:
            admin.set_rights(step.mailbox, identifier, rights)
    for identifier in now:
        if identifier not in step.rights and identifier != server.admin_name:
            admin.set_rights(step.mailbox, identifier, "")
    admin.set_rights(step.mailbox, server.admin_name, step.rights.get(server.admin_name, ""))
    found = admin.acl(step.mailbox)
    if _without_order(found) != _without_order(dict(step.rights)):
        raise StepFailed(
            f"the rights of {step.mailbox} are not as planned",
            why=f"planned {dict(step.rights)}, found {found}",
        )
    return {"rights": found}


def _without_order(rights: dict[str, str]) -> dict[str, frozenset[str]]:
    # The obsolete c and d are the server's own shorthand for k and x, t and e (RFC 4314).
    return {who: frozenset(what) - {"c", "d"} for who, what in rights.items()}


def subscribe(server: CyrusServer, step: Subscribe) -> Note:
    """Open the folder as its owner, now that it has its rights, and subscribe him.

    Where he cannot log in, that is said; where he can, but may not open it, too.
    """
    try:
        with server.as_user(step.userid) as owner:
            prefix, separator = owner.personal_prefix()
            name = prefix + separator.join(step.parts)
            try:
                owner.open_to_read(name)
            except ServerSaidNo as error:
                return {"subscribed": None, "closed": name, "why": f"{error.what}: {error.why}"}
            owner.subscribe(name)
    except (LoginRefused, ServerSaidNo) as error:
        return {"subscribed": None, "why": f"{error.what}: {error.why}"}
    return {"subscribed": name}
