"""The calls of BlueMind's core that respool makes, as values: method, path, query and body.

Source: BlueMind's published clients 3.1.42842 (family 3.5), 4.9.3884 and 5.7.3268; where a
family differs, its docstring says so. Paths are below ``/api``; ids in them are escaped, for
they hold ``@``, ``!`` and ``/``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from respool.bluemind.families import Family
from respool.model.dataclasses import dataclass

Json: TypeAlias = Any  # what a body or an answer is made of: JSON enters and leaves here
_READING: Final = "GET"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """One call. ``body`` None: it has none. ``path`` is below ``/api``.

    ``is_search``: its body says what is looked for, so that it changes nothing as a POST.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json = None
    is_search: bool = False

    @property
    def is_reading(self) -> bool:
        """Whether it changes nothing, so that it may be sent again."""
        return self.method == _READING or self.is_search


def escaped(word: str) -> str:
    """``word`` as a part of a path.

    >>> escaped("repair-4F/2A@b.loc")
    'repair-4F%2F2A%40b.loc'
    """
    return quote(word, safe="")


def installation_version() -> ApiRequest:
    """InstallationVersion: ``softwareVersion``, ``versionName``."""
    return _get("/system/installation/version")


def installation_state() -> ApiRequest:
    """SystemState, a JSON string such as ``core.state.running``."""
    return _get("/system/installation/state")


def current_user() -> ApiRequest:
    """AuthUser of the key: ``uid``, ``domainUid``, ``roles``."""
    return _get("/auth")


def session_as(login: str) -> ApiRequest:
    """LoginResponse of a session as ``login@domain``; its key is an IMAP password, too."""
    return ApiRequest(method="POST", path="/auth/_su", query={"login": login})


def logout() -> ApiRequest:
    """End the session of the key."""
    return ApiRequest(method="POST", path="/auth/logout")


def domains() -> ApiRequest:
    """All domains: a list of items of Domain (``name``, ``aliases``)."""
    return _get("/domains")


def domain_lookup(name: str) -> ApiRequest:
    """The domain of that name or alias: an item of Domain, or nothing."""
    return _get("/domains/_lookup", name=name)


def servers() -> ApiRequest:
    """All servers: a list of items of Server (``name``, ``ip``, ``fqdn``, ``tags``)."""
    return _get("/servers/default/_complete")


def mailbox_by_email(domain: str, email: str) -> ApiRequest:
    """The mailbox that takes mail for ``email``: an item of Mailbox, or nothing."""
    return _get(f"/mailboxes/{escaped(domain)}/_byemail", email=email)


def mailbox_by_name(domain: str, name: str) -> ApiRequest:
    """The mailbox that Cyrus calls ``name``: an item of Mailbox, or nothing."""
    return _get(f"/mailboxes/{escaped(domain)}/_byname", name=name)


def mailbox(domain: str, uid: str) -> ApiRequest:
    """The mailbox of a directory entry: an item of Mailbox, or nothing."""
    return _get(f"/mailboxes/{escaped(domain)}/{escaped(uid)}/complete")


def mailbox_quota(domain: str, uid: str) -> ApiRequest:
    """MailboxQuota: ``used`` and ``quota`` in KiB, ``quota`` null or 0 where there is none."""
    return _get(f"/mailboxes/{escaped(domain)}/{escaped(uid)}/_quota")


def mailbox_acl(domain: str, uid: str) -> ApiRequest:
    """Who the mailbox is shared with: a list of AccessControlEntry (``subject``, ``verb``)."""
    return _get(f"/mailboxes/{escaped(domain)}/{escaped(uid)}/_acls")


def save_mailbox_acl(domain: str, uid: str, entries: Sequence[Json]) -> ApiRequest:
    """Save the list just read, unknown verbs and all: every folder's rights are written anew."""
    path = f"/mailboxes/{escaped(domain)}/{escaped(uid)}/_acls"
    return ApiRequest(method="POST", path=path, body=list(entries))


def user(domain: str, uid: str) -> ApiRequest:
    """An item of User, or nothing; ``quota`` in KiB."""
    return _get(f"/users/{escaped(domain)}/{escaped(uid)}/complete")


