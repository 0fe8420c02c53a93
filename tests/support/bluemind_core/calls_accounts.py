"""Calls about users and mailshares: read, saved, made, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.support.bluemind_core.answers import entry_item
from tests.support.bluemind_core.entries import MAILSHARE, USER, Entry
from tests.support.bluemind_core.json_values import Fields, Json
from tests.support.bluemind_core.mail import default_folders
from tests.support.bluemind_core.routes import ONLY_5, Call, Route
from tests.support.bluemind_core.server_faults import ServerFault, invalid
from tests.support.bluemind_core.sharing import rights_of
from tests.support.bluemind_core.tasks import Task

if TYPE_CHECKING:
    from tests.support.bluemind_core.core import BlueMindCore

_USERS: Final = "manageUser"
_MAILSHARES: Final = "manageMailshare"


def _shown(core: BlueMindCore, entry: Entry | None) -> Json:
    return None if entry is None else entry_item(core.version, entry)


def _user(core: BlueMindCore, call: Call) -> Json:
    return _shown(core, core.directory.find(call.domain, call.uid, USER))


def _user_by_email(core: BlueMindCore, call: Call) -> Json:
    return _shown(core, core.directory.by_email(call.domain, call.parts["email"], USER))


def _user_by_login(core: BlueMindCore, call: Call) -> Json:
    return _shown(core, core.directory.by_name(call.domain, call.parts["login"], USER))


def _save_user(core: BlueMindCore, call: Call) -> Json:
    entry = core.directory.get(call.domain, call.uid, USER)
    _save(core, entry, call.fields("user"), "login")


def _mailshare(core: BlueMindCore, call: Call) -> Json:
    return _shown(core, core.directory.find(call.domain, call.uid, MAILSHARE))


def _mailshares(core: BlueMindCore, call: Call) -> Json:
    return [entry_item(core.version, x) for x in core.directory.of_domain(call.domain, MAILSHARE)]


def _mailshare_by_email(core: BlueMindCore, call: Call) -> Json:
    email = call.query.get("email", "")
    return _shown(core, core.directory.by_email(call.domain, email, MAILSHARE))


def _save_mailshare(core: BlueMindCore, call: Call) -> Json:
    entry = core.directory.get(call.domain, call.uid, MAILSHARE)
    _save(core, entry, call.fields("mailshare"), "name")


def _save(core: BlueMindCore, entry: Entry, value: Fields, name_key: str) -> None:
    """The value as it came is the entry from now on; what it left out is gone."""
    _check_value(core, entry.domain, value, name_key)
    if value[name_key] != entry.name:
        if entry.kind == MAILSHARE:
            raise invalid("the name of a mailshare cannot be changed")
        _check_name(core, entry.domain, str(value[name_key]))
    is_new_quota = value.get("quota") != entry.value.get("quota")
    entry.value = dict(value)
    entry.version += 1
    if is_new_quota:
        core.mail.set_quota(entry)


def _create_mailshare(core: BlueMindCore, call: Call) -> Json:
    """The mailbox is made, too, with its default folders, its rights and its quota."""
    core.directory.check_domain(call.domain)
    value = call.fields("mailshare")
    _check_value(core, call.domain, value, "name")
    _check_name(core, call.domain, str(value["name"]))
    _check_emails(core, call.domain, value)
    if core.directory.find(call.domain, call.uid) is not None:
        raise ServerFault(f"entry {call.uid} exists", "ALREADY_EXISTS")
    entry = core.directory.put(call.uid, call.domain, value)
    names = default_folders(entry, has_trash=core.version.release >= (4, 7))
    core.mail.create(entry, core.partition_of(entry), names)
    core.mail.write_rights(entry, rights_of(core.directory, entry))
    core.mail.set_quota(entry)


def _delete_mailshare(core: BlueMindCore, call: Call) -> Json:
    entry = core.directory.get(call.domain, call.uid, MAILSHARE)

    def work(task: Task) -> None:
        task.begin(1, f"Deleting mailshare {entry.uid}@{entry.domain}")
        entry.is_removed = True
        core.mail.delete(entry)
        core.directory.entries.pop((entry.domain, entry.uid), None)
        core.search_index.pop(entry.uid, None)

    return core.tasks.run(work)


def _check_value(core: BlueMindCore, domain: str, value: Fields, name_key: str) -> None:
    quota = value.get("quota")
    if not isinstance(value.get(name_key), str) or not value[name_key]:
        raise invalid(f"{name_key} is empty")
    if quota is not None and (not isinstance(quota, int) or quota < 0):
        raise invalid(f"quota {quota!r} is not valid")
    if value.get("routing") not in {"internal", "external", "none"}:
        raise invalid("routing is missing")
    if value.get("dataLocation") not in core.servers:
        raise invalid(f"data location {value.get('dataLocation')!r} is no server")
    most = core.directory.domains[domain].most_quota_kib
    if most is not None and (not quota or quota > most):
        raise invalid(f"quota must be set, and is at most {most}")


def _check_name(core: BlueMindCore, domain: str, name: str) -> None:
    """Mailboxes of a domain have different names, users and mailshares together."""
    if core.directory.by_name(domain, name) is not None:
        raise ServerFault(f"mailbox name {name} is already used", "ALREADY_EXISTS")


def _check_emails(core: BlueMindCore, domain: str, value: Fields) -> None:
    """An address is one mailbox's; one in all aliases clashes with a mailbox in any of them."""
    for each in value.get("emails") or ():
        local, _, of = str(each["address"]).partition("@")
        for name in core.directory.names_of(domain) if each.get("allAliases") else {of}:
            if core.directory.by_email(domain, f"{local}@{name}") is not None:
                raise ServerFault(f"address {local}@{name} is already used", "ALREADY_EXISTS")


_USER: Final = "/users/{domain}"
_SHARE: Final = "/mailshares/{domain}"
ROUTES = (
    Route(method="GET", path=f"{_USER}/{{uid}}/complete", handler=_user, role=_USERS),
    Route(method="GET", path=f"{_USER}/byEmail/{{email}}", handler=_user_by_email, role=_USERS),
    Route(method="GET", path=f"{_USER}/byLogin/{{login}}", handler=_user_by_login, role=_USERS),
    Route(method="POST", path=f"{_USER}/{{uid}}", has_body=True, handler=_save_user, role=_USERS),
    Route(method="GET", path=f"{_SHARE}/{{uid}}/complete", handler=_mailshare, role=_MAILSHARES),
    Route(method="GET", path=f"{_SHARE}/_complete", handler=_mailshares, role=_MAILSHARES),
    Route(
        method="GET",
        path=f"{_SHARE}/_byemail",
        query=("email",),
        handler=_mailshare_by_email,
        families=ONLY_5,
        role=_MAILSHARES,
    ),
    Route(
        method="POST",
        path=f"{_SHARE}/{{uid}}",
        has_body=True,
        handler=_save_mailshare,
        role=_MAILSHARES,
    ),
    Route(
        method="PUT",
        path=f"{_SHARE}/{{uid}}",
        has_body=True,
        handler=_create_mailshare,
        role=_MAILSHARES,
    ),
    Route(method="DELETE", path=f"{_SHARE}/{{uid}}", handler=_delete_mailshare, role=_MAILSHARES),
)
