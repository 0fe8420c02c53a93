"""Calls about the directory: entries by address, by uid, by a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.support.bluemind_core.answers import dir_entry, item
from tests.support.bluemind_core.entries import Entry
from tests.support.bluemind_core.json_values import Fields, Json
from tests.support.bluemind_core.routes import Call, Route
from tests.support.bluemind_core.server_faults import not_found

if TYPE_CHECKING:
    from tests.support.bluemind_core.core import BlueMindCore

_KINDS: Final = {"user": "USER", "mailshare": "MAILSHARE"}


def _shown(core: BlueMindCore, entry: Entry | None) -> Json:
    return None if entry is None else dir_entry(core.version, entry)


def _by_email(core: BlueMindCore, call: Call) -> Json:
    return _shown(core, core.directory.by_email(call.domain, call.parts["email"]))


def _by_uid(core: BlueMindCore, call: Call) -> Json:
    return _shown(core, core.directory.find(call.domain, call.uid))


def _search(core: BlueMindCore, call: Call) -> Json:
    query = call.fields("query")
    found = [each for each in core.directory.of_domain(call.domain) if _is_meant(each, query)]
    found.sort(key=lambda each: each.display_name.casefold())
    start = int(query.get("from") or 0)
    size = query.get("size")
    end = None if size is None or size < 0 else start + int(size)
    values = [
        item(core.version, each.uid, dir_entry(core.version, each), each.display_name, each.number)
        for each in found[start:end]
    ]
    return {"values": values, "total": len(found)}


def _is_meant(entry: Entry, query: Fields) -> bool:
    """Filters hold all together; a text filter is a part of what it looks at, in any case."""
    addresses = " ".join(str(x["address"]) for x in entry.value.get("emails") or ())
    names = entry.display_name
    texts = {
        "nameFilter": names,
        "emailFilter": addresses,
        "nameOrEmailFilter": f"{names} {addresses}",
    }
    wanted = {key: str(query[key]).casefold() for key in texts if query.get(key)}
    if any(word not in texts[key].casefold() for key, word in wanted.items()):
        return False
    kinds = query.get("kindsFilter")
    if kinds and _KINDS[entry.kind] not in kinds:
        return False
    state = query.get("stateFilter")
    if state in {"Active", "Archived"} and entry.is_archived != (state == "Archived"):
        return False
    uids = query.get("entryUidFilter")
    return not uids or entry.uid in uids


def _members(core: BlueMindCore, call: Call) -> Json:
    """Users of a group, and of groups in it; no group is a fault."""
    found = core.directory.groups.get(call.uid)
    if found is None:
        raise not_found(f"group {call.uid} not found")
    return [{"type": "user", "uid": each} for each in found]


_DIRECTORY: Final = "/directory/{domain}"
ROUTES = (
    Route(method="POST", path=f"{_DIRECTORY}/_search", has_body=True, handler=_search),
    Route(method="GET", path=f"{_DIRECTORY}/_byEmail/{{email}}", handler=_by_email),
    Route(method="GET", path=f"{_DIRECTORY}/entry-uid/{{uid}}", handler=_by_uid),
    Route(method="GET", path="/groups/{domain}/{uid}/expandedmembers", handler=_members),
)
