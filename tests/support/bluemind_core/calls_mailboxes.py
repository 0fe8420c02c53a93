"""Calls about mailboxes: look-ups, quota, sharings, and the sharings' container."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from tests.support.bluemind_core.answers import mailbox_item
from tests.support.bluemind_core.entries import Entry
from tests.support.bluemind_core.json_values import Json
from tests.support.bluemind_core.mail import MailTrouble
from tests.support.bluemind_core.repairs import RepairWish
from tests.support.bluemind_core.routes import ONLY_5, SINCE_4, WITH_CYRUS, Call, Route
from tests.support.bluemind_core.server_faults import not_found
from tests.support.bluemind_core.sharing import check_acl, rights_of
from tests.support.bluemind_core.versions import CoreFamily

if TYPE_CHECKING:
    from tests.support.bluemind_core.core import BlueMindCore

_ROLE: Final = "manageMailbox"
_CONTAINER: Final = "mailbox:acls-"
_MESSAGE_SIZE_MIB: Final = 20


def _shown(core: BlueMindCore, entry: Entry | None) -> Json:
    return None if entry is None else mailbox_item(core.version, entry)


def _by_email(core: BlueMindCore, call: Call) -> Json:
    return _shown(core, core.directory.by_email(call.domain, call.query.get("email", "")))


def _by_name(core: BlueMindCore, call: Call) -> Json:
    return _shown(core, core.directory.by_name(call.domain, call.query.get("name", "")))


def _complete(core: BlueMindCore, call: Call) -> Json:
    return _shown(core, core.directory.find(call.domain, call.uid))


def _list(core: BlueMindCore, call: Call) -> Json:
    return [mailbox_item(core.version, each) for each in core.directory.of_domain(call.domain)]


def _uids(core: BlueMindCore, call: Call) -> Json:
    return [each.uid for each in core.directory.of_domain(call.domain)]


def _by_type(core: BlueMindCore, call: Call) -> Json:
    """The parameter really is called ``email``: it is a type."""
    kind = call.query.get("email")
    return [each.uid for each in core.directory.of_domain(call.domain, kind)]


def _mget(core: BlueMindCore, call: Call) -> Json:
    found = [core.directory.find(call.domain, uid) for uid in call.listed("uids", str)]
    return [mailbox_item(core.version, each) for each in found if each is not None]


def _quota(core: BlueMindCore, call: Call) -> Json:
    return _quota_of(core, core.directory.get(call.domain, call.uid))


def _quotas(core: BlueMindCore, call: Call) -> Json:
    found = [core.directory.find(call.domain, uid) for uid in call.listed("uids", str)]
    return [_quota_of(core, each) for each in found if each is not None]


def _quota_of(core: BlueMindCore, entry: Entry) -> Json:
    shown = {"used": core.mail.used_kib(entry), "quota": entry.value.get("quota")}
    if core.version.family is CoreFamily.BM5:
        shown["uid"] = entry.uid
    return shown


def _config(core: BlueMindCore, call: Call) -> Json:
    entry = core.directory.get(call.domain, call.uid)
    return {"quota": entry.value.get("quota"), "messageMaxSize": _MESSAGE_SIZE_MIB}


def _acls(core: BlueMindCore, call: Call) -> Json:
    return core.directory.get(call.domain, call.uid).acl


def _save_acls(core: BlueMindCore, call: Call) -> Json:
    _save(core, core.directory.get(call.domain, call.uid), call, "accessControlEntries")


def _container_acls(core: BlueMindCore, call: Call) -> Json:
    return _of_container(core, call).acl


def _save_container_acls(core: BlueMindCore, call: Call) -> Json:
    _save(core, _of_container(core, call), call, "entries")


def _of_container(core: BlueMindCore, call: Call) -> Entry:
    container = call.parts["container"]
    uid = container.removeprefix(_CONTAINER)
    for entry in core.directory.entries.values():
        if container.startswith(_CONTAINER) and entry.uid == uid:
            return entry
    raise not_found(f"container {container} not found")


def _save(core: BlueMindCore, entry: Entry, call: Call, parameter: str) -> None:
    """Save the list; a hook then writes Cyrus's rights to each folder, later, whatever it was."""
    lines = call.listed(parameter, dict)
    check_acl(core.version, lines, parameter)
    entry.acl = list(lines)
    entry.version += 1
    if core.version.has_cyrus:
        rights = rights_of(core.directory, entry)
        core.later(lambda: _write_rights(core, entry, rights))


def _write_rights(core: BlueMindCore, entry: Entry, rights: Mapping[str, str]) -> None:
    """Of an entry that was removed meanwhile, the core only logs that it could not."""
    try:
        core.mail.write_rights(entry, rights)
    except MailTrouble:
        if not entry.is_removed:
            raise


def _check_and_repair(core: BlueMindCore, call: Call) -> Json:
    entry = core.directory.get(call.domain, call.uid)
    return core.start_repair(entry, RepairWish())


_BOX: Final = "/mailboxes/{domain}"
ROUTES = (
    Route(method="GET", path=f"{_BOX}/_byemail", query=("email",), handler=_by_email, role=_ROLE),
    Route(method="GET", path=f"{_BOX}/_byname", query=("name",), handler=_by_name, role=_ROLE),
    Route(method="GET", path=f"{_BOX}/{{uid}}/complete", handler=_complete, role=_ROLE),
    Route(method="GET", path=f"{_BOX}/_list", handler=_list, role=_ROLE),
    Route(method="GET", path=f"{_BOX}/_listUids", handler=_uids, families=SINCE_4, role=_ROLE),
    Route(
        method="GET",
        path=f"{_BOX}/_byType",
        query=("email",),
        handler=_by_type,
        families=WITH_CYRUS,
        role=_ROLE,
    ),
    Route(method="POST", path=f"{_BOX}/_mget", has_body=True, handler=_mget, role=_ROLE),
    Route(method="GET", path=f"{_BOX}/{{uid}}/_quota", handler=_quota, role=_ROLE),
    Route(
        method="POST",
        path=f"{_BOX}/_quotas",
        has_body=True,
        handler=_quotas,
        families=ONLY_5,
        role=_ROLE,
    ),
    Route(method="GET", path=f"{_BOX}/{{uid}}/_config", handler=_config, role=_ROLE),
    Route(method="GET", path=f"{_BOX}/{{uid}}/_acls", handler=_acls, role=_ROLE),
    Route(
        method="POST",
        path=f"{_BOX}/{{uid}}/_acls",
        has_body=True,
        handler=_save_acls,
        role=_ROLE,
    ),
    Route(
        method="POST",
        path=f"{_BOX}/{{uid}}/_check-and-repair",
        handler=_check_and_repair,
        families=WITH_CYRUS,
        role=_ROLE,
    ),
    Route(
        method="GET",
        path="/containers/_manage/{container}/_acl",
        handler=_container_acls,
        role=_ROLE,
    ),
    Route(
        method="PUT",
        path="/containers/_manage/{container}/_acl",
        has_body=True,
        handler=_save_container_acls,
        role=_ROLE,
    ),
)
