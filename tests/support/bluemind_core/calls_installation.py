"""Calls about the installation, and about who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.bluemind_core.answers import domain_item, server_item
from tests.support.bluemind_core.entries import ADMIN_DOMAIN, USER, Entry
from tests.support.bluemind_core.installation import Domain
from tests.support.bluemind_core.json_values import Json
from tests.support.bluemind_core.keys import auth_user
from tests.support.bluemind_core.routes import Call, Route
from tests.support.bluemind_core.server_faults import denied, unreadable

if TYPE_CHECKING:
    from tests.support.bluemind_core.core import BlueMindCore


def _version(core: BlueMindCore, _: Call) -> Json:
    version = core.version
    return {
        "databaseVersion": version.software,
        "softwareVersion": version.software,
        "versionName": version.name,
        "needsUpgrade": False,
    }


def _state(core: BlueMindCore, _: Call) -> Json:
    return core.state


def _login(core: BlueMindCore, call: Call) -> Json:
    login, _, domain = call.query.get("login", "").partition("@")
    if not isinstance(call.body, str):
        raise unreadable("password")
    known = [core.directory.by_name(uid, login, USER) for uid in _domains(core, domain)]
    entry = next((each for each in known if each is not None), None)
    if entry is None or entry.is_archived or entry.password != call.body:
        return _login_response("Bad", "wrong login or password")
    return _session(core, entry)


def _su(core: BlueMindCore, call: Call) -> Json:
    if not call.holder.is_admin0:
        raise denied("only admin0 may be somebody else")
    login, _, domain = call.query.get("login", "").partition("@")
    known = [core.directory.by_name(uid, login, USER) for uid in _domains(core, domain)]
    entry = next((each for each in known if each is not None), None)
    if entry is None:
        return _login_response("Bad", "no such user")
    return _session(core, entry)


def _session(core: BlueMindCore, entry: Entry) -> Json:
    key = core.keys.session(entry)
    holder = core.keys.holder(key)
    told = _login_response("Ok", None)
    told["authKey"] = key
    told["latd"] = f"{entry.name}@{entry.domain}"
    told["authUser"] = auth_user(core.version, holder, entry.display_name)
    return told


def _login_response(status: str, message: str | None) -> Json:
    return {"status": status, "message": message, "authKey": None, "latd": None, "authUser": None}


def _logout(core: BlueMindCore, call: Call) -> Json:
    if call.key is not None:
        core.keys.revoke(call.key)


def _who(core: BlueMindCore, call: Call) -> Json:
    return auth_user(core.version, call.holder, call.holder.login)


def _ping(_: BlueMindCore, __: Call) -> Json:
    return None


def _domains(core: BlueMindCore, name: str) -> list[str]:
    return [each for each in core.directory.domains if name in core.directory.names_of(each)]


def _all_domains(core: BlueMindCore, _: Call) -> Json:
    own = domain_item(core.version, Domain(uid=ADMIN_DOMAIN))
    return [own, *(domain_item(core.version, each) for each in core.directory.domains.values())]


def _lookup(core: BlueMindCore, call: Call) -> Json:
    for uid in _domains(core, call.query.get("name", "")):
        return domain_item(core.version, core.directory.domains[uid])
    return None


def _servers(core: BlueMindCore, _: Call) -> Json:
    return [server_item(core.version, each) for each in core.servers.values()]


def _server(core: BlueMindCore, call: Call) -> Json:
    server = core.servers.get(call.uid)
    return None if server is None else server_item(core.version, server)


ROUTES = (
    Route(method="GET", path="/system/installation/version", handler=_version),
    Route(method="GET", path="/system/installation/state", handler=_state, is_public=True),
    Route(
        method="POST",
        path="/auth/login",
        query=("login", "origin"),
        has_body=True,
        handler=_login,
        is_public=True,
        is_secret=True,
    ),
    Route(method="POST", path="/auth/logout", handler=_logout),
    Route(method="POST", path="/auth/_su", query=("login",), handler=_su),
    Route(method="GET", path="/auth", handler=_who),
    Route(method="GET", path="/auth/ping", handler=_ping),
    Route(method="GET", path="/domains", handler=_all_domains),
    Route(method="GET", path="/domains/_lookup", query=("name",), handler=_lookup),
    Route(method="GET", path="/servers/default/_complete", handler=_servers),
    Route(method="GET", path="/servers/default/{uid}/complete", handler=_server),
)
