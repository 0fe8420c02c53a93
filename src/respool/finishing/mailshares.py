"""Has BlueMind make a mailshare that is gone, and takes it back while it holds nothing.

Taken back is only what is surely still the mailshare that was made: people may have renamed
it since, moved it to another server, or filled it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from respool.bluemind import api_answers, api_requests
from respool.errors import BluemindFault, StepFailed
from respool.finishing.asking import Asking, is_unknown
from respool.finishing.mailshare_made import mailshare_value, sharings
from respool.finishing.steps import CreateMailshare
from respool.finishing.tasks import carried_out
from respool.model.one_line import one_line
from respool.runs.actor import Note, Undoing
from respool.system.below import folders_below
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
    return {
        "uniqueid": server.uniqueid(step.mailbox),
        "entry": step.entry,
        "data": str(server.directories(step.mailbox).data),
    }


def take_back(
    asking: Asking, server: CyrusServer, step: CreateMailshare, undoing: Undoing
) -> str | None:
    """Have BlueMind remove it, if it is as it was made and holds nothing; why it is left.

    Whoever insists (``is_forced``) does not change that: its mail may be other people's.
    """
    if undoing.before.get("existed") or undoing.before.get("in_directory"):
        return None
    value = _value(asking, step)
    if value is None:
        return None
    left = _why_anothers(step, value)
    if left is None and undoing.is_mail_kept:
        left = f"the mailshare {step.name} has what is left of this run"
    if left is None:
        left = _why_held(asking, server, step, undoing.done.get("uniqueid"))
    if left is not None:
        return left
    return _removed(asking, server, step)


def _removed(asking: Asking, server: CyrusServer, step: CreateMailshare) -> str | None:
    """Have BlueMind remove it; why it is still there, as is seen and not as its task says."""
    said = ""
    try:
        said = carried_out(
            asking, api_requests.delete_mailshare(step.domain, step.entry)
        ).status.last_line
    except BluemindFault as error:  # removed by a task that was forgotten
        if not is_unknown(error):
            raise
    if _is_in_directory(asking, step):
        why = f": {one_line(said)}" if said else ""
        return f"BlueMind was asked to remove the mailshare {step.name}, and has it still{why}"
    if not _comes_true(asking, lambda: not server.admin.exists(step.mailbox)):
        return f"BlueMind removed the mailshare {step.name}, and Cyrus has {step.mailbox} still"
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
    return _value(asking, step) is not None


def _value(asking: Asking, step: CreateMailshare) -> Mapping[str, Any] | None:
    """What the directory has of it now; None where it has none."""
    answer = asking.ask(api_requests.mailshare(step.domain, step.entry))
    value = answer.get("value") if isinstance(answer, dict) else None
    return value if isinstance(value, dict) else None


def _why_anothers(step: CreateMailshare, value: Mapping[str, Any]) -> str | None:
    """Whether people made something else of it in the directory."""
    if value.get("name") != step.name:
        return f"the mailshare {step.name} is called {value.get('name')} now"
    if value.get("dataLocation") != step.data_location:
        return f"the mailshare {step.name} was moved to {value.get('dataLocation')}"
    return None


def _why_held(
    asking: Asking, server: CyrusServer, step: CreateMailshare, made: str | None
) -> str | None:
    """Whether it holds anything; ``made`` is the unique id of the mailbox that was made."""
    if not server.admin.exists(step.mailbox):
        return f"Cyrus has no {step.mailbox}: where the mailshare's mail lies is not known"
    if made is not None and server.uniqueid(step.mailbox) != made:
        return f"{step.mailbox} is not the mailbox that was made, but another of its name"
    answer = asking.ask(api_requests.mailbox_quota(step.domain, step.entry))
    used, _ = api_answers.quota_of(answer)
    if used:
        return f"the mailshare {step.name} holds {used} KiB, as BlueMind says"
    held = _first_held(server, step.mailbox)
    return None if held is None else f"{held} holds mail"


def _wait_for(asking: Asking, server: CyrusServer, step: CreateMailshare) -> None:
    if not _comes_true(asking, lambda: server.admin.exists(step.mailbox)):
        raise StepFailed(
            f"BlueMind made the mailshare {step.name}, but Cyrus has no {step.mailbox}",
            why=f"it was waited for {asking.patience.later:.0f} s",
            hint="bm-cli maintenance repair --ops mailboxExists of it, then go on",
        )


def _comes_true(asking: Asking, is_true: Callable[[], bool]) -> bool:
    """Whether something is so, or becomes so some time after BlueMind was asked."""
    patience = asking.patience
    waits, until = patience.waits(), patience.clock() + patience.later
    while not is_true():
        if patience.clock() >= until:
            return False
        next(waits)
    return True


def _first_held(server: CyrusServer, mailbox: str) -> str | None:
    """The first of its folders that holds a message."""
    for name in (mailbox, *folders_below(server, mailbox)):
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
