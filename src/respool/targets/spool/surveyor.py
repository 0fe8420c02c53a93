"""Looks at a live account and the spool it lies in; changes nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from respool.errors import AccountNotOnServer, NotPermitted
from respool.model.accounts import Account, AccountKind
from respool.system.cyrus_server import CyrusServer, find_tool
from respool.system.ownership import may_act_as
from respool.targets.spool.names import NameRules
from respool.targets.spool.survey import FreeRoom, QuotaLimit, SpoolSurvey

OLDEST = (3, 6, 0)  # of the servers that this target was tried on
_REQUIRED_TOOLS = ("reconstruct", "quota", "mbpath")


def survey_account(server: CyrusServer, account: Account) -> SpoolSurvey:
    """How ``account`` and its server stand.

    Raises:
        AccountNotOnServer: the live server does not have it.
        NotPermitted: we may not write into its spool.
    """
    if not may_act_as(server.owner):
        raise NotPermitted(
            "only root can restore into the spool of the mail server",
            why=f"its files belong to user number {server.owner.uid}",
            hint="sudo respool restore ...",
        )
    rules = NameRules(
        version=server.version,
        separator=server.separator,
        is_uuid_layout=False,
        default_domain=server.default_domain,
    )
    root = rules.written(account.root)
    if not server.admin.exists(root):
        raise AccountNotOnServer(
            f"{account.address} is not on the live server",
            why=f"{server.address} lists no mailbox {root}",
            hint="if it is gone, create it again first; respool doctor shows which server this is",
        )
    directories = server.directories(root)
    data_roots = server.configuration.roots("")
    partition = _partition_of(directories.data, data_roots)
    is_uuid = "uuid" in directories.data.parts
    owner = _owner(server, account)
    return SpoolSurvey(
        server=f"{server.configuration.text('servername') or 'this server'},"
        f" Cyrus {server.version_text}",
        version=server.version,
        separator=server.separator,
        layout="uuid" if is_uuid else "names",
        partition=partition,
        owner=owner,
        rights=_rights(server, root),
        existing=_existing(server, root),
        quotas=tuple(
            QuotaLimit(root=use.root, resource=use.resource, used=use.used, limit=use.limit)
            for use in server.admin.quota(root)
        ),
        data_room=free_room(Path(data_roots.get(partition, directories.data))),
        meta_room=free_room(
            Path(server.configuration.roots("meta").get(partition, directories.meta))
        ),
        has_conversations=server.configuration.is_on("conversations"),
        has_search_index=server.configuration.text("search_engine", "none") != "none",
        name_rules=replace(rules, is_uuid_layout=is_uuid),
        obstacles=_obstacles(server),
    )


def free_room(directory: Path) -> FreeRoom:
    """What the file system of ``directory`` still takes, for those who are not root too."""
    while not directory.exists():
        directory = directory.parent
    counts = os.statvfs(directory)
    return FreeRoom(
        directory=str(directory),
        device=directory.stat().st_dev,
        size_bytes=counts.f_bavail * counts.f_frsize,
        inodes=counts.f_favail if counts.f_files else None,
    )


def _owner(server: CyrusServer, account: Account) -> str | None:
    """Who owns the account's folders, as the server calls him; a mailshare has no owner."""
    if account.kind is not AccountKind.USER:
        return None
    return account.login if account.domain == server.default_domain else account.userid


def _existing(server: CyrusServer, root: str) -> frozenset[str]:
    name, at, domain = root.partition("@")
    return frozenset(server.admin.names(f"{name}{server.separator}*{at}{domain}"))


def _rights(server: CyrusServer, root: str) -> Mapping[str, str]:
    """What CREATE will give below ``root``: the parent's ACL, copied."""
    return server.admin.acl(root)


def _partition_of(data: Path, roots: Mapping[str, PurePosixPath]) -> str:
    real = Path(os.path.realpath(data))
    best = ""
    longest = -1
    for name, root in roots.items():
        place = Path(os.path.realpath(root))
        if real.is_relative_to(place) and len(place.parts) > longest:
            best, longest = name, len(place.parts)
    if longest < 0:
        raise AccountNotOnServer(
            f"{data} lies on no partition of the server's configuration",
            why=f"partitions are {', '.join(sorted(roots)) or 'none'}",
        )
    return best


def _obstacles(server: CyrusServer) -> tuple[str, ...]:
    missing = [name for name in _REQUIRED_TOOLS if find_tool(name) is None]
    reasons = [f"the server's program {name} is not on this machine" for name in missing]
    if server.version < OLDEST:
        reasons.append(
            f"the server is Cyrus {server.version_text}; this version of respool restores"
            " into the spool of Cyrus 3.6 and later"
        )
    return tuple(reasons)
