"""Has BlueMind make a mailshare that is gone, and takes it back while it holds nothing."""

from __future__ import annotations

from typing import Final

from respool.bluemind import api_requests
from respool.errors import BluemindFault, StepFailed
from respool.finishing.asking import Asking, is_unknown
from respool.finishing.mailshare_made import mailshare_value, sharings
from respool.finishing.steps import CreateMailshare
from respool.finishing.tasks import carried_out
from respool.runs.actor import Note, Undoing
from respool.system.borrowed_rights import borrowed_rights
from respool.system.cyrus_server import CyrusServer

_EXISTS: Final = "ALREADY_EXISTS"
_MAY_LOOK: Final = "lr"


def state_now(asking: Asking, server: CyrusServer, step: CreateMailshare) -> Note:
    """Whether the directory, or Cyrus, has one already."""
    return {
        "in_directory": _is_in_directory(asking, step),
        "existed": server.admin.exists(step.mailbox),
    }


def make(asking: Asking, server: CyrusServer, step: CreateMailshare, before: Note) -> Note:
    """PUT it, share it with whom it was shared with, and see that Cyrus has its mailbox.

    Raises:
        StepFailed: one of that name appeared meanwhile, or Cyrus got no mailbox.
    """
    if before["existed"] or before["in_directory"]:
        raise _appeared(step)
    if not _is_in_directory(asking, step):
        _put(asking, step)
    if step.shared:
        asking.ask(api_requests.save_mailbox_acl(step.domain, step.entry, sharings(step)))
    _wait_for(asking, server, step)
    return {"uniqueid": server.uniqueid(step.mailbox), "entry": step.entry}


def take_back(
    asking: Asking, server: CyrusServer, step: CreateMailshare, undoing: Undoing
) -> str | None:
    """Have BlueMind remove it, unless it holds mail; why it is left."""
    if undoing.before.get("existed") or undoing.before.get("in_directory"):
        return None
    if not _is_in_directory(asking, step):
        return None
    held = _first_held(server, step.mailbox)
    if held is not None:
        return f"{held} holds mail"
    request = api_requests.delete_mailshare(step.domain, step.entry)
    try:
        carried_out(asking, request)
    except BluemindFault as error:  # removed by a task that was forgotten
        if not is_unknown(error):
            raise
    return None


def _put(asking: Asking, step: CreateMailshare) -> None:
    value = mailshare_value(step)
    try:
        asking.ask(api_requests.create_mailshare(step.domain, step.entry, value))
    except BluemindFault as error:
        if error.fault != _EXISTS:
            raise
        if not _is_in_directory(asking, step):  # the name is another's; ours has its own uid
            raise _appeared(step) from error


def _is_in_directory(asking: Asking, step: CreateMailshare) -> bool:
    answer = asking.ask(api_requests.mailshare(step.domain, step.entry))
    return isinstance(answer, dict) and answer.get("value") is not None


def _wait_for(asking: Asking, server: CyrusServer, step: CreateMailshare) -> None:
    patience = asking.patience
    until = patience.clock() + patience.later
    waits = patience.waits()
    while not server.admin.exists(step.mailbox):
        if patience.clock() >= until:
            raise StepFailed(
                f"BlueMind made the mailshare {step.name}, but Cyrus has no {step.mailbox}",
                why=f"it was waited for {patience.later:.0f} s",
                hint="bm-cli maintenance repair --ops mailboxExists of it, then go on",
            )
        next(waits)


def _first_held(server: CyrusServer, mailbox: str) -> str | None:
    """The first of its folders that holds a message."""
    local, at, domain = mailbox.partition("@")
    for name in (mailbox, *server.admin.names(f"{local}{server.separator}*{at}{domain}")):
        if server.admin.exists(name) and _count(server, name):
            return name
    return None


def _count(server: CyrusServer, name: str) -> int:
    with borrowed_rights(server, name, _MAY_LOOK):
        return server.admin.status(name).messages


def _appeared(step: CreateMailshare) -> StepFailed:
    return StepFailed(
        f"{step.mailbox} is there already",
        why="it appeared after the plan was made",
        hint="make a new plan",
        can_be_tried_again=False,
    )
