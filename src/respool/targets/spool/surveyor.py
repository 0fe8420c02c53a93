"""Looks at a live account and the spool it lies in; changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from respool.errors import AccountNotOnServer, NotPermitted
from respool.model.accounts import Account, AccountKind
from respool.model.checks import Check, Mark
from respool.model.findings import Finding, Severity
from respool.planning.forecast import QuotaLimit
from respool.system.below import folders_below
from respool.system.bluemind_signs import is_bluemind
from respool.system.cyrus_server import (
    CyrusServer,
    MailboxDirectories,
    mailboxes_written_at,
)
from respool.system.ownership import may_act_as
from respool.system.processes import processes
from respool.targets.spool.at_work import at_work
from respool.targets.spool.clock import ClockSigns, clock_findings, clock_reasons, newest_in
from respool.targets.spool.leftover_search import find_leftovers
from respool.targets.spool.leftovers import RECORD_WITHOUT_ID
from respool.targets.spool.live_folders import live_folders
from respool.targets.spool.live_indexes import live_mailboxes
from respool.targets.spool.names import NameRules
from respool.targets.spool.room_survey import survey_rooms
from respool.targets.spool.services import reasons_of, service_checks
from respool.targets.spool.survey import SpoolSurvey

_AGAIN = "--create-account makes it again, --to ACCOUNT restores into another one"
IN_THE_CONSOLE = (
    "create the account in BlueMind's admin console (Directory Entries > New > User, or Shared"
    " Mailbox, with the same name), then run this again; or --to ACCOUNT"
)
_NOTED = {"IMAP port": "server-not-running"}


def survey_account(
    server: CyrusServer, account: Account, *, is_in_place: bool = False
) -> SpoolSurvey:
    """How ``account`` and its server stand; with ``is_in_place`` each of its folders, too.

    Raises:
        AccountNotOnServer: the live server does not have it.
        NotPermitted: we may not write into its spool.
    """
    check_may_write(server)
    rules = name_rules(server)
    root = rules.written(account.root)
    if not server.admin.exists(root):
        raise AccountNotOnServer(
            f"{account.address} is gone from the live server",
            why=f"{server.address} lists no mailbox {root}",
            hint=IN_THE_CONSOLE if is_bluemind(server.configuration) else _AGAIN,
        )
    existing = frozenset({root, *folders_below(server, root)})
    live = live_mailboxes(server, sorted(existing))
    directories = live[root].directories or server.directories(root)
    is_uuid = "uuid" in directories.data.parts
    uses = server.admin.quota(root)
    roots = frozenset(use.root for use in uses)
    looked_at = live if is_in_place else {}
    leftovers = find_leftovers(server, account)
    signs = ClockSigns(
        mail=newest_in(each.header for each in live.values() if each.header is not None),
        databases=mailboxes_written_at(server.configuration),
    )
    now = datetime.now(UTC)
    is_below = not is_uuid and account.kind is AccountKind.USER
    partition = partition_of(directories.data, server.configuration.roots(""))
    bare = survey_without_mailboxes(server, account, partition, directories if is_below else None)
    return replace(
        bare,
        layout="uuid" if is_uuid else "names",
        root_id=server.uniqueid(root),
        rights=server.admin.acl(root),
        existing=existing,
        used=frozenset(name for name, each in live.items() if each.is_used),
        live=live_folders(server, looked_at, owner=_owner(server, account), roots=roots),
        quotas=tuple(
            QuotaLimit(root=use.root, resource=use.resource, used=use.used, limit=use.limit)
            for use in uses
        ),
        is_seen_shared=live[root].is_seen_shared,
        name_rules=replace(rules, is_uuid_layout=is_uuid),
        leftovers=frozenset(rules.written(each) for each in leftovers.directories),
        findings=(*bare.findings, *leftovers.findings, *clock_findings(now, signs)),
        obstacles=(
            *bare.obstacles,
            *_in_the_way(leftovers.findings, is_uuid=is_uuid),
            *clock_reasons(now, signs),
        ),
    )


def _in_the_way(findings: Sequence[Finding], *, is_uuid: bool) -> Iterator[str]:
    """Leftovers with which the server's own programs fail for the whole account.

    In the uuid layout a record without an id has no directory, and ``quota -f`` ends at it
    (seen on 3.6.1).
    """
    for each in findings:
        if is_uuid and each.code == RECORD_WITHOUT_ID:
            yield f"{each.subject}: {each.text}; until then quotas cannot be counted"


def is_of(server: CyrusServer, fact: str) -> bool:
    """Whether a survey's fact ``server`` was of this server, of whatever version then."""
    return fact.rpartition(", Cyrus ")[0] == _name_of(server)


