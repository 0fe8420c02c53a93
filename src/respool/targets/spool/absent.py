"""How an account that the live server does not have will stand once it was created."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.planning.folder_rights import is_fit_identifier
from respool.planning.forecast import QuotaLimit
from respool.system.bluemind_signs import is_bluemind
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.recipes import limits_of_version
from respool.targets.spool.survey import SpoolSurvey
from respool.targets.spool.surveyor import (
    IN_THE_CONSOLE,
    check_may_write,
    name_rules,
    partition_of,
    survey_without_mailboxes,
)

_OWNER_MAY = "lrswipkxtea"
_ANNOTATE = ((2, 5, 0), "n")  # a right since then


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """How an account stood in the backup, for one that is gone and is to be created.

    ``limits`` are by resource, storage in KiB; None where the backup does not tell.
    """

    partition: str
    rights: Mapping[str, str]
    limits: Mapping[str, int] | None


def survey_absent(server: CyrusServer, account: Account, former: Former) -> SpoolSurvey:
    """How ``account``, which the server does not have, will stand once it was created.

    A user's INBOX is his alone, a mailshare's rights are those that it had: the server's
    default for them would open it to everybody.

    Raises:
        NotPermitted: we may not write into its spool.
    """
    check_may_write(server)
    rules = name_rules(server)
    root = rules.written(account.root)
    is_uuid = server.version >= (3, 6, 0) and not server.configuration.is_on("mailbox_legacy_dirs")
    survey = survey_without_mailboxes(server, account, _partition_for(server, account, former))
    rights, findings = _rights_once_created(server, survey, former)
    return replace(
        survey,
        layout="uuid" if is_uuid else "names",
        rights=rights,
        findings=(*survey.findings, *findings),
        quotas=tuple(
            QuotaLimit(root=root, resource=resource, used=0, limit=limit)
            for resource, limit in limits_of_version(former.limits or {}, server.version)
        ),
        name_rules=replace(rules, is_uuid_layout=is_uuid),
        is_absent=True,
        obstacles=(*survey.obstacles, *_against_creating(server, account)),
    )


def _rights_once_created(
    server: CyrusServer, survey: SpoolSurvey, former: Former
) -> tuple[Mapping[str, str], tuple[Finding, ...]]:
    since, annotate = _ANNOTATE
    all_of_them = _OWNER_MAY + (annotate if server.version >= since else "")
    if survey.owner is not None:
        return {survey.owner: all_of_them}, ()
    rights = {who: may for who, may in former.rights.items() if is_fit_identifier(who)}
    is_shut_out = any(who.startswith("-") for who in former.rights.keys() - rights.keys())
    if rights and not is_shut_out:  # else whom the backup shuts out would be let in
        return rights, ()
    text = "the backup does not say who may read it: only administrators will; share it again"
    unknown = Finding(
        severity=Severity.NOTE, code="rights-unknown", subject="the mailshare", text=text
    )
    return dict.fromkeys(survey.admins, all_of_them), (unknown,)


def _partition_for(server: CyrusServer, account: Account, former: Former) -> str:
    """The backup's partition, else that of a neighbour in the domain, else the default one."""
    partitions = server.configuration.roots("")
    if former.partition in partitions:
        return former.partition
    domain = "" if account.domain is None else f"@{account.domain}"
    for neighbour in server.admin.names(f"user{server.separator}%{domain}"):
        return partition_of(server.directories(neighbour).data, partitions)
    return server.configuration.text("defaultpartition", "default")


def _against_creating(server: CyrusServer, account: Account) -> Iterator[str]:
    """BlueMind's directory must know an account first: nothing is created behind its back.

    A mailshare it makes itself, where it is asked to; whoever plans that sees to it.
    """
    if account.kind is AccountKind.USER and is_bluemind(server.configuration):
        yield f"nothing is created behind the back of a BlueMind server: {IN_THE_CONSOLE}"
