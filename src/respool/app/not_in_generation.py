"""Why an account that BlueMind knows is not in a generation: what that has of its owner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from respool.backups.addresses import KnownAccount
from respool.backups.contents import root_mailbox
from respool.backups.source import read_header
from respool.errors import BackupError
from respool.model.accounts import Account, AccountKind
from respool.model.generations import Generation
from respool.planning.incarnation import owners_of

_SHOWN: Final = 3


def why_not_in(
    generation: Generation, known: KnownAccount, accounts: Sequence[Account]
) -> str | None:
    """That no part is of the account's server, or that others are owned by its person.

    A login may be another since: then the ACLs of the old one's INBOX name the same person. So
    do those of whoever gave that person all rights: it is said, and nothing is guessed.
    """
    parts = generation.parts
    lacks_server = bool(known.servers) and not any(
        name in known.servers for part in parts for name in (part.server, part.address)
    )
    if lacks_server and all(part.address is not None for part in parts):
        return f"its mail lies on {known.servers[0]}, of which the generation has no part"
    owned = [each.address for each in _owned(generation, known, accounts)][:_SHOWN]
    if not owned:
        return None
    listed = " and ".join(f"user/{each}" for each in owned)
    return (
        f"but {listed} belongs to {known.owner} there, by its rights: the login may have changed"
    )


def _owned(
    generation: Generation, known: KnownAccount, accounts: Sequence[Account]
) -> Iterator[Account]:
    if known.owner is None:
        return
    for account in accounts:
        if account.kind is not AccountKind.USER or account.domain != known.account.domain:
            continue
        try:
            source = root_mailbox(generation, account)
            header = None if source is None else read_header(source)
        except BackupError:
            continue
        owners = owners_of(header.acl, frozenset()) if header is not None else None
        if owners is not None and known.owner in owners:
            yield account