def _name_of(server: CyrusServer) -> str:
    return server.configuration.text("servername") or "this server"


def check_may_write(server: CyrusServer) -> None:
    """Only root, or the server's own user, writes into its spool, and an administrator creates.

    Raises:
        NotPermitted: we are neither, or speak to it as somebody else.
    """
    if not server.configuration.administers(server.admin_name):
        raise NotPermitted(
            f"{server.admin_name} is no administrator of this server",
            why=f"{server.imapd_conf} has {', '.join(server.configuration.admins) or 'none'}",
            hint="--imap-admin names another one",
        )
    if not may_act_as(server.owner):
        raise NotPermitted(
            "only root can restore into the spool of the mail server",
            why=f"its files belong to user number {server.owner.uid}",
            hint="sudo respool restore ...",
        )


def name_rules(server: CyrusServer) -> NameRules:
    """What names the server takes; the layout is that of names until an account is known."""
    return NameRules(
        version=server.version,
        separator=server.separator,
        is_uuid_layout=False,
        default_domain=server.default_domain,
    )


def survey_without_mailboxes(
    server: CyrusServer,
    account: Account,
    partition: str,
    directories: MailboxDirectories | None = None,
) -> SpoolSurvey:
    """What does not depend on the account's mailboxes.

    ``directories`` are those that its new folders will lie below, where that is known.

    Raises:
        AccountNotOnServer: the server has no such partition.
    """
    configuration = server.configuration
    checks = tuple(service_checks(server))
    work = at_work(processes(), configuration, server.imapd_conf, account)
    if partition not in configuration.roots(""):
        raise AccountNotOnServer(
            f"the server has no partition {partition} for {account.address}",
            why=f"partitions are {', '.join(sorted(configuration.roots(''))) or 'none'}",
        )
    return SpoolSurvey(
        server=f"{configuration.text('servername') or 'this server'}, Cyrus {server.version_text}",
        version=server.version,
        separator=server.separator,
        layout="names",
        partition=partition,
        owner=_owner(server, account),
        admins=configuration.admins,
        rights={},
        existing=frozenset(),
        used=frozenset(),
        quotas=(),
        **survey_rooms(server, partition, directories),
        has_conversations=configuration.is_on("conversations"),
        has_search_index=configuration.text("search_engine", "none") != "none",
        is_seen_shared=False,
        name_rules=name_rules(server),
        findings=(*_noted(checks), *map(_beside, work.beside)),
        obstacles=(*reasons_of(checks), *work.against),
    )


def _owner(server: CyrusServer, account: Account) -> str | None:
    """Who owns the account's folders, as the server calls him; a mailshare has no owner."""
    if account.kind is not AccountKind.USER:
        return None
    return account.login if account.domain == server.default_domain else account.userid


def partition_of(data: Path, roots: Mapping[str, PurePosixPath]) -> str:
    """The partition of a data directory; ``roots`` are those of the configuration.

    Raises:
        AccountNotOnServer: it lies on none.
    """
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


def _noted(checks: Iterable[Check]) -> Iterator[Finding]:
    """What a plan says of the server besides, though a restore can do without it."""
    for each in checks:
        code = _NOTED.get(each.what)
        if each.mark is Mark.NOTE and code is not None:
            yield Finding(severity=Severity.NOTE, code=code, subject="the server", text=each.found)


def _beside(told: str) -> Finding:
    return Finding(severity=Severity.NOTE, code="server-at-work", subject="the server", text=told)
