"""Whom BlueMind's directory has for a live account now, as its ACLs name people."""

from __future__ import annotations

from respool.app.bluemind_access import patient_core
from respool.app.settings import Settings
from respool.errors import RespoolError
from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.names import decoded_part


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryIdentity:
    """``userid`` is ``<directory uid>@<domain uid>``; None where the core does not tell.

    ``silence`` is why it was not asked, where there should be one.
    """

    userid: str | None = None
    silence: str | None = None


def directory_identity(
    settings: Settings, account: Account, default_domain: str | None
) -> DirectoryIdentity:
    """Who has the live account of that name by BlueMind's core; a core that is away is none.

    Source: DbAclToCyrusAcl.java.
    """
    domain = account.domain or default_domain
    if account.kind is not AccountKind.USER or domain is None:
        return DirectoryIdentity()
    try:
        with patient_core(settings) as core:
            if core is None:
                return DirectoryIdentity()
            found = core.mailbox_called(domain, decoded_part(account.login))
    except RespoolError as error:
        return DirectoryIdentity(silence=_not_asked(error))
    if found is None or found.kind is not account.kind:
        return DirectoryIdentity()
    return DirectoryIdentity(userid=f"{found.uid}@{domain}")


def _not_asked(error: RespoolError) -> str:
    why = error.what if error.why is None else f"{error.what}: {error.why}"
    return f"BlueMind's core was not asked whose it is: {why}"
