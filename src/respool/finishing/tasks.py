"""Follows tasks of BlueMind's core to their end.

A task lives in the core's memory: a finished one is forgotten after ten minutes, all of them
when it restarts. One that is not known any more is therefore done again, never taken as done:
repairs and consolidations may be done twice. Source: TasksManager.java.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from respool.bluemind import api_answers, api_requests
from respool.bluemind.api_answers import TaskState, TaskStatus
from respool.bluemind.api_requests import ApiRequest
from respool.errors import BluemindFault, StepFailed
from respool.finishing.asking import Asking, is_running, is_unknown
from respool.model.dataclasses import dataclass
from respool.model.one_line import one_line

_SOUND: Final = "OK"
_WARNED: Final = "WARN"
_FAILED: Final = "KO"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A task that came to its end: ``lines`` are its log, where that tells what went wrong."""

    id: str
    status: TaskStatus
    lines: tuple[str, ...] = ()


def carried_out(
    asking: Asking, request: ApiRequest, *, known_id: str | None = None, by_hand: str = ""
) -> Ended:
    """Start a task and follow it to its end; again, where the core has forgotten it.

    ``known_id``: what a task of this kind is always called. One that runs already is somebody
    else's, or ours of before we were cut off: it is followed first, then ours is started.
    ``by_hand`` is what a person does instead.

    Raises:
        StepFailed: it came to no end, or was forgotten again and again.
    """
    for _ in range(asking.patience.tries):
        task_id = _started(asking, request, known_id, by_hand)
        ended = None if task_id is None else _followed(asking, task_id, by_hand)
        if ended is not None:
            return ended
    raise StepFailed(
        f"BlueMind's core does not know the end of {request.path}",
        why=f"it was asked for {asking.patience.tries} times, and each time forgotten",
        hint="the mail is restored and stays; the core may be restarting",
    )


def wrong_entries(ended: Ended) -> Iterator[tuple[str, str, str]]:
    """Operation, state and message of all that a repair did not find or make right.

    Up to 4.8 the task's result is a report, and its state an error as soon as one entry warns;
    where an exception ended it, the report has what came before.
    Since 4.9 it is an empty text, and the state a success but where an exception ended all:
    what an operation complains of is in the log, a line each without the operation's name.
    Asked for as we ask, not verbose, the log has nothing else with words in it. Source:
    RepairTaskMonitor.java, SubTaskMonitor.java.
    """
    entries = api_answers.repair_entries(ended.status.result)
    if entries is not None:
        wrong = [(e.operation, e.state, e.message) for e in entries if e.state != _SOUND]
        yield from wrong
        if wrong:  # that is why its state is an error; else an exception ended it
            return
    if ended.status.result == "":
        yield from (("", _FAILED, line.strip()) for line in ended.lines if line.strip())
    if ended.status.state is TaskState.IN_ERROR:
        yield "", _FAILED, ended.status.last_line or "it ended in error, and says no more"


def is_warning(state: str) -> bool:
    """Whether a state of a report is no failure."""
    return state == _WARNED


def _started(
    asking: Asking, request: ApiRequest, known_id: str | None, by_hand: str
) -> str | None:
    """The task's id; None where another one of the same id has had to end first."""
    try:
        return api_answers.task_id_of(asking.ask(request))
    except BluemindFault as error:
        if known_id is None or not is_running(error):
            raise
    _followed(asking, known_id, by_hand)
    try:
        return api_answers.task_id_of(asking.ask(request))
    except BluemindFault as error:
        if not is_running(error):
            raise
        return None


def _followed(asking: Asking, task_id: str, by_hand: str) -> Ended | None:
    """The end of a task; None where the core does not know it any more.

    One that is silent is followed for some time, one that has always something new to say for
    much longer, but not for ever.
    """
    patience = asking.patience
    heard, until = (-1.0, ""), patience.clock() + patience.silent
    last = patience.clock() + patience.talking
    for _ in patience.waits():
        try:
            status = api_answers.task_of(asking.ask(api_requests.task(task_id)))
            if status.has_ended:
                lines = () if status.result else _lines(asking, task_id)
                return Ended(id=task_id, status=status, lines=lines)
        except BluemindFault as error:
            if is_unknown(error):
                return None
            raise
        now, at = (status.progress, status.last_line), patience.clock()
        if at >= last:
            why = f"it has been followed for {patience.talking:.0f} s, and goes on"
            raise _without_end(task_id, status, why, by_hand)
        if now != heard:
            heard, until = now, at + patience.silent
        elif at >= until:
            why = f"nothing new in {patience.silent:.0f} s"
            raise _without_end(task_id, status, why, by_hand)
    return None


def _lines(asking: Asking, task_id: str) -> tuple[str, ...]:
    return api_answers.lines_of(asking.ask(api_requests.task_log(task_id)))


def _without_end(task_id: str, status: TaskStatus, why: str, by_hand: str) -> StepFailed:
    ever = f"; where it never ends, once the core was restarted: {by_hand}" if by_hand else ""
    return StepFailed(
        f"BlueMind's task {task_id} comes to no end",
        why=f"{why}: {status.progress:.0f} of {status.steps:.0f},"
        f' last line "{one_line(status.last_line)}"',
        hint="the mail is restored and stays; the task is followed again when the run goes on"
        f"{ever}",
    )
