"""Repair operations of the stand-in core: which it has, and what they do.

Source: reference of BlueMind 5.3 for ids, their order and their versions; the report and its
end are DirEntryMaintenance.java's. Which operations 3.5 had is not established: here are
those that need no replication.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.support.bluemind_core.entries import MAILSHARE, USER, Entry
from tests.support.bluemind_core.json_values import Fields
from tests.support.bluemind_core.mail import MailTrouble, default_folders
from tests.support.bluemind_core.sharing import rights_of
from tests.support.bluemind_core.tasks import IN_ERROR, SUCCESS, Task
from tests.support.bluemind_core.versions import CoreFamily, CoreVersion

if TYPE_CHECKING:
    from tests.support.bluemind_core.core import BlueMindCore

OK: Final = "OK"
WARN: Final = "WARN"
KO: Final = "KO"

_BOTH: Final = frozenset({USER, MAILSHARE})
_USERS: Final = frozenset({USER})
_BM3: Final = CoreFamily.BM3
_BM4: Final = CoreFamily.BM4
_BM49: Final = CoreFamily.BM49
_BM5: Final = CoreFamily.BM5
_ALL: Final = frozenset(CoreFamily)
_CYRUS: Final = frozenset({_BM3, _BM4, _BM49})
_SINCE_4: Final = frozenset({_BM4, _BM49, _BM5})
_ONLY_4: Final = frozenset({_BM4, _BM49})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation, in running order in the table."""

    id: str
    families: frozenset[CoreFamily]
    kinds: frozenset[str] = _BOTH
    since: tuple[int, int] = (0, 0)


OPERATIONS: Final = (
    Operation(id="mailboxExists", families=_ALL),
    Operation(id="mailboxIndexExists", families=_ALL),
    Operation(id="mailboxAclsContainer", families=_ALL),
    Operation(id="mailboxAcls", families=_CYRUS),
    Operation(id="mailboxHsm", families=frozenset({_BM3})),
    Operation(id="mailboxFilesystem", families=_CYRUS),
    Operation(id="mailboxImapHierarchy", families=_ONLY_4),
    Operation(id="mailboxQuota", families=_CYRUS),
    Operation(id="mailboxFilters", families=_CYRUS),
    Operation(id="mailboxPostfixMaps", families=_ALL),
    Operation(id="mailboxSubscription", families=_SINCE_4, kinds=_USERS),
    Operation(id="mailboxDefaultFolders", families=_SINCE_4),
    Operation(id="mailboxSharedSeen", families=_ONLY_4, since=(4, 5)),
    Operation(id="replication.subtree", families=_SINCE_4),
    Operation(id="replication.parentUid", families=_SINCE_4),
    Operation(id="containers", families=_SINCE_4),
)


def operations_for(version: CoreVersion, kind: str) -> list[str]:
    """The ids that a core of that version has for users or mailshares, in running order."""
    return [
        each.id
        for each in OPERATIONS
        if version.family in each.families and kind in each.kinds and version.release >= each.since
    ]


@dataclass(slots=True, kw_only=True)
class Repairs:
    """What goes wrong in operations, by id: state (WARN, KO) and message; ``runs`` is a log."""

    failing: dict[str, tuple[str, str]] = field(default_factory=dict)
    runs: list[tuple[str, str, bool]] = field(default_factory=list)

    def fail(self, operation: str, message: str = "it did not work", state: str = KO) -> None:
        """Let an operation come to that, whenever it runs, and do nothing."""
        self.failing[operation] = (state, message)


def repair_work(
    core: BlueMindCore, entry: Entry, wanted: Iterable[str], *, is_dry: bool = False
) -> Callable[[Task], None]:
    """What a repair task does. No id wanted means all of them; unknown ids are passed over."""
    asked = set(wanted)
    ids = [x for x in operations_for(core.version, entry.kind) if not asked or x in asked]

    def work(task: Task) -> None:
        title = f"Repair {entry.uid}@{entry.domain} in {len(ids)} steps"
        reported: list[Fields] = []
        if not core.version.has_repair_config:
            task.begin(len(ids), title)
        for number, each in enumerate(ids, 1):
            if task.is_lost:
                return
            if not core.version.has_repair_config:
                task.log(f"[{number}/{len(ids)}] {each} step")
            state, message = _run(core, entry, each, is_dry=is_dry)
            reported.append(_reported(each, state, message))
            task.progress = float(number)
            if core.version.has_repair_config and state != OK:
                task.log(f"[{each}]: {message}")
        _end(core.version, task, reported)

    return work


def _end(version: CoreVersion, task: Task, reported: Sequence[Fields]) -> None:
    """The task's end. Up to 4.8 it is a report, and an error as soon as one entry is not OK.

    Since 4.9 it is always a success, and without any result: what is wrong is in its log
    alone, whose lines are nothing but that unless the caller wanted it verbose. Source:
    DirEntryMaintenance.java and RepairTaskMonitor.java of the time of RepairConfig.
    """
    if version.has_repair_config:
        task.end(SUCCESS, "", "")
        return
    is_sound = all(each["state"] == OK for each in reported)
    task.end(SUCCESS if is_sound else IN_ERROR, "", json.dumps({"entries": list(reported)}))


def _run(core: BlueMindCore, entry: Entry, operation: str, *, is_dry: bool) -> tuple[str, str]:
    core.repairs.runs.append((entry.uid, operation, is_dry))
    failing = core.repairs.failing.get(operation)
    if failing is not None:
        return failing
    if is_dry:
        return OK, ""
    try:
        _do(core, entry, operation)
    except MailTrouble as trouble:
        return KO, str(trouble)
    return OK, ""


def _do(core: BlueMindCore, entry: Entry, operation: str) -> None:
    match operation:
        case "mailboxAcls":
            core.mail.write_rights(entry, rights_of(core.directory, entry))
        case "mailboxFilesystem":
            core.mail.reconstruct(entry)
        case "mailboxQuota":
            core.mail.set_quota(entry)
        case "mailboxSubscription":
            core.mail.subscribe(entry)
        case "mailboxDefaultFolders":
            names = default_folders(entry, has_trash=core.version.release >= (4, 7))
            core.mail.create_missing(entry, names)
        case "replication.subtree":
            core.replicated[entry.uid] = core.mail.folders(entry)
        case "replication.parentUid":
            core.mail.touch(entry)
        case _:
            pass


def _reported(operation: str, state: str, message: str) -> Fields:
    return {
        "id": operation,
        "state": state,
        "message": message,
        "timestamp": int(time.time() * 1000),
        "stack": None,
    }