def save_user(domain: str, uid: str, value: Json) -> ApiRequest:
    """Save a User, whole, as it was read but for what is to change."""
    path = f"/users/{escaped(domain)}/{escaped(uid)}"
    return ApiRequest(method="POST", path=path, body=value)


def mailshare(domain: str, uid: str) -> ApiRequest:
    """An item of Mailshare, or nothing; ``quota`` in KiB."""
    return _get(f"/mailshares/{escaped(domain)}/{escaped(uid)}/complete")


def save_mailshare(domain: str, uid: str, value: Json) -> ApiRequest:
    """Save a Mailshare, whole, as it was read but for what is to change."""
    path = f"/mailshares/{escaped(domain)}/{escaped(uid)}"
    return ApiRequest(method="POST", path=path, body=value)


def create_mailshare(domain: str, uid: str, value: Json) -> ApiRequest:
    """Make a Mailshare of ``name``, ``quota``, ``routing``, ``card``, ``emails`` and more."""
    path = f"/mailshares/{escaped(domain)}/{escaped(uid)}"
    return ApiRequest(method="PUT", path=path, body=value)


def delete_mailshare(domain: str, uid: str) -> ApiRequest:
    """Remove a Mailshare with its mail: a TaskRef."""
    return ApiRequest(method="DELETE", path=f"/mailshares/{escaped(domain)}/{escaped(uid)}")


def group_members(domain: str, uid: str) -> ApiRequest:
    """All in a group, and in groups in it: a list of Member (``type``, ``uid``)."""
    return _get(f"/groups/{escaped(domain)}/{escaped(uid)}/expandedmembers")


def directory_search(domain: str, query: Json) -> ApiRequest:
    """Entries of the directory by a DirEntryQuery: ``total`` and ``values``, items of DirEntry."""
    path = f"/directory/{escaped(domain)}/_search"
    return ApiRequest(method="POST", path=path, body=query, is_search=True)


def repair_operations(domain: str, uid: str) -> ApiRequest:
    """The repairs that a core offers for an entry: MaintenanceOperation (``identifier``)."""
    return _get(f"/directory/{escaped(domain)}/{escaped(uid)}/mgmt/_maintenance")


def repair(family: Family, domain: str, uid: str, operations: Sequence[str]) -> ApiRequest:
    """Repair an entry: a TaskRef. Since 4.9 by a RepairConfig, before by a list of ids.

    Raises:
        ValueError: no operation at all, which a core takes for all of them.
    """
    if not operations:
        raise ValueError("an empty list of repairs means all repairs")
    body: Json = list(operations)
    if family.has_repair_config:
        body = {"opIdentifiers": body, "dry": False, "logToCoreLog": False, "verbose": False}
    path = f"/directory/{escaped(domain)}/{escaped(uid)}/mgmt/_maintenance/repair"
    return ApiRequest(method="POST", path=path, body=body)


def consolidate_index(domain: str, uid: str) -> ApiRequest:
    """Bring BlueMind's search index of a mailbox up to its mail: a TaskRef."""
    path = f"/mgmt/mailbox/{escaped(domain)}/{escaped(uid)}/_consolidate"
    return ApiRequest(method="POST", path=path)


def task(task_id: str) -> ApiRequest:
    """TaskStatus: ``steps``, ``progress``, ``lastLogEntry``, ``state``, ``result``."""
    return _get(f"/tasks/{escaped(task_id)}")


def task_log(task_id: str) -> ApiRequest:
    """The lines that a task has said so far: a list of strings."""
    return _get(f"/tasks/{escaped(task_id)}/_currentLogs")


def generations() -> ApiRequest:
    """DataProtect's generations: a list of DataProtectGeneration."""
    return _get("/dataprotect/generations")


def retention_policy() -> ApiRequest:
    """RetentionPolicy: ``daily``, ``weekly``, ``monthly``, each a number or null."""
    return _get("/dataprotect/policy")


def _get(path: str, **query: str) -> ApiRequest:
    return ApiRequest(method=_READING, path=path, query=query)
