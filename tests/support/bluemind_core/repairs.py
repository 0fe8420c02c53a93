"""Repairs of the stand-in core: what a repair task does, and how it tells what went wrong.

Source: DirEntryMaintenance.java and RepairTaskMonitor.java, before and after RepairConfig
(4.9), TaskManager.java, SubTaskMonitor.java.

Up to 4.8 the result is a report, and the state an error as soon as one entry is not OK. Since
4.9 the result is always empty, and the state a success but where an exception ended all: what
an operation has to complain of is a line of the log, without the operation's name, and may
have been mended. Unless it is wanted verbose, the log has nothing else but a null for each
operation that ended, and an empty line.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.support.bluemind_core.entries import Entry
from tests.support.bluemind_core.json_values import Fields
from tests.support.bluemind_core.mail import MailTrouble, default_folders
from tests.support.bluemind_core.operations import Operation, operations_for
from tests.support.bluemind_core.sharing import rights_of, subscribers_of
from tests.support.bluemind_core.tasks import IN_ERROR, SUCCESS, Task

if TYPE_CHECKING:
    from tests.support.bluemind_core.core import BlueMindCore

OK: Final = "OK"
WARN: Final = "WARN"
KO: Final = "KO"


@dataclass(slots=True, kw_only=True)
class Repairs:
    """What goes wrong in operations, by id, whenever they run; ``runs`` is a log of them.

    ``runs`` has directory uid, operation, and whether nothing was to be changed.
    """

    failing: dict[str, tuple[str, str]] = field(default_factory=dict)
    breaking: dict[str, str] = field(default_factory=dict)
    runs: list[tuple[str, str, bool]] = field(default_factory=list)

    def fail(self, operation: str, message: str = "it did not work", state: str = KO) -> None:
        """Let an operation do nothing, and tell that: in the report, or in the log of 4.9."""
        self.failing[operation] = (state, message)

    def break_off(self, operation: str, message: str = "it threw an exception") -> None:
        """Let an exception in an operation end the task."""
        self.breaking[operation] = message


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairWish:
    """What is asked for. No id means all of them; unknown ones are passed over."""

    ids: Iterable[str] = ()
    is_dry: bool = False
    is_verbose: bool = False


class _BrokenOff(Exception):
    """Nothing more is done."""


def repair_work(core: BlueMindCore, entry: Entry, wish: RepairWish) -> Callable[[Task], None]:
    """What a repair task does."""
    asked = set(wish.ids)
    wanted = [each for each in operations_for(core.version) if not asked or each.id in asked]
    run = _Run(core, entry, wish, wanted)

    def work(task: Task) -> None:
        try:
            run.begin(task)
            for number, operation in enumerate(wanted, 1):
                if task.is_lost:
                    return
                run.one(task, number, operation)
        except _BrokenOff as broken:
            run.break_off(task, str(broken))
        else:
            run.end(task)

    return work


class _Run:
    """One repair of one entry."""

    def __init__(
        self, core: BlueMindCore, entry: Entry, wish: RepairWish, wanted: Sequence[Operation]
    ) -> None:
        self._core = core
        self._entry = entry
        self._wish = wish
        self._wanted = wanted
        self._report: list[Fields] = []
        self._has_report = not core.version.has_repair_config
        self._is_told = self._has_report or wish.is_verbose

    def begin(self, task: Task) -> None:
        if self._is_told:
            steps = len(self._wanted)
            task.begin(steps, f"Repair {self._entry.identity} in {steps} steps")

    def one(self, task: Task, number: int, operation: Operation) -> None:
        if self._is_told:
            what = f"{operation.id} step" if self._has_report else f"Starting {operation.id}"
            task.log(f"[{number}/{len(self._wanted)}] {what}")
        self._core.repairs.runs.append((self._entry.uid, operation.id, self._wish.is_dry))
        try:
            self._carry_out(task, operation)
        finally:
            task.progress += 1
            if not self._has_report:
                task.log(None)

    def end(self, task: Task) -> None:
        is_sound = all(each["state"] == OK for each in self._report)
        task.end(SUCCESS if is_sound else IN_ERROR, "", self._result())

    def break_off(self, task: Task, why: str) -> None:
        if self._is_told:
            task.log(f"Unknown error: {why}")
        task.end(IN_ERROR, "", self._result())

    def _result(self) -> str:
        return json.dumps({"entries": self._report}) if self._has_report else ""

    def _carry_out(self, task: Task, operation: Operation) -> None:
        repairs = self._core.repairs
        if operation.id in repairs.breaking:
            raise _BrokenOff(repairs.breaking[operation.id])
        if operation.id in repairs.failing:
            self._tell(task, operation.id, *repairs.failing[operation.id])
            return
        try:
            said = None if self._wish.is_dry else _do(self._core, self._entry, operation.id)
        except MailTrouble as trouble:
            self._tell_trouble(task, operation, str(trouble))
            return
        if not operation.is_silent:
            self._tell(task, operation.id, *(said or (OK, "")))

    def _tell_trouble(self, task: Task, operation: Operation, why: str) -> None:
        is_told = operation.is_reported if self._has_report else operation.is_noted
        if is_told and not operation.is_silent:
            self._tell(task, operation.id, KO, why)
        if operation.is_last and (self._has_report or not operation.is_reported):
            raise _BrokenOff(why)

    def _tell(self, task: Task, operation: str, state: str, message: str) -> None:
        if self._has_report:
            self._report.append(_reported(operation, state, message))
        elif state != OK:
            task.log(message)


def _do(core: BlueMindCore, entry: Entry, operation: str) -> tuple[str, str] | None:
    """Carry an operation out; what it says, if it is not just OK."""
    match operation:
        case "mailboxAcls":
            core.mail.write_rights(entry, rights_of(core.directory, entry))
        case "mailboxFilesystem":
            core.mail.reconstruct(entry)
        case "mailboxQuota":
            core.mail.set_quota(entry)
        case "mailboxSubscription":
            return _subscribe(core, entry)
        case "mailboxDefaultFolders":
            names = default_folders(entry, has_trash=core.version.release >= (4, 7))
            core.mail.create_missing(entry, names)
        case "replication.subtree":
            core.replicated[entry.uid] = core.mail.folders(entry)
        case "replication.parentUid" if not entry.is_archived:
            core.mail.touch(entry)
        case _:
            pass
    return None


def _subscribe(core: BlueMindCore, entry: Entry) -> tuple[str, str] | None:
    """Let all who have a sharing see the mailbox in their lists, and nobody else.

    That is a subscription of BlueMind's, to the container of the sharings, not IMAP's. One
    that is taken away is KO in the report, though it is done. Source:
    MailboxAutoSubscriptionsMaintenanceOperation.java.
    """
    before = core.subscribers.get(entry.uid, set())
    core.subscribers[entry.uid] = now = subscribers_of(core.directory, entry)
    gone = sorted(before - now)
    if gone:
        return KO, f"Mailbox {entry.identity}: subscription of {', '.join(gone)} removed"
    return None


def _reported(operation: str, state: str, message: str) -> Fields:
    return {
        "id": operation,
        "state": state,
        "message": message,
        "timestamp": int(time.time() * 1000),
        "stack": None,
    }
