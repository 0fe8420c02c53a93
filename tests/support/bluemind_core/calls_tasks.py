"""Calls about tasks, and those that start one: repairs and the search index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.support.bluemind_core.entries import Entry
from tests.support.bluemind_core.json_values import Fields, Json
from tests.support.bluemind_core.operations import operations_for
from tests.support.bluemind_core.repairs import RepairWish
from tests.support.bluemind_core.routes import (
    ONLY_3,
    ONLY_5,
    SINCE_49,
    UNTIL_48,
    Call,
    Route,
)
from tests.support.bluemind_core.server_faults import unreadable
from tests.support.bluemind_core.sharing import rights_of
from tests.support.bluemind_core.tasks import Task

if TYPE_CHECKING:
    from tests.support.bluemind_core.core import BlueMindCore

_ROLE: Final = "manageMailbox"
_CONFIG: Final = {"opIdentifiers": list, "dry": bool, "logToCoreLog": bool, "verbose": bool}


def _status(core: BlueMindCore, call: Call) -> Json:
    return core.tasks.status(call.parts["task"])


def _lines(core: BlueMindCore, call: Call) -> Json:
    return core.tasks.lines(call.parts["task"])


def _lines_from(core: BlueMindCore, call: Call) -> Json:
    return core.tasks.lines(call.parts["task"], int(call.query.get("offset", 0)))


def _operations(core: BlueMindCore, call: Call) -> Json:
    entry = core.directory.get(call.domain, call.uid)
    del entry  # users and mailshares have the same
    ids = [each.id for each in operations_for(core.version)]
    return [{"identifier": each, "description": f"a stand-in for {each}"} for each in ids]


def _repair_by_list(core: BlueMindCore, call: Call) -> Json:
    entry = core.directory.get(call.domain, call.uid)
    return core.start_repair(entry, RepairWish(ids=call.listed("opIdentifiers", str)))


def _check(core: BlueMindCore, call: Call) -> Json:
    entry = core.directory.get(call.domain, call.uid)
    ids = call.listed("opIdentifiers", str)
    return core.start_repair(entry, RepairWish(ids=ids, is_dry=True))


def _repair_by_config(core: BlueMindCore, call: Call) -> Json:
    entry = core.directory.get(call.domain, call.uid)
    config = call.fields("config")
    if any(not isinstance(config.get(name, kind()), kind) for name, kind in _CONFIG.items()):
        raise unreadable("config")
    wish = RepairWish(
        ids=config.get("opIdentifiers") or (),
        is_dry=bool(config.get("dry")),
        is_verbose=bool(config.get("verbose")),
    )
    return core.start_repair(entry, wish)


def _consolidate(core: BlueMindCore, call: Call) -> Json:
    return _index_task(core, call, is_emptied=False)


def _reset(core: BlueMindCore, call: Call) -> Json:
    return _index_task(core, call, is_emptied=True)


def _index_task(core: BlueMindCore, call: Call, *, is_emptied: bool) -> Fields:
    """A task of a random id; of a mailbox that is not there, one that fails."""

    def work(task: Task) -> None:
        entry = core.directory.get(call.domain, call.uid)
        task.begin(1, f"Consolidating the index of {entry.name}")
        core.consolidations.append(entry.uid)
        if is_emptied:
            core.search_index.pop(entry.uid, None)
        core.search_index[entry.uid] = dict(core.mail.count(entry))

    return core.tasks.run(work)


def _reconstruct(core: BlueMindCore, call: Call) -> Json:
    entry = core.directory.get(call.domain, call.uid)
    return _cyrus_task(core, entry, "reconstruct")


def _rewrite_acls(core: BlueMindCore, call: Call) -> Json:
    entries = core.directory.of_domain(call.domain)

    def work(task: Task) -> None:
        task.begin(len(entries), "Rewriting rights")
        for entry in entries:
            core.mail.write_rights(entry, rights_of(core.directory, entry))

    return core.tasks.run(work)


def _cyrus_task(core: BlueMindCore, entry: Entry, what: str) -> Fields:
    def work(task: Task) -> None:
        task.begin(1, f"{what} {entry.mailbox}")
        core.mail.reconstruct(entry)

    return core.tasks.run(work)


_MAINTENANCE: Final = "/directory/{domain}/{uid}/mgmt/_maintenance"
_INDEX: Final = "/mgmt/mailbox/{domain}"
ROUTES = (
    Route(method="GET", path="/tasks/{task}", handler=_status),
    Route(method="GET", path="/tasks/{task}/_currentLogs", handler=_lines, families=UNTIL_48),
    Route(
        method="GET",
        path="/tasks/{task}/_currentLogs",
        query=("offset",),
        handler=_lines_from,
        families=SINCE_49,
    ),
    Route(method="GET", path="/tasks/{task}/_log", handler=_lines),
    Route(method="GET", path=_MAINTENANCE, handler=_operations, role=_ROLE),
    Route(
        method="POST",
        path=f"{_MAINTENANCE}/repair",
        has_body=True,
        handler=_repair_by_list,
        families=UNTIL_48,
        role=_ROLE,
    ),
    Route(
        method="POST",
        path=f"{_MAINTENANCE}/check",
        has_body=True,
        handler=_check,
        families=UNTIL_48,
        role=_ROLE,
    ),
    Route(
        method="POST",
        path=f"{_MAINTENANCE}/repair",
        has_body=True,
        handler=_repair_by_config,
        families=SINCE_49,
        role=_ROLE,
    ),
    Route(method="POST", path=f"{_INDEX}/{{uid}}/_consolidate", handler=_consolidate, role=_ROLE),
    Route(
        method="POST",
        path=f"{_INDEX}/{{uid}}/_reset",
        handler=_reset,
        families=SINCE_49,
        role=_ROLE,
    ),
    Route(
        method="POST",
        path=f"{_INDEX}/{{uid}}/_respawn",
        handler=_reset,
        families=ONLY_5,
        role=_ROLE,
    ),
    Route(
        method="POST",
        path=f"{_INDEX}/{{uid}}/_reconstruct",
        handler=_reconstruct,
        families=ONLY_3,
        role=_ROLE,
    ),
    Route(
        method="POST",
        path=f"{_INDEX}/_rewrite_acls",
        handler=_rewrite_acls,
        families=ONLY_3,
        role=_ROLE,
    ),
)
